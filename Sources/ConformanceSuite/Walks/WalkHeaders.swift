import AMQPWire

/// The headers of messages, and the arguments of bindings to headers exchanges, that a random walk chooses from.
struct WalkHeaders: Sendable, CustomStringConvertible {
    enum Value: Sendable, Equatable {
        case number(Int32)
        case text(String)
        case bool(Bool)

        var field: FieldValue {
            switch self {
            case .number(let number): .int32(number)
            case .text(let text): .string(text)
            case .bool(let bool): .bool(bool)
            }
        }
    }

    var match: String?
    var fields: KeyValuePairs<String, Value>

    static let messages: [WalkHeaders] = [
        WalkHeaders(fields: [:]),
        WalkHeaders(fields: ["n": .number(1)]),
        WalkHeaders(fields: ["n": .number(1), "s": .text("x")]),
        WalkHeaders(fields: ["s": .text("y"), "n": .number(2)]),
        WalkHeaders(fields: ["b": .bool(true), "n": .number(1)]),
        WalkHeaders(fields: ["b": .bool(false), "s": .text("x")]),
    ]

    static let bindings: [WalkHeaders] = [
        WalkHeaders(fields: [:]),
        WalkHeaders(match: "all", fields: ["n": .number(1), "s": .text("x")]),
        WalkHeaders(match: "any", fields: ["n": .number(1), "s": .text("x")]),
        WalkHeaders(match: "all", fields: ["b": .bool(true)]),
        WalkHeaders(fields: ["n": .number(1)]),
        WalkHeaders(match: "any", fields: ["n": .number(2)]),
    ]

    var table: FieldTable {
        let match = match.map { [FieldTable.Field("x-match", .string($0))] } ?? []
        return FieldTable(match + fields.map { FieldTable.Field(ShortString(truncating: $0.key), $0.value.field) })
    }

    /// A binding with these arguments lets a message with those headers through.
    func lets(_ message: WalkHeaders) -> Bool {
        let matches = fields.filter { field in
            message.fields.contains { $0.key == field.key && $0.value == field.value }
        }
        return match == "any" ? !matches.isEmpty : matches.count == fields.count
    }

    var description: String { "\(table)" }
}
