/// The Swift that the table of methods stands for, by file.
struct GeneratedMethods {
    private static let note = """
        // Generated from Methods/methods.txt by Scripts/generate-methods. What is changed here is lost.

        """

    private let table: MethodTable

    init(_ table: MethodTable) { self.table = table }

    /// Names of files, and what is in them.
    var files: [String: String] {
        var files = ["Method.swift": method, "MethodNames.swift": names]
        for each in table.classes {
            // Half of class basic is a file's worth.
            let parts =
                each.methods.count > 14 ? [each.methods.prefix(10), each.methods.dropFirst(10)] : [each.methods[...]]
            for (number, part) in parts.enumerated() {
                let name = capitalized(each.name) + (number == 0 ? "" : "\(number + 1)")
                files["\(name).swift"] =
                    Self.note
                    + "\n// The methods of class \(each.name) (\(each.id)), with the specification's field names.\n\n"
                    + part.map { structure($0, of: each) }.joined(separator: "\n")
            }
        }
        return files
    }

    private var all: [(MethodTable.Class, MethodTable.Entry)] {
        table.classes.flatMap { each in each.methods.map { (each, $0) } }
    }

    private func type(_ each: MethodTable.Class, _ method: MethodTable.Entry) -> String {
        capitalized(each.name) + capitalized(method.name)
    }

    private func label(_ each: MethodTable.Class, _ method: MethodTable.Entry) -> String {
        each.name + capitalized(method.name)
    }

    // MARK: The enumeration

    private var method: String {
        let cases = all.map { "    case \(label($0, $1))(\(type($0, $1)))\n" }.joined()
        let reads = all.map { each, method in
            "        case (\(each.id), \(method.id)): self = .\(label(each, method))"
                + "(try \(type(each, method))(from: &reader))\n"
        }.joined()
        let fields = all.map { "        case .\(label($0, $1))(let fields): fields\n" }.joined()
        return Self.note + """

            /// Any method of AMQP 0-9-1 or of RabbitMQ's extensions to it, with its fields.
            public enum Method: Sendable, Equatable {
            \(cases)
                /// Reads the payload of a method frame.
                ///
                /// Throws ``WireError``: 503 for a class or method that nobody defined (RabbitMQ 3.10.8 drops the connection there,
                /// without a close), 501 for fields that are cut short or do not fill the payload, as RabbitMQ does, and 502 for a
                /// malformed field table.
                public init(_ payload: ArraySlice<UInt8>) throws(WireError) {
                    var reader = ByteReader(payload)
                    let id = MethodID(try reader.uint16(), try reader.uint16())
                    // Numbers rather than `QueueDeclare.id`: the compiler makes a jump of them, not \(all.count) comparisons.
                    switch (id.classID, id.methodID) {
            \(reads)        default: throw reader.error("no method is \\(id)", code: .commandInvalid)
                    }
                    try reader.expectEnd(of: "\\(id)")
                }

                public var id: MethodID { fields.id }

                /// The fields, as what all methods have in common.
                public var fields: any MethodFields {
                    switch self {
            \(fields)        }
                }
            }

            """
    }

    private var names: String {
        let classes = table.classes.map { "    public static let \($0.name): UInt16 = \($0.id)\n" }.joined()
        let content = all.filter(\.1.hasContent)
        let named = content.map { "`\($0.0.name).\($0.1.name)`" }
        let list = named.dropLast().joined(separator: ", ") + " and " + (named.last ?? "")
        // Only class basic has any, in AMQP 0-9-1 and on RabbitMQ.
        let ids = content.map { "\($0.1.id)" }.joined(separator: ", ")
        return Self.note + """

            extension MethodID {
                // The classes.
            \(classes)
                /// True for the methods that a content header and a body follow:
                /// \(list).
                public var hasContent: Bool {
                    guard classID == Self.basic else { return false }
                    return switch methodID {
                    case \(ids): true
                    default: false
                    }
                }

                static let names: [MethodID: String] = [
            \(all.map { "        MethodID(\($0.id), \($1.id)): \"\($0.name).\($1.name)\",\n" }.joined())    ]
            }

            """
    }

    // MARK: The structures

    private func structure(_ method: MethodTable.Entry, of each: MethodTable.Class) -> String {
        let fields = method.fields.filter { $0.name != nil }
        var lines = method.documentation
        lines.append("public struct \(type(each, method)): MethodFields {")
        lines.append("    public static let id = MethodID(\(each.id), \(method.id))")
        lines += fields.map { "    public var \($0.swiftName ?? ""): \($0.swiftType)" }
        lines.append("")
        lines += initializer(fields)
        lines.append("")
        lines += block("    public init(from reader: inout ByteReader) throws(WireError) {", reading(method.fields))
        lines.append("")
        lines += block("    public func write(to writer: inout ByteWriter) {", writing(method.fields))
        return (lines + ["}"]).joined(separator: "\n") + "\n"
    }

    private func block(_ head: String, _ body: [String]) -> [String] {
        body.isEmpty ? [head + "}"] : [head] + body.map { "        " + $0 } + ["    }"]
    }

    private func initializer(_ fields: [MethodTable.Field]) -> [String] {
        let parameters = fields.map { field in
            "\(field.swiftName ?? ""): \(field.swiftType)" + (field.assumed.map { " = \($0)" } ?? "")
        }
        let assignments = fields.map { "self.\($0.name ?? "") = \($0.swiftName ?? "")" }
        let line = "    public init(\(parameters.joined(separator: ", "))) {"
        if line.count <= 120 { return block(line, assignments) }
        var rows = [""]
        for (place, parameter) in parameters.enumerated() {
            let text = parameter + (place == parameters.count - 1 ? "" : ",")
            let row = rows[rows.count - 1]
            if row.isEmpty {
                rows[rows.count - 1] = text
            } else if 8 + row.count + 1 + text.count <= 120 {
                rows[rows.count - 1] += " " + text
            } else {
                rows.append(text)
            }
        }
        return ["    public init("] + rows.map { "        " + $0 } + block("    ) {", assignments)
    }

    /// Bits that stand side by side share an octet (4.2.5.2).
    private func runs(_ fields: [MethodTable.Field]) -> [[MethodTable.Field]] {
        fields.reduce(into: []) { runs, field in
            if field.type == .bit, runs.last?.last?.type == .bit {
                runs[runs.count - 1].append(field)
            } else {
                runs.append([field])
            }
        }
    }

    private func reading(_ fields: [MethodTable.Field]) -> [String] {
        runs(fields).flatMap { run -> [String] in
            guard let field = run.first else { return [] }
            if run.count > 1 {
                return ["let bits = try reader.bits()"]
                    + run.enumerated().compactMap { place, bit in bit.swiftName.map { "\($0) = bits[\(place)]" } }
            }
            guard let name = field.swiftName else { return ["_ = \(field.reading)"] }
            return ["\(name) = \(field.reading)\(field.type == .bit ? "[0]" : "")"]
        }
    }

    private func writing(_ fields: [MethodTable.Field]) -> [String] {
        runs(fields).flatMap { run -> [String] in
            if run.count > 1 {
                return ["writer.bits(\(run.map { $0.swiftName ?? "false" }.joined(separator: ", ")))"]
            }
            return run.flatMap(\.writing)
        }
    }
}
