import Testing

@testable import AMQPWire

struct QuotingTests {
    @Test(arguments: [
        ("", "''"), ("Hello World!", "'Hello World!'"), ("naïve 🐇", "'naïve 🐇'"),
        ("it's \\", #"'it\'s \\'"#), ("\n\r\t", #"'\n\r\t'"#), ("\u{0}\u{7F}\u{85}", #"'\u{00}\u{7F}\u{85}'"#),
        ("\u{2028}\u{202E}\u{200B}", #"'\u{2028}\u{202E}\u{200B}'"#),
    ])
    func `text stays readable, and what would mislead is escaped`(_ text: String, _ expected: String) {
        #expect(quoted(Array(text.utf8)) == expected)
    }

    @Test func `octets that are not UTF-8 show as they are`() {
        #expect(quoted([0x61, 0xFF, 0xC3, 0x0A]) == #"'a\xFF\xC3\n'"#)
    }
}
