/// Base64 (RFC 4648, section 4), as basic authentication needs it.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ octets: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: octets.count, by: 3) {
            let group = octets[start..<min(start + 3, octets.count)]
            let bits = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32((3 - group.count) * 8)
            for place in 0..<4 {
                text.append(
                    place <= group.count
                        ? alphabet[Int(bits >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// nil for anything that is not exactly what ``encode(_:)`` makes.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 4 == 0 else { return nil }
        var octets: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: 4) {
            var bits: UInt32 = 0
            var padding = 0
            for digit in digits[start..<(start + 4)] {
                if digit == UInt8(ascii: "=") { padding += 1 } else if padding > 0 { return nil }
                guard let value = padding > 0 ? 0 : alphabet.firstIndex(of: digit) else { return nil }
                bits = bits << 6 | UInt32(value)
            }
            guard padding <= 2, padding == 0 || start + 4 == digits.count else { return nil }
            // What the padding leaves out must be zero, or one text could be written in several ways.
            if padding > 0, bits & (padding == 1 ? 0xFF : 0xFFFF) != 0 { return nil }
            octets += [16, 8, 0].prefix(3 - padding).map { UInt8(truncatingIfNeeded: bits >> UInt32($0)) }
        }
        return octets
    }
}
