import AMQPWire
import Testing

struct ByteWriterTests {
    @Test func `integers are big-endian`() {
        let octets = written { writer in
            writer.uint8(1)
            writer.uint16(0x0203)
            writer.uint32(0x0405_0607)
            writer.uint64(0x0809_0A0B_0C0D_0E0F)
        }
        #expect(octets == Array(1...15))
    }

    @Test func `strings are counted octets`() throws {
        #expect(written { $0.shortString("hi") } == octets("02 6869"))
        #expect(written { $0.longString([0, 1]) } == octets("00000002 0001"))
        let longest = try ShortString(octets: Array(repeating: 7, count: 255))
        #expect(written { $0.shortString(longest) } == [255] + longest.octets)
    }

    @Test func `bits are packed lowest first`() {
        #expect(written { $0.bits(true, false, true) } == [0b101])
        #expect(written { $0.bits(false, false, false, false, false, false, false, true) } == [0x80])
    }

    @Test func `counted counts what its body writes, nested as well`() {
        let octets = written { writer in
            writer.uint8(9)
            writer.counted { writer in
                writer.raw([1])
                writer.counted { $0.raw([2, 3]) }
                writer.counted { _ in }
            }
        }
        #expect(octets == [9, 0, 0, 0, 11, 1, 0, 0, 0, 2, 2, 3, 0, 0, 0, 0])
    }
}
