/// A field table (AMQP 0-9-1, 4.2.5.5): names with typed values, in the order they were written.
///
/// An array of pairs, because the order and even a repeated name are the sender's, and must reach the receiver
/// unchanged; tables are small, so a search by name is as quick as a dictionary's.
public struct FieldTable: Sendable, Equatable {
    /// Name and value of one field.
    public struct Field: Sendable, Equatable {
        public var name: ShortString
        public var value: FieldValue

        public init(_ name: ShortString, _ value: FieldValue) {
            self.name = name
            self.value = value
        }
    }

    public var fields: [Field]

    public init(_ fields: [Field] = []) { self.fields = fields }

    public var isEmpty: Bool { fields.isEmpty }
    public var count: Int { fields.count }
    public var names: [ShortString] { fields.map(\.name) }

    /// The value under `name` (the first, if it stands there more than once). Setting nil removes it.
    public subscript(name: ShortString) -> FieldValue? {
        get { fields.first { $0.name == name }?.value }
        set {
            guard let newValue else { return fields.removeAll { $0.name == name } }
            if let at = fields.firstIndex(where: { $0.name == name }) {
                fields[at].value = newValue
            } else {
                fields.append(Field(name, newValue))
            }
        }
    }
}

extension FieldTable: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (ShortString, FieldValue)...) {
        fields = elements.map { Field($0.0, $0.1) }
    }
}

extension FieldTable: CustomStringConvertible {
    public var description: String {
        "{" + fields.map { "\(quoted($0.name.octets)): \($0.value)" }.joined(separator: ", ") + "}"
    }
}

/// A value in a field table.
///
/// The types are those of RabbitMQ (its page "AMQP 0-9-1 Errata", section 3), which is what all clients speak; where
/// the specification has other letters (`U`, a short string `s`) nobody uses them.
public enum FieldValue: Sendable, Equatable {
    case bool(Bool)
    case int8(Int8)
    case uint8(UInt8)
    case int16(Int16)
    case uint16(UInt16)
    case int32(Int32)
    case uint32(UInt32)
    case int64(Int64)
    /// Finite: RabbitMQ drops the connection over NaN and the infinities.
    case float(Float)
    /// Finite, as ``float(_:)``.
    case double(Double)
    /// `value` divided by ten to the power of `scale`. Signed, as to the Java client; RabbitMQ hands the 32 bits on.
    case decimal(scale: UInt8, value: Int32)
    /// A long string: octets, usually UTF-8.
    case longString([UInt8])
    case array([FieldValue])
    /// Seconds since the Unix epoch.
    case timestamp(UInt64)
    case table(FieldTable)
    case void
    /// Octets that are not text.
    case bytes([UInt8])

    /// A long string of the text's UTF-8 octets.
    public static func string(_ text: String) -> FieldValue { .longString(Array(text.utf8)) }

    /// A long string as text; nil for every other type. Octets that are not UTF-8 show as U+FFFD.
    public var text: String? {
        if case .longString(let octets) = self { String(decoding: octets, as: UTF8.self) } else { nil }
    }

    /// Any of the integer types, of whatever width; nil for every other type.
    public var integer: Int64? {
        switch self {
        case .int8(let value): Int64(value)
        case .uint8(let value): Int64(value)
        case .int16(let value): Int64(value)
        case .uint16(let value): Int64(value)
        case .int32(let value): Int64(value)
        case .uint32(let value): Int64(value)
        case .int64(let value): value
        default: nil
        }
    }

    public var table: FieldTable? { if case .table(let table) = self { table } else { nil } }
    public var array: [FieldValue]? { if case .array(let array) = self { array } else { nil } }
    public var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
}

extension FieldValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral text: String) { self = .string(text) }
    /// The narrowest of `int32` and `int64` that holds it: what most clients send for a plain integer.
    public init(integerLiteral value: Int64) { self = Int32(exactly: value).map(FieldValue.int32) ?? .int64(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(arrayLiteral elements: FieldValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (ShortString, FieldValue)...) {
        self = .table(FieldTable(elements.map { FieldTable.Field($0.0, $0.1) }))
    }
    public init(nilLiteral: ()) { self = .void }
}

extension FieldValue: CustomStringConvertible {
    public var description: String {
        switch self {
        case .bool(let value): "\(value)"
        case .int8(let value): "\(value)"
        case .uint8(let value): "\(value)"
        case .int16(let value): "\(value)"
        case .uint16(let value): "\(value)"
        case .int32(let value): "\(value)"
        case .uint32(let value): "\(value)"
        case .int64(let value): "\(value)"
        case .float(let value): "\(value)"
        case .double(let value): "\(value)"
        case .decimal(let scale, let value): "\(value)e-\(scale)"
        case .longString(let octets): quoted(octets)
        case .array(let values): "\(values)"
        case .timestamp(let seconds): "@\(seconds)"
        case .table(let table): "\(table)"
        case .void: "void"
        case .bytes(let octets): "<\(octets.count) octets>"
        }
    }
}
