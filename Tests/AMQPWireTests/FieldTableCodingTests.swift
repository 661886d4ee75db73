import AMQPWire
import Testing

struct FieldTableCodingTests {
    /// One field named `n`, as the wire format of RabbitMQ 3.10.8 (its own encoder) and pika 1.4 have it.
    static let table: [(FieldValue, String)] = [
        (.bool(true), "74 01"),
        (.bool(false), "74 00"),
        (.int8(-1), "62 ff"),
        (.int8(.min), "62 80"),
        (.int8(.max), "62 7f"),
        (.uint8(0), "42 00"),
        (.uint8(128), "42 80"),
        (.uint8(255), "42 ff"),
        (.int16(-2), "73 fffe"),
        (.int16(.min), "73 8000"),
        (.int16(.max), "73 7fff"),
        (.int16(0x0102), "73 0102"),
        (.uint16(32768), "75 8000"),
        (.uint16(65535), "75 ffff"),
        (.int32(-1), "49 ffffffff"),
        (.int32(.max), "49 7fffffff"),
        (.int32(.min), "49 80000000"),
        (.int32(0x0102_0304), "49 01020304"),
        (.uint32(2_147_483_648), "69 80000000"),
        (.uint32(.max), "69 ffffffff"),
        (.int64(2_147_483_648), "6c 0000000080000000"),
        (.int64(-2_147_483_649), "6c ffffffff7fffffff"),
        (.int64(.max), "6c 7fffffffffffffff"),
        (.int64(.min), "6c 8000000000000000"),
        (.int64(0x0102_0304_0506_0708), "6c 0102030405060708"),
        (.float(1.5), "66 3fc00000"),
        (.float(-2), "66 c0000000"),
        (.float(.leastNonzeroMagnitude), "66 00000001"),
        (.double(1.5), "64 3ff8000000000000"),
        (.double(-0.0), "64 8000000000000000"),
        (.decimal(scale: 2, value: 314), "44 02 0000013a"),
        (.decimal(scale: 255, value: -1), "44 ff ffffffff"),
        (.decimal(scale: 0, value: .min), "44 00 80000000"),
        (.string("text"), "53 00000004 74657874"),
        (.string(""), "53 00000000"),
        (.longString([0, 0xFF]), "53 00000002 00ff"),
        (.array([]), "41 00000000"),
        (.array([true, [1]]), "41 0000000c 7401 41 00000005 49 00000001"),
        (.timestamp(.max), "54 ffffffffffffffff"),
        (.timestamp(1_700_000_000), "54 000000006553f100"),
        (.timestamp(9_223_372_036_854_775_808), "54 8000000000000000"),
        (.table([:]), "46 00000000"),
        (["a": ["b": []]], "46 0000000e 01 61 46 00000007 01 62 41 00000000"),
        (.void, "56"),
        (.bytes([0, 1]), "78 00000002 0001"),
        (.bytes([]), "78 00000000"),
    ]

    private func read(_ octets: [UInt8]) throws(WireError) -> FieldTable {
        var reader = ByteReader(octets)
        let table = try reader.table()
        try reader.expectEnd(of: "the table")
        return table
    }

    private func counted(_ octets: [UInt8]) -> [UInt8] { written { $0.longString(octets) } }

    @Test(arguments: table)
    func `every type is read and written as RabbitMQ has it`(_ value: FieldValue, _ hex: String) throws {
        let whole = counted(octets("01 6e") + octets(hex))
        let table: FieldTable = ["n": value]
        #expect(written { $0.table(table) } == whole)
        #expect(try read(whole) == table)
    }

    @Test(arguments: table)
    func `a value cut short is refused`(_ value: FieldValue, _ hex: String) {
        let field = octets("01 6e") + octets(hex)
        for count in 1..<field.count {
            // With the count of what is there, and with the count of what should be.
            #expect(throws: WireError.self) { try read(counted(Array(field[..<count]))) }
            let cut = Array(counted(field)[..<(4 + count)])
            #expect(throws: WireError.self) { try read(cut) }
        }
    }

    @Test func `L is another l, and any octet but 0 is true`() throws {
        #expect(try read(counted(octets("01 6e 4c fffffffffffffffe"))) == ["n": .int64(-2)])
        #expect(try read(counted(octets("01 6e 74 02"))) == ["n": true])
    }

    @Test func `no other octet is a type`() {
        let known = Set("tbBsuIilLfdDSATFVx".utf8)
        for type in UInt8.min...UInt8.max where !known.contains(type) {
            let error = #expect(throws: WireError.self) {
                try read(counted([1, 0x6E, type, 0, 0, 0, 0, 0, 0, 0, 0]))
            }
            #expect(error?.code == .syntaxError)
        }
    }

    @Test(arguments: [
        "66 7fc00000", "66 7f800000", "66 ff800000", "64 7ff8000000000000", "64 7ff0000000000000",
        "64 fff0000000000000",
    ])
    func `what is not a finite number is refused`(_ hex: String) {
        let error = #expect(throws: WireError.self) { try read(counted(octets("01 6e") + octets(hex))) }
        #expect(error?.code == .syntaxError)
    }

    @Test func `names may be empty, repeated and not UTF-8, and keep their order`() throws {
        let table = try read(counted(octets("00 56 01 ff 56 00 7401")))
        #expect(table.fields.map(\.name.octets) == [[], [0xFF], []])
        #expect(table.fields.map(\.value) == [.void, .void, true])
        #expect(try read(written { $0.table(table) }) == table)
    }

    @Test func `a value may not run over the end of its table or array`() {
        // The frame has octets left, the inner table or array has not.
        #expect(throws: WireError.self) { try read(counted(octets("01 6e 46 00000004 01 61 49 00 00000000"))) }
        #expect(throws: WireError.self) { try read(counted(octets("01 6e 41 00000002 49 00 00000000"))) }
        #expect(throws: WireError.self) { try read(octets("ffffffff 01 6e 56")) }
    }

    /// `depth` tables (or arrays) inside one another.
    private func nested(_ depth: Int, opening: [UInt8]) -> [UInt8] {
        var inner: [UInt8] = []
        for _ in 0..<depth { inner = opening + counted(inner) }
        return inner
    }

    @Test func `nesting is read to its limit and refused beyond`() throws {
        let limit = ByteReader.maximumDepth
        let deepest = counted(nested(limit, opening: octets("01 6e 46")))
        let table = try read(deepest)
        #expect(written { $0.table(table) } == deepest)
        let error = #expect(throws: WireError.self) {
            try read(counted(nested(limit + 1, opening: octets("01 6e 46"))))
        }
        #expect(error?.code == .syntaxError)
        let arrays = nested(limit, opening: octets("41"))
        #expect(throws: WireError.self) { try read(counted(octets("01 6e 41") + counted(arrays))) }
        #expect(throws: WireError.self) { try read(counted(nested(15000, opening: octets("01 6e 46")))) }
    }
}
