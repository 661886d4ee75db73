// How a field table stands on the wire: a 32-bit count of octets, then name, type octet and value of each field.
//
// Tried on RabbitMQ 3.10.8 with every type octet, and followed: it takes t b B s u I i l f d D S A T F V x, and `L` as
// another `l`; it writes all of them but `L`. Any octet but 0 is true. It refuses NaN and the infinities, takes any
// name (empty, twice, not UTF-8) and keeps the order. Where it stumbles over a table (an unknown type, a value over
// the end) it drops the connection without a close; here that is a 502 (4.2.5.5). It has no limit on nesting.

extension ByteReader {
    /// The deepest nesting of tables and arrays that is read. Nothing legitimate comes near it; without a limit a
    /// frame of 128 KiB nests deep enough to use up the stack. At 64 a debug build stays within 256 KiB, half of what
    /// the smallest threads have (at 128 it does not).
    public static let maximumDepth = 64

    public mutating func table() throws(WireError) -> FieldTable { try table(depth: 0) }

    private mutating func table(depth: Int) throws(WireError) -> FieldTable {
        let end = try countedEnd("a field table", depth: depth)
        var fields: [FieldTable.Field] = []
        while offset < end {
            let name = try shortString()
            fields.append(FieldTable.Field(name, try value(depth: depth)))
        }
        try expect(end, "a field table")
        return FieldTable(fields)
    }

    private mutating func array(depth: Int) throws(WireError) -> [FieldValue] {
        let end = try countedEnd("a field array", depth: depth)
        var values: [FieldValue] = []
        while offset < end { values.append(try value(depth: depth)) }
        try expect(end, "a field array")
        return values
    }

    private mutating func countedEnd(_ what: String, depth: Int) throws(WireError) -> Int {
        if depth > Self.maximumDepth { throw tableError("\(what) is nested more than \(Self.maximumDepth) deep") }
        let count = Int(try uint32())
        if count > remaining { throw tableError("\(what) claims \(count) octets, \(remaining) are left") }
        return offset + count
    }

    private func expect(_ end: Int, _ what: String) throws(WireError) {
        if offset != end { throw tableError("the last value of \(what) runs \(offset - end) octets over its end") }
    }

    private mutating func value(depth: Int) throws(WireError) -> FieldValue {
        let type = try uint8()
        switch type {
        case UInt8(ascii: "t"): return .bool(try uint8() != 0)
        case UInt8(ascii: "b"): return .int8(Int8(bitPattern: try uint8()))
        case UInt8(ascii: "B"): return .uint8(try uint8())
        case UInt8(ascii: "s"): return .int16(Int16(bitPattern: try uint16()))
        case UInt8(ascii: "u"): return .uint16(try uint16())
        case UInt8(ascii: "I"): return .int32(Int32(bitPattern: try uint32()))
        case UInt8(ascii: "i"): return .uint32(try uint32())
        case UInt8(ascii: "l"), UInt8(ascii: "L"): return .int64(Int64(bitPattern: try uint64()))
        case UInt8(ascii: "f"): return .float(try finite(Float(bitPattern: try uint32())))
        case UInt8(ascii: "d"): return .double(try finite(Double(bitPattern: try uint64())))
        case UInt8(ascii: "D"): return .decimal(scale: try uint8(), value: Int32(bitPattern: try uint32()))
        case UInt8(ascii: "S"): return .longString(try longString())
        case UInt8(ascii: "A"): return .array(try array(depth: depth + 1))
        case UInt8(ascii: "T"): return .timestamp(try uint64())
        case UInt8(ascii: "F"): return .table(try table(depth: depth + 1))
        case UInt8(ascii: "V"): return .void
        case UInt8(ascii: "x"): return .bytes(try longString())
        default: throw tableError("no field type has the octet \(type)")
        }
    }

    private func finite<Number: FloatingPoint>(_ value: Number) throws(WireError) -> Number {
        guard value.isFinite else { throw tableError("a field holds \(value), which is not a number to RabbitMQ") }
        return value
    }

    private func tableError(_ reason: String) -> WireError { error(reason, code: .syntaxError) }
}

extension ByteWriter {
    public mutating func table(_ table: FieldTable) {
        counted { writer in
            for field in table.fields {
                writer.shortString(field.name)
                writer.value(field.value)
            }
        }
    }

    mutating func value(_ value: FieldValue) {
        switch value {
        case .bool(let value): tagged("t") { $0.uint8(value ? 1 : 0) }
        case .int8(let value): tagged("b") { $0.uint8(UInt8(bitPattern: value)) }
        case .uint8(let value): tagged("B") { $0.uint8(value) }
        case .int16(let value): tagged("s") { $0.uint16(UInt16(bitPattern: value)) }
        case .uint16(let value): tagged("u") { $0.uint16(value) }
        case .int32(let value): tagged("I") { $0.uint32(UInt32(bitPattern: value)) }
        case .uint32(let value): tagged("i") { $0.uint32(value) }
        case .int64(let value): tagged("l") { $0.uint64(UInt64(bitPattern: value)) }
        case .float(let value): tagged("f") { $0.uint32(value.bitPattern) }
        case .double(let value): tagged("d") { $0.uint64(value.bitPattern) }
        case .decimal(let scale, let value):
            tagged("D") {
                $0.uint8(scale)
                $0.uint32(UInt32(bitPattern: value))
            }
        case .longString(let octets): tagged("S") { $0.longString(octets) }
        case .array(let values): tagged("A") { $0.counted { for value in values { $0.value(value) } } }
        case .timestamp(let seconds): tagged("T") { $0.uint64(seconds) }
        case .table(let table): tagged("F") { $0.table(table) }
        case .void: tagged("V") { _ in }
        case .bytes(let octets): tagged("x") { $0.longString(octets) }
        }
    }

    private mutating func tagged(_ letter: Unicode.Scalar, _ body: (inout ByteWriter) -> Void) {
        uint8(UInt8(ascii: letter))
        body(&self)
    }
}
