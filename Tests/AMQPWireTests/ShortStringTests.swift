import AMQPWire
import Testing

struct ShortStringTests {
    @Test func `holds up to 255 octets`() throws {
        #expect(try ShortString(String(repeating: "a", count: 255)).count == 255)
        #expect(throws: WireError.self) { try ShortString(String(repeating: "a", count: 256)) }
        #expect(throws: WireError.self) { try ShortString(octets: Array(repeating: 0, count: 256)) }
        // Octets count, not characters.
        #expect(throws: WireError.self) { try ShortString(String(repeating: "é", count: 128)) }
    }

    @Test func `equality, order and hash are the octets'`() {
        let composed: ShortString = "caf\u{E9}"
        let decomposed: ShortString = "cafe\u{301}"
        #expect(composed.text == decomposed.text)
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed, composed]).count == 2)
        #expect(ShortString("Z") < ShortString("a"))
        #expect(ShortString("a") < ShortString("aa"))
    }

    @Test func `truncating cuts at a character`() {
        #expect(ShortString(truncating: "short").text == "short")
        #expect(ShortString(truncating: String(repeating: "a", count: 254) + "é").count == 254)
        #expect(ShortString(truncating: String(repeating: "é", count: 200)).count == 254)
        #expect(ShortString(truncating: String(repeating: "a", count: 256)).count == 255)
    }

    @Test func `octets that are not text survive`() throws {
        let name = try ShortString(octets: [0x61, 0xFF, 0x00])
        #expect(name.octets == [0x61, 0xFF, 0x00])
        #expect(name.text == "a\u{FFFD}\u{0}")
    }

    @Test func `hasPrefix compares octets`() {
        let name: ShortString = "amq.direct"
        #expect(name.hasPrefix("amq."))
        #expect(name.hasPrefix(""))
        #expect(!name.hasPrefix("amq.x"))
        #expect(!ShortString().hasPrefix("a"))
    }
}
