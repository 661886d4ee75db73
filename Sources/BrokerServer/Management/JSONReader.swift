extension JSON {
    /// Why a text is not JSON.
    public struct Malformed: Error, Equatable, CustomStringConvertible {
        public var reason: String
        /// The octet at which it shows.
        public var offset: Int
        public var description: String { "not JSON: \(reason) at octet \(offset)" }
    }

    /// How deep arrays and objects may be nested: deeper ones would take the stack that reads them.
    static let deepest = 64

    /// Reads a JSON text; nothing but white space may stand around the value.
    public init(_ octets: [UInt8]) throws(Malformed) {
        var reader = JSONReader(octets: octets)
        self = try reader.document()
    }
}

/// Reads JSON text, octet by octet, strictly.
private struct JSONReader {
    let octets: [UInt8]
    private var at = 0

    init(octets: [UInt8]) { self.octets = octets }

    private func malformed(_ reason: String) -> JSON.Malformed { JSON.Malformed(reason: reason, offset: at) }

    private var next: UInt8? { at < octets.count ? octets[at] : nil }

    private mutating func skipWhiteSpace() {
        while let next, next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 { at += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    mutating func document() throws(JSON.Malformed) -> JSON {
        let value = try value(depth: 0)
        skipWhiteSpace()
        guard next == nil else { throw malformed("something follows the value") }
        return value
    }

    private mutating func value(depth: Int) throws(JSON.Malformed) -> JSON {
        guard depth < JSON.deepest else { throw malformed("nested too deeply") }
        skipWhiteSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case let octet? where octet == UInt8(ascii: "-") || Self.isDigit(octet): return try number()
        case nil: throw malformed("the text ends")
        default: throw malformed("no value begins")
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(JSON.Malformed) -> JSON {
        let isThere = word.withUTF8Buffer { octets[at...].starts(with: $0) }
        guard isThere else { throw malformed("no value begins") }
        at += word.utf8CodeUnitCount
        return value
    }

    private mutating func array(depth: Int) throws(JSON.Malformed) -> JSON {
        at += 1
        var elements: [JSON] = []
        skipWhiteSpace()
        if take("]") { return .array(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipWhiteSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw malformed("neither ',' nor ']' follows an element") }
        }
    }

    private mutating func object(depth: Int) throws(JSON.Malformed) -> JSON {
        at += 1
        var members: [JSON.Member] = []
        skipWhiteSpace()
        if take("}") { return .object(members) }
        while true {
            skipWhiteSpace()
            guard next == UInt8(ascii: "\"") else { throw malformed("a member's name is not a string") }
            let name = try string()
            skipWhiteSpace()
            guard take(":") else { throw malformed("no ':' follows a member's name") }
            members.append(JSON.Member(name, try value(depth: depth + 1)))
            skipWhiteSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw malformed("neither ',' nor '}' follows a member") }
        }
    }

    private static func isDigit(_ octet: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet) }

    private mutating func digits() -> Int {
        let start = at
        while let next, Self.isDigit(next) { at += 1 }
        return at - start
    }

    private mutating func number() throws(JSON.Malformed) -> JSON {
        let start = at
        _ = take("-")
        if take("0") {
            guard digits() == 0 else { throw malformed("a number begins with 0") }
        } else if digits() == 0 {
            throw malformed("a number has no digits")
        }
        var isInteger = true
        if take(".") {
            isInteger = false
            guard digits() > 0 else { throw malformed("no digit follows the point") }
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("+") { _ = take("-") }
            guard digits() > 0 else { throw malformed("an exponent has no digits") }
        }
        let text = String(decoding: octets[start..<at], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { throw malformed("a number is too large") }
        return .number(number)
    }

    private mutating func string() throws(JSON.Malformed) -> String {
        at += 1
        var text: [UInt8] = []
        while let octet = next {
            at += 1
            switch octet {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw malformed("not UTF-8") }
                return string
            case UInt8(ascii: "\\"): text += String(try escape()).utf8
            case 0..<0x20: throw malformed("a control character in a string")
            default: text.append(octet)
            }
        }
        throw malformed("the text ends in a string")
    }

    private mutating func escape() throws(JSON.Malformed) -> Unicode.Scalar {
        guard let octet = next else { throw malformed("the text ends in a string") }
        at += 1
        switch octet {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(octet)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let first = try codeUnit()
            if let scalar = Unicode.Scalar(first) { return scalar }
            // Half of a pair that stands for one scalar above U+FFFF.
            guard first < 0xDC00, take("\\"), take("u") else { throw malformed("half a surrogate pair") }
            let second = try codeUnit()
            guard (0xDC00..<0xE000).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            else { throw malformed("half a surrogate pair") }
            return scalar
        default: throw malformed("an unknown escape")
        }
    }

    private mutating func codeUnit() throws(JSON.Malformed) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let octet = next, let digit = Character(Unicode.Scalar(octet)).hexDigitValue else {
                throw malformed("not four hexadecimal digits")
            }
            unit = unit << 4 + UInt32(digit)
            at += 1
        }
        return unit
    }
}
