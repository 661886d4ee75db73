import Testing

@testable import ConformanceSuite

struct OctetsTests {
    @Test func `digits, text and remarks`() {
        #expect(
            Octets("003c 000a (basic.qos)\n05 'hello' (it's') FF").plain == [
                0, 60, 0, 10, 5, 104, 101, 108, 108, 111, 255,
            ])
        #expect(Octets("").plain.isEmpty)
        #expect(Octets.short("ab") == "02 61 62")
        #expect(Octets.long("ab") == "00 00 00 02 61 62")
        #expect(Octets.counted("01 'a' ....") == "00 00 00 04 01 'a' ....")
    }

    @Test func `any octet, and any number of them`() {
        let octets: [UInt8] = [1, 2, 3, 4, 3, 4]
        for pattern in ["01 02 03 04 03 04", "01 .. 03 .. .. 04", "*", "01 * 04", "* 03 04", "01 * 02 * 04 *"] {
            #expect(Octets(pattern).match(octets[...]), "\(pattern)")
        }
        for pattern in ["", "01 02 03 04 03", "01 02 03 04 03 04 05", "01 02 .. 04", "* 03", "02 *", "* 05 *"] {
            #expect(!Octets(pattern).match(octets[...]), "\(pattern)")
        }
    }
}
