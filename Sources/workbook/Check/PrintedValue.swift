/// What a message says when a program has printed a value into a text, in the place of the text itself.
struct PrintedValue: Equatable {
    /// What was printed.
    var origin: String
    /// Nobody means to say that. If not: a list of numbers may be meant, though it spells a word.
    var isCertain = true

    /// nil: it may be what somebody wants to say.
    ///
    /// - Parameter said: what the program was started with, and what it says about its message
    init?(_ body: String, said: [String]) {
        let body = body.prefix(2000)
        if let value = Self.value(body) {
            origin = value
        } else if let text = Self.text(ofNumbers: body) {
            origin = "the bytes of '\(text)'"
            // The step's own text is no list of measurements either.
            isCertain = said.contains { $0.contains(text) } || text.lowercased().contains("hello")
            let isReadable = text.count > 3 && text.allSatisfy { $0.isLetter || $0.isWhitespace || $0.isPunctuation }
            guard isCertain || isReadable else { return nil }
        } else {
            return nil
        }
    }

    /// Python's b'Hello', an object of JavaScript, a buffer of Node's, arrays of bytes of Java and of C#, an optional of
    /// Swift's.
    private static func value(_ body: Substring) -> String? {
        if body.wholeMatch(of: /(bytearray\()?b('.*'|".*")\)?/.dotMatchesNewlines()) != nil { return "a bytes object" }
        if body.wholeMatch(of: /\[object [A-Za-z0-9]+\]/) != nil { return "an object" }
        if body.wholeMatch(of: /<Buffer( [0-9a-f]{2})+.*>/) != nil { return "a buffer" }
        if body.wholeMatch(of: /\{"type":"Buffer","data":\[[0-9,]*\]\}/) != nil { return "a buffer" }
        if body.wholeMatch(of: /System\.(Byte\[\]|(ReadOnly)?Memory<Byte>\[[0-9]+\])|\[B@[0-9a-f]+/) != nil {
            return "an array of bytes"
        }
        return body.wholeMatch(of: /Optional\(.*\)/.dotMatchesNewlines()) != nil ? "an optional" : nil
    }

    /// Go prints the bytes of "Hey" as [72 101 121], others as [72, 101, 121] or 72,101,121.
    private static func text(ofNumbers body: Substring) -> String? {
        let isList = body.hasPrefix("[") && body.hasSuffix("]")
        guard isList || body.wholeMatch(of: /[0-9]+(,[0-9]+)+/) != nil else { return nil }
        let numbers = (isList ? body.dropFirst().dropLast() : body).split { $0 == " " || $0 == "," }
        // Java has negative ones.
        let octets = numbers.compactMap { UInt8($0) ?? Int8($0).map(UInt8.init(bitPattern:)) }
        guard octets.count == numbers.count, octets.count > 2, let text = String(validating: octets, as: UTF8.self),
            text.contains(where: \.isLetter)
        else { return nil }
        return text
    }
}
