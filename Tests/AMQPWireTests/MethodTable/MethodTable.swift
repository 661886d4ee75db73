/// The table of methods, `Sources/AMQPWire/Methods/methods.txt`.
struct MethodTable {
    struct Class {
        var name: String
        var id: Int
        var methods: [Entry] = []
    }

    struct Entry {
        /// As the specification has it, without its class: `start-ok`.
        var name: String
        var id: Int
        var hasContent: Bool
        var documentation: [String]
        var fields: [Field] = []
    }

    struct Field {
        /// In Swift; nil: reserved, sent as zero or empty and ignored.
        var name: String?
        var type: FieldType
        /// What the initializer assumes, in Swift.
        var assumed: String?
    }

    /// The specification's types (4.2.1), and two that stand for its pairs of a number and its meaning.
    enum FieldType: String {
        case octet, short, long, longlong, bit, shortstr, longstr, table
        case replyCode = "reply-code"
        case methodID = "method-id"
    }

    struct Malformed: Error {
        var line: String
    }

    private(set) var classes: [Class] = []

    init(_ text: String) throws {
        var documentation: [String] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ").map(String.init)
            if line.hasPrefix("///") {
                documentation.append(String(line))
            } else if words.first == "class", words.count == 3, let id = Int(words[2]) {
                classes.append(Class(name: words[1], id: id))
            } else if line.hasPrefix(" ") {
                guard words.count >= 2, let type = FieldType(rawValue: words[1]), let last = classes.indices.last,
                    let method = classes[last].methods.indices.last, words.count == 2 || words[2] == "="
                else { throw Malformed(line: String(line)) }
                classes[last].methods[method].fields.append(
                    Field(
                        name: words[0] == "-" ? nil : words[0], type: type,
                        assumed: words.count > 3 ? words[3...].joined(separator: " ") : nil))
            } else {
                guard (2...3).contains(words.count), let id = Int(words[1]), let last = classes.indices.last,
                    words.count == 2 || words[2] == "content", !documentation.isEmpty
                else { throw Malformed(line: String(line)) }
                classes[last].methods.append(
                    Entry(name: words[0], id: id, hasContent: words.count == 3, documentation: documentation))
                documentation = []
            }
        }
    }
}

extension MethodTable.Field {
    /// As an identifier.
    var swiftName: String? { name.map { $0 == "internal" ? "`internal`" : $0 } }

    var swiftType: String {
        switch type {
        case .octet: "UInt8"
        case .short: "UInt16"
        case .long: "UInt32"
        case .longlong: "UInt64"
        case .bit: "Bool"
        case .shortstr: "ShortString"
        case .longstr: "[UInt8]"
        case .table: "FieldTable"
        case .replyCode: "ReplyCode"
        case .methodID: "MethodID"
        }
    }

    /// What reads it.
    var reading: String {
        switch type {
        case .octet: "try reader.uint8()"
        case .short: "try reader.uint16()"
        case .long: "try reader.uint32()"
        case .longlong: "try reader.uint64()"
        case .bit: "try reader.bits()"
        case .shortstr: "try reader.shortString()"
        case .longstr: "try reader.longString()"
        case .table: "try reader.table()"
        case .replyCode: "ReplyCode(rawValue: try reader.uint16())"
        case .methodID: "MethodID(try reader.uint16(), try reader.uint16())"
        }
    }

    /// What writes it, one statement a line.
    var writing: [String] {
        let name = swiftName
        return switch type {
        case .octet: ["writer.uint8(\(name ?? "0"))"]
        case .short: ["writer.uint16(\(name ?? "0"))"]
        case .long: ["writer.uint32(\(name ?? "0"))"]
        case .longlong: ["writer.uint64(\(name ?? "0"))"]
        case .bit: ["writer.bits(\(name ?? "false"))"]
        case .shortstr: ["writer.shortString(\(name ?? "\"\""))"]
        case .longstr: ["writer.longString(\(name ?? "[]"))"]
        case .table: ["writer.table(\(name ?? "[:]"))"]
        case .replyCode: ["writer.uint16(\(name ?? "0").rawValue)"]
        case .methodID: ["writer.uint16(\(name ?? "0").classID)", "writer.uint16(\(name ?? "0").methodID)"]
        }
    }
}

/// `start-ok` as `StartOk`.
func capitalized(_ name: String) -> String {
    name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
}
