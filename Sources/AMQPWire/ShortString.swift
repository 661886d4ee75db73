/// A short string: at most 255 octets (AMQP 0-9-1, 4.2.5.3).
///
/// Names and routing keys are octets to the protocol, so two are equal when their octets are: `String` would call
/// "é" in its two Unicode spellings the same queue, and could not hold a key that is not UTF-8.
public struct ShortString: Sendable {
    /// The longest a short string may be, in octets.
    public static let maximumCount = 255

    /// At most ``maximumCount`` octets.
    public let octets: [UInt8]

    /// The empty string.
    public init() { octets = [] }

    /// The UTF-8 octets of `text`. Throws ``WireError`` when there are more than 255.
    public init(_ text: String) throws(WireError) {
        try self.init(octets: Array(text.utf8))
    }

    /// Throws ``WireError`` when there are more than 255 octets.
    public init(octets: [UInt8]) throws(WireError) {
        guard octets.count <= Self.maximumCount else {
            throw WireError(
                .syntaxError, "a short string holds at most 255 octets, this one has \(octets.count)", at: 0)
        }
        self.octets = octets
    }

    /// The first 255 octets of `text`, cut at a character: for text that a person reads, where a cut loses nothing.
    public init(truncating text: String) {
        var kept: [UInt8] = []
        for character in text {
            let next = Array(character.utf8)
            if kept.count + next.count > Self.maximumCount { break }
            kept += next
        }
        octets = kept
    }

    init(unchecked octets: [UInt8]) { self.octets = octets }

    public var isEmpty: Bool { octets.isEmpty }
    public var count: Int { octets.count }

    /// As text; octets that are not UTF-8 show as U+FFFD.
    public var text: String { String(decoding: octets, as: UTF8.self) }

    public func hasPrefix(_ prefix: StaticString) -> Bool {
        prefix.withUTF8Buffer { octets.starts(with: $0) }
    }
}

extension ShortString: Hashable {
    public static func == (left: Self, right: Self) -> Bool { left.octets == right.octets }

    public func hash(into hasher: inout Hasher) {
        // One call for all octets; Array's own would make one for each.
        octets.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension ShortString: Comparable {
    public static func < (left: Self, right: Self) -> Bool { left.octets.lexicographicallyPrecedes(right.octets) }
}

extension ShortString: ExpressibleByStringLiteral {
    /// A literal is the author's own text, never input, so one that is too long is a mistake to stop at.
    public init(stringLiteral text: StaticString) {
        let octets = text.withUTF8Buffer { Array($0) }
        precondition(octets.count <= Self.maximumCount, "a short string literal of more than 255 octets")
        self.octets = octets
    }
}

extension ShortString: CustomStringConvertible {
    public var description: String { text }
}
