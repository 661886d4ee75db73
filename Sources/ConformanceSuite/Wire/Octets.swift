/// Octets as a person writes them: pairs of hexadecimal digits, `'text'` for its UTF-8, and `(a remark)`.
///
/// In what is expected, `..` stands for any one octet and `*` for any number of them.
struct Octets {
    private enum Element: Equatable {
        case octet(UInt8), anyOne, anyNumber
    }

    private var elements: [Element] = []

    /// Traps at what is not written so: it is the author's own text.
    init(_ text: String) {
        var rest = Substring(text)
        while let first = rest.popFirst() {
            switch first {
            case " ", "\n": continue
            case "(": _ = Self.take(from: &rest, upTo: ")")
            case "'": elements += Self.take(from: &rest, upTo: "'").utf8.map { .octet($0) }
            case "*": elements.append(.anyNumber)
            case ".":
                precondition(rest.popFirst() == ".", "half an octet in: \(text)")
                elements.append(.anyOne)
            default:
                guard let high = first.hexDigitValue, let low = rest.popFirst()?.hexDigitValue else {
                    preconditionFailure("not octets: \(text)")
                }
                elements.append(.octet(UInt8(high << 4 | low)))
            }
        }
    }

    private static func take(from rest: inout Substring, upTo end: Character) -> Substring {
        guard let place = rest.firstIndex(of: end) else { preconditionFailure("no \(end) ends: \(rest)") }
        defer { rest = rest[rest.index(after: place)...] }
        return rest[..<place]
    }

    /// What is sent, in which nothing may be left open.
    var plain: [UInt8] {
        elements.map {
            guard case .octet(let octet) = $0 else { preconditionFailure("octets that are not known cannot be sent") }
            return octet
        }
    }

    /// True when `octets` are these, with anything where that is allowed.
    func match(_ octets: ArraySlice<UInt8>) -> Bool { Self.match(elements[...], octets) }

    private static func match(_ elements: ArraySlice<Element>, _ octets: ArraySlice<UInt8>) -> Bool {
        var (elements, octets) = (elements, octets)
        while let element = elements.popFirst() {
            if element == .anyNumber {
                return (octets.startIndex...octets.endIndex).contains { match(elements, octets[$0...]) }
            }
            guard let octet = octets.popFirst(), element == .anyOne || element == .octet(octet) else { return false }
        }
        return octets.isEmpty
    }

    // MARK: For values that are not known when a case is written

    static func hexadecimal(_ octets: some Sequence<UInt8>) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }

    /// The highest octet first, as all numbers are (4.2.5.1).
    static func number(_ octets: some Sequence<UInt8>) -> Int { octets.reduce(0) { $0 << 8 | Int($1) } }

    /// A short string: one octet that counts the others.
    static func short(_ text: String) -> String {
        hexadecimal([UInt8(text.utf8.count)]) + " " + hexadecimal(text.utf8)
    }

    /// A long string: four octets that count the others.
    static func long(_ text: String) -> String { counted(hexadecimal(text.utf8)) }

    /// A long string, table or array of these octets: four octets that count them.
    static func counted(_ octets: String) -> String {
        let count = Octets(octets).elements.count
        return hexadecimal([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }) + " " + octets
    }
}
