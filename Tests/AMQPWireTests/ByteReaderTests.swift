import AMQPWire
import Testing

struct ByteReaderTests {
    @Test func `integers are big-endian, anywhere`() throws {
        // A slice that does not start at 0, at an odd place.
        var reader = ByteReader(octets("ff 01 0203 04050607 08090a0b0c0d0e0f")[1...])
        #expect(try reader.uint8() == 1)
        #expect(try reader.uint16() == 0x0203)
        #expect(try reader.uint32() == 0x0405_0607)
        #expect(try reader.uint64() == 0x0809_0A0B_0C0D_0E0F)
        #expect(reader.offset == 15)
        #expect(reader.remaining == 0)
    }

    @Test func `strings are counted octets`() throws {
        var reader = ByteReader(octets("02 6869 00000003 000102 00 01 ff 00000000"))
        #expect(try reader.shortString() == "hi")
        #expect(try reader.longString() == [0, 1, 2])
        #expect(try reader.shortString().isEmpty)
        #expect(try reader.shortStringSlice() == [0xFF])
        #expect(try reader.longString() == [])
        #expect(reader.remaining == 0)
    }

    @Test(arguments: ["", "02 61", "00000003 0001", "ffffffff 00", "ff"])
    func `what is not there is refused, and says where`(_ hex: String) {
        let input = octets(hex)
        func refused(_ read: (inout ByteReader) throws -> Void) {
            var reader = ByteReader(input)
            do {
                try read(&reader)
                Issue.record("\(hex) was read")
            } catch let error as WireError {
                #expect(error.code == .frameError)
                #expect(error.offset <= input.count)
            } catch {
                Issue.record(error)
            }
        }
        refused { _ = try $0.slice(input.count + 1) }
        refused { try $0.skip(input.count + 1) }
        refused { reader in
            _ = try reader.longString()
            _ = try reader.uint64()
        }
        refused { reader in
            _ = try reader.shortString()
            _ = try reader.uint64()
        }
    }

    @Test func `slices and rests stay inside`() throws {
        var reader = ByteReader([1, 2, 3, 4])
        try reader.skip(1)
        #expect(try reader.slice(2) == [2, 3])
        #expect(throws: WireError.self) { try reader.expectEnd(of: "a test") }
        #expect(reader.rest() == [4])
        #expect(reader.rest() == [])
        try reader.expectEnd(of: "a test")
    }

    @Test func `bits are packed lowest first`() throws {
        var reader = ByteReader([0b1000_0101])
        let bits = try reader.bits()
        #expect((0..<8).map { bits[$0] } == [true, false, true, false, false, false, false, true])
        #expect(bits == Bits(true, false, true, false, false, false, false, true))
    }
}
