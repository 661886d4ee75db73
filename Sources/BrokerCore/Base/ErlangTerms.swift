import AMQPWire
import DataStructures

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

    /// Equal in a declaration that is repeated: all widths of integers are alike, and the two of floating point numbers.
    func isSame(as other: FieldValue) -> Bool {
        switch (number, other.number) {
        case (.float?, .float?): isEqualTerm(to: other)
        case _ where integer != nil && other.integer != nil:
            integer == other.integer
                || ((integer ?? 0) ^ (other.integer ?? 0)) & 0xffff_ffff == 0 && quirk(.sameNumbersHave32Bits)
        default: self == other
        }
    }

    /// Equal as Erlang's `==` finds what RabbitMQ makes of the two values: a number equals a number of any type, a
    /// timestamp included and a decimal not; text equals octets; and an empty array equals an empty table, both being
    /// the empty list. Within arrays and tables the types stand beside the values, so everything has to be the same
    /// there, the order of the fields too.
    func isEqualTerm(to other: FieldValue) -> Bool {
        if let number, let otherNumber = other.number { return number == otherNumber }
        return switch (self, other) {
        case (.longString(let octets), .bytes(let others)), (.bytes(let octets), .longString(let others)):
            octets == others
        case (.array(let array), .table(let table)), (.table(let table), .array(let array)):
            array.isEmpty && table.isEmpty
        default: self == other
        }
    }

    /// The same, of a header, as RabbitMQ 4 compares them: integers and floating point numbers are of two kinds, and the
    /// header's timestamp counts milliseconds.
    func isEqualTerm(ofTheKindOf header: FieldValue) -> Bool {
        var header = header
        if case .timestamp(let seconds) = header { header = .timestamp(seconds &* 1000) }
        guard let number, let otherNumber = header.number else { return isEqualTerm(to: header) }
        return number.isFloat == otherNumber.isFloat && number == otherNumber
    }

    private var number: ErlangNumber? {
        switch self {
        case .float(let value): .float(Double(value))
        case .double(let value): .float(value)
        case .timestamp(let seconds): .unsigned(seconds)
        default: integer.map(ErlangNumber.signed)
        }
    }
}

/// A number without its type. Equal exactly: 2⁵³ + 1 is no floating point number.
private enum ErlangNumber: Equatable {
    case signed(Int64)
    case unsigned(UInt64)
    case float(Double)

    var isFloat: Bool { if case .float = self { true } else { false } }

    static func == (one: Self, other: Self) -> Bool {
        switch (one, other) {
        case (.signed(let one), .signed(let other)): one == other
        case (.unsigned(let one), .unsigned(let other)): one == other
        case (.float(let one), .float(let other)): one == other
        case (.signed(let one), .unsigned(let other)), (.unsigned(let other), .signed(let one)): one == other
        case (.signed(let one), .float(let other)), (.float(let other), .signed(let one)): Int64(exactly: other) == one
        case (.unsigned(let one), .float(let other)), (.float(let other), .unsigned(let one)):
            UInt64(exactly: other) == one
        }
    }
}

extension FieldTable {
    /// The same fields by name; those of one name stay in their order.
    var sortedByName: FieldTable {
        if zip(fields, fields.dropFirst()).allSatisfy({ $0.name <= $1.name }) { return self }
        // A frame may bring forty thousand of them. Mostly the first octets decide, without a look at the names.
        var places = fields.indices.map { SortedPlace(place: $0, name: fields[$0].name) }
        places.sort { one, other in
            Steps.take()
            if one.front != other.front { return one.front < other.front }
            if one.isShort, other.isShort { return (one.count, one.place) < (other.count, other.place) }
            let (name, otherName) = (fields[one.place].name, fields[other.place].name)
            return name == otherName ? one.place < other.place : name < otherName
        }
        return FieldTable(places.map { fields[$0.place] })
    }

    /// The fields of these names, or of all where that makes no difference to who looks for some.
    func only(_ names: [ShortString]) -> FieldTable {
        if count <= 32 { return self }
        let names = Set(names)
        return FieldTable(fields.filter { names.contains($0.name) })
    }
}

/// The place of a field, and what its name begins with.
private struct SortedPlace {
    let place: Int
    let count: Int
    /// The first eight octets, zeros behind them if there are fewer.
    let front: UInt64

    init(place: Int, name: ShortString) {
        (self.place, count) = (place, name.count)
        var front: UInt64 = 0
        for octet in 0..<8 { front = front << 8 | UInt64(octet < name.count ? name.octets[octet] : 0) }
        self.front = front
    }

    var isShort: Bool { count <= 8 }
}
