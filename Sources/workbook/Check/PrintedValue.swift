/// What a message says when a program has printed a value into a text, in the place of the text itself.
enum PrintedValue {
    /// What was printed. nil: it may be what somebody wants to say.
    ///
    /// - Parameter said: what the program was started with, and what it says about its message
    static func origin(of body: String, said: [String]) -> String? {
        let body = body.prefix(2000)
        // Python's b'Hello', an object of JavaScript, a buffer of Node's, arrays of bytes of Java and of C#.
        if body.wholeMatch(of: /b'.*'|b".*"/.dotMatchesNewlines()) != nil { return "a bytes object" }
        if body == "[object Object]" { return "an object" }
        if body.wholeMatch(of: /<Buffer( [0-9a-f]{2})+.*>/) != nil { return "a buffer" }
        if body == "System.Byte[]" || body.wholeMatch(of: /\[B@[0-9a-f]+/) != nil { return "an array of bytes" }
        return text(ofNumbers: body, said).map { "the bytes of '\($0)'" }
    }

    /// Go prints the bytes of "Hey" as [72 101 121], others as [72, 101, 121]. That may also be a list of numbers, unless
    /// the program says that it sends "Hey".
    private static func text(ofNumbers body: Substring, _ said: [String]) -> String? {
        guard body.count > 2, body.hasPrefix("["), body.hasSuffix("]") else { return nil }
        let numbers = body.dropFirst().dropLast().split { $0 == " " || $0 == "," }
        // Java has negative ones.
        let octets = numbers.compactMap { UInt8($0) ?? Int8($0).map(UInt8.init(bitPattern:)) }
        guard octets.count == numbers.count, octets.count > 2, let text = String(validating: octets, as: UTF8.self),
            text.contains(where: \.isLetter), said.contains(where: { $0.contains(text) })
        else { return nil }
        return text
    }
}
