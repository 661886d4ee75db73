/// A JSON value (RFC 8259).
///
/// Foundation has this too, but loading it would cost the broker more memory than all the rest of it.
public enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    /// In the order in which the members are written.
    case object([Member])

    public struct Member: Sendable, Equatable {
        public var name: String
        public var value: JSON

        public init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// The member of an object, the last if there are several of that name; nil for anything else.
    public subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// The value at a path of members, `queue.name`; a member whose name has the dots in it comes first.
    public func value(at path: some StringProtocol) -> JSON? {
        if let value = self[String(path)] { return value }
        guard let dot = path.firstIndex(of: ".") else { return nil }
        return self[String(path[..<dot])]?.value(at: path[path.index(after: dot)...])
    }

    public var elements: [JSON]? { if case .array(let elements) = self { elements } else { nil } }
    public var string: String? { if case .string(let string) = self { string } else { nil } }
    public var integer: Int64? { if case .integer(let integer) = self { integer } else { nil } }

    /// As JSON text without white space.
    public var text: String {
        var text = ""
        write(to: &text)
        return text
    }

    /// As JSON text with a line for each element of a list that stands in an object that is not in a list: a file to read and
    /// to compare.
    public var indentedText: String {
        guard case .object(let members) = self else { return text }
        let lines = members.map { member in
            var name = ""
            Self.write(member.name, to: &name)
            guard let elements = member.value.elements, !elements.isEmpty else {
                return "  \(name): \(member.value.text)"
            }
            return "  \(name): [\n" + elements.map { "    \($0.text)" }.joined(separator: ",\n") + "\n  ]"
        }
        return "{\n\(lines.joined(separator: ",\n"))\n}"
    }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        // JSON has no words for what is not a number.
        case .number(let value): text += value.isFinite ? "\(value)" : "null"
        case .string(let value): Self.write(value, to: &text)
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += "," }
                element.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                Self.write(member.name, to: &text)
                text += ":"
                member.value.write(to: &text)
            }
            text += "}"
        }
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            // Controls must be escaped; the two line separators are, for who pastes JSON into JavaScript.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral members: (String, JSON)...) { self = .object(members.map { Member($0.0, $0.1) }) }
    public init(nilLiteral: ()) { self = .null }
}
