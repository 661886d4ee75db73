/// Reads the primitive types of AMQP 0-9-1 (4.2.5) from octets, checking every length.
///
/// It looks at the octets where they are: a slice of the buffer that a frame arrived in, not a copy.
public struct ByteReader: Sendable {
    private let octets: ArraySlice<UInt8>
    private var index: Int

    public init(_ octets: ArraySlice<UInt8>) {
        self.octets = octets
        index = octets.startIndex
    }

    public init(_ octets: [UInt8]) { self.init(octets[...]) }

    /// Octets read so far.
    public var offset: Int { index - octets.startIndex }
    /// Octets left.
    public var remaining: Int { octets.endIndex - index }

    /// An error about what stands at the current place. Octets that do not parse are a frame error, as to RabbitMQ.
    public func error(_ reason: String, code: ReplyCode = .frameError) -> WireError {
        WireError(code, reason, at: offset)
    }

    /// Out of line: this is the rare way, and building its text would bloat every read.
    @inline(never)
    private func shortage(of what: StaticString, _ count: Int) -> WireError {
        error("\(what) needs \(count) octets, \(remaining) are left")
    }

    @inline(__always)
    private mutating func take(_ count: Int, _ what: StaticString) throws(WireError) -> Int {
        guard count <= octets.endIndex - index else { throw shortage(of: what, count) }
        defer { index += count }
        return index
    }

    public mutating func uint8() throws(WireError) -> UInt8 {
        octets[try take(1, "an octet")]
    }

    public mutating func uint16() throws(WireError) -> UInt16 {
        let at = try take(2, "a short integer")
        return UInt16(octets[at]) << 8 | UInt16(octets[at + 1])
    }

    public mutating func uint32() throws(WireError) -> UInt32 {
        let at = try take(4, "a long integer")
        return UInt32(octets[at]) << 24 | UInt32(octets[at + 1]) << 16 | UInt32(octets[at + 2]) << 8
            | UInt32(octets[at + 3])
    }

    public mutating func uint64() throws(WireError) -> UInt64 {
        let high = try uint32()
        return UInt64(high) << 32 | UInt64(try uint32())
    }

    /// Bits packed into one octet, lowest first (4.2.5.2).
    public mutating func bits() throws(WireError) -> Bits { Bits(octet: try uint8()) }

    public mutating func shortString() throws(WireError) -> ShortString {
        ShortString(unchecked: Array(try shortStringSlice()))
    }

    /// The octets of a short string, not copied.
    public mutating func shortStringSlice() throws(WireError) -> ArraySlice<UInt8> {
        let count = Int(try uint8())
        let at = try take(count, "a short string")
        return octets[at..<at + count]
    }

    public mutating func longString() throws(WireError) -> [UInt8] {
        let count = Int(try uint32())
        let at = try take(count, "a long string")
        return Array(octets[at..<at + count])
    }

    public mutating func skip(_ count: Int) throws(WireError) { _ = try take(count, "what follows") }

    /// The next `count` octets, not copied.
    public mutating func slice(_ count: Int) throws(WireError) -> ArraySlice<UInt8> {
        let at = try take(count, "what follows")
        return octets[at..<at + count]
    }

    /// All that is left, not copied.
    public mutating func rest() -> ArraySlice<UInt8> {
        defer { index = octets.endIndex }
        return octets[index...]
    }

    /// Throws when octets are left over.
    public func expectEnd(of what: @autoclosure () -> String) throws(WireError) {
        if remaining > 0 { throw error("\(what()) ends \(remaining) octets before its frame does") }
    }
}

/// Up to eight bits of a method, packed into one octet, lowest first (AMQP 0-9-1, 4.2.5.2).
public struct Bits: Sendable, Equatable {
    public var octet: UInt8

    public init(octet: UInt8) { self.octet = octet }

    public init(_ bits: Bool...) {
        octet = 0
        for (place, bit) in bits.enumerated() where bit { octet |= 1 << UInt8(place & 7) }
    }

    public subscript(place: Int) -> Bool { octet & (1 << UInt8(place & 7)) != 0 }
}
