/// Percent-encoding, as addresses have it (RFC 3986, 2.1).
public enum PercentCoding {
    /// nil: a `%` has no two hexadecimal digits behind it.
    public static func decode(_ octets: some Collection<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var text: [UInt8] = []
        var rest = Array(octets)[...]
        while let octet = rest.popFirst() {
            switch octet {
            case UInt8(ascii: "%"):
                guard let high = digit(rest.popFirst()), let low = digit(rest.popFirst()) else { return nil }
                text.append(UInt8(high * 16 + low))
            case UInt8(ascii: "+") where plusIsSpace: text.append(0x20)
            default: text.append(octet)
            }
        }
        return text
    }

    private static func digit(_ octet: UInt8?) -> Int? {
        octet.flatMap { Character(Unicode.Scalar($0)).hexDigitValue }
    }

    /// A name as a segment of a path: all but the unreserved characters are encoded.
    public static func encode(segment name: String) -> String {
        name.utf8.map { octet in
            let isPlain =
                (0x30...0x39).contains(octet) || (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet)
                || "-._~".utf8.contains(octet)
            let digits = String(octet, radix: 16, uppercase: true)
            return isPlain ? String(UnicodeScalar(octet)) : "%\(octet < 16 ? "0" : "")\(digits)"
        }.joined()
    }
}
