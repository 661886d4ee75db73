import TestSupport
import Testing

@testable import BrokerServer

@Suite struct JSONTests {
    private func read(_ text: String) throws -> JSON { try JSON(Array(text.utf8)) }

    @Test func whatIsWrittenIsReadBack() throws {
        let value: JSON =
            [
                "null": nil, "true": true, "integer": -42, "array": [1, "two", [], [:]],
                "text": "a\"b\\c\n\u{0}\u{1F600}\u{2028}ö", "number": .number(1.5e300), "a.b": ["c": 1],
            ] as JSON
        #expect(try read(value.text) == value)
        #expect(value.text.utf8.allSatisfy { $0 >= 0x20 })
        #expect(JSON.number(.infinity).text == "null")
    }

    @Test(arguments: [
        (" [ 1 , -0 , 2.5e+3 ] ", JSON.array([1, 0, .number(2500)])), (#""\u00e4\ud83d\ude00\/""#, "ä😀/"),
        (#"{"a":1,"a":2}"#, ["a": 1, "a": 2] as JSON), ("16000000000000000000", .number(16e18)),
    ])
    func texts(_ text: String, _ expected: JSON) throws { #expect(try read(text) == expected) }

    @Test(arguments: [
        "", " ", "[", "]", "[1,]", "[1 2]", "{", "{a:1}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "01", "-", "1.", ".5",
        "1e",
        "+1", "nul", "nulll", "tru", #"""#, #""\x""#, #""\u12""#, #""\ud800""#, #""\ud800\u0041""#, #""\udc00""#,
        "\"\n\"", "1 2", "1e999", "[1]]", "'a'", "NaN",
    ])
    func whatIsNotJSON(_ text: String) {
        #expect(throws: JSON.Malformed.self) { try read(text) }
    }

    @Test func depthIsLimited() throws {
        let deep = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(throws: Never.self) { try read(deep(JSON.deepest)) }
        #expect(throws: JSON.Malformed.self) { try read(deep(JSON.deepest + 1)) }
        #expect(throws: JSON.Malformed.self) { try read(String(repeating: #"{"a":"#, count: 1_000_000)) }
        #expect(throws: JSON.Malformed.self) { try JSON([0x22, 0xFF, 0x22]) }
    }

    @Test func spoiledTextIsReadOrRefused() {
        var random = SeededGenerator(seed: 1)
        let text = Array(#"{"a":[1,-2.5e3,"x\u00e4\n",null,true,{"b":{}}],"c":"d"}"#.utf8)
        var refused = 0
        for _ in 0..<20_000 {
            var spoiled = text
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                spoiled[Int.random(in: 0..<spoiled.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { spoiled.removeLast(Int.random(in: 0..<spoiled.count, using: &random)) }
            if (try? JSON(spoiled)) == nil { refused += 1 }
        }
        #expect(refused > 10_000)
    }

    @Test func paths() {
        let value: JSON = ["queue": ["name": "q"], "a.b": 1]
        #expect(value.value(at: "queue.name") == "q")
        #expect(value.value(at: "a.b") == 1)
        #expect(value.value(at: "queue.none") == nil)
        #expect(value.value(at: "a.b.c") == nil)
        #expect(value.value(at: "") == nil)
    }

    @Test func base64() {
        for (text, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            #expect(Base64.encode(Array(text.utf8)) == encoded)
            #expect(Base64.decode(encoded) == Array(text.utf8))
        }
        for wrong in ["Z", "Zg", "Zg=", "Zh==", "Zm9=", "====", "Z===", "Zg==Zg==", "Zm 9", "Zm9v\n", "Zm-_"] {
            #expect(Base64.decode(wrong) == nil, "\(wrong)")
        }
    }
}
