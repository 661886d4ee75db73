import AMQPWire

/// How RabbitMQ compares field values and names their types in its reply texts, which clients and people read.
extension FieldValue {
    /// The type's name in RabbitMQ's texts.
    var erlangTypeName: String {
        switch self {
        case .bool: "bool"
        case .int8: "byte"
        case .uint8: "unsignedbyte"
        case .int16: "short"
        case .uint16: "unsignedshort"
        case .int32: "signedint"
        case .uint32: "unsignedint"
        case .int64: "long"
        case .float: "float"
        case .double: "double"
        case .decimal: "decimal"
        case .longString: "longstr"
        case .array: "array"
        case .timestamp: "timestamp"
        case .table: "table"
        case .void: "void"
        case .bytes: "binary"
        }
    }

    /// The value as Erlang's ~p prints it, for the simple types.
    var erlangText: String {
        switch self {
        case .longString(let octets): "<<\"\(String(decoding: octets, as: UTF8.self))\">>"
        default: integer.map(String.init) ?? "\(self)"
        }
    }

    /// The value as it stands between quotes in "inequivalent arg" texts.
    var plainText: String { text ?? integer.map(String.init) ?? "\(self)" }

    /// Equal, with all widths of integers alike, and the two of floating point numbers.
    func isSame(as other: FieldValue) -> Bool {
        if let integer, let otherInteger = other.integer { return integer == otherInteger }
        return self == other
    }
}
