import AMQPWire
import Testing

struct FieldTableTests {
    @Test func `finds, replaces, adds and removes by name`() {
        var table: FieldTable = ["a": 1, "b": "two"]
        #expect(table["a"] == 1)
        #expect(table["c"] == nil)
        table["a"] = "one"
        table["c"] = true
        #expect(table == ["a": "one", "b": "two", "c": true])
        table["b"] = nil
        #expect(table.names == ["a", "c"])
        #expect(table.count == 2)
        #expect(FieldTable().isEmpty)
    }

    @Test func `order and repeated names are kept`() {
        var table: FieldTable = ["z": 1, "a": 2, "z": 3]
        #expect(table.names == ["z", "a", "z"])
        #expect(table["z"] == 1)
        #expect(table != ["a": 2, "z": 1, "z": 3])
        table["z"] = nil
        #expect(table == ["a": 2])
    }

    @Test func `literals take the types that clients send`() {
        #expect(FieldValue.int32(2_147_483_647) == 2_147_483_647)
        #expect(FieldValue.int64(2_147_483_648) == 2_147_483_648)
        #expect(FieldValue.int64(.min) == -9_223_372_036_854_775_808)
        #expect(FieldValue.double(1.5) == 1.5)
        #expect(FieldValue.longString([0x61]) == "a")
        #expect(FieldValue.table(["a": .array([.void])]) == ["a": [nil]])
    }

    @Test func `any integer type reads as an integer, and nothing else does`() {
        let integers: [FieldValue] = [
            .int8(-1), .uint8(255), .int16(-1), .uint16(65535), .int32(-1), .uint32(.max), .int64(.min),
        ]
        #expect(integers.map(\.integer) == [-1, 255, -1, 65535, -1, 4_294_967_295, .min])
        for other: FieldValue in ["1", 1.0, true, nil, .timestamp(1), .decimal(scale: 0, value: 1)] {
            #expect(other.integer == nil)
        }
    }

    @Test func `the typed views are nil for other types`() {
        #expect(FieldValue.string("a").text == "a")
        #expect(FieldValue.bytes([0x61]).text == nil)
        #expect(FieldValue.bool(false).bool == false)
        #expect(FieldValue.int8(0).bool == nil)
        #expect(FieldValue.table([:]).table == [:])
        #expect(FieldValue.array([]).table == nil)
        #expect(FieldValue.array([1]).array == [1])
        #expect(FieldValue.void.array == nil)
    }

    @Test func `reads as text on one line`() {
        let table: FieldTable = [
            "b": true, "i": -1, "d": 1.5, "s": "it's\n", "a": [1, nil], "t": .timestamp(7), "f": ["x": "y"],
            "x": .bytes([0, 1]), "m": .decimal(scale: 2, value: 314),
        ]
        #expect(
            "\(table)"
                == #"{'b': true, 'i': -1, 'd': 1.5, 's': 'it\'s\n', 'a': [1, void], 't': @7, 'f': {'x': 'y'}, "#
                + "'x': <2 octets>, 'm': 314e-2}")
    }
}
