/// Appends the primitive types of AMQP 0-9-1 (4.2.5) to octets.
public struct ByteWriter: Sendable {
    public var octets: [UInt8]

    public init(octets: [UInt8] = []) { self.octets = octets }

    public var count: Int { octets.count }

    public mutating func uint8(_ value: UInt8) { octets.append(value) }

    public mutating func uint16(_ value: UInt16) { bigEndian(value) }

    public mutating func uint32(_ value: UInt32) { bigEndian(value) }

    public mutating func uint64(_ value: UInt64) { bigEndian(value) }

    @inline(__always)
    private mutating func bigEndian(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { octets.append(contentsOf: $0) }
    }

    /// Up to eight bits, packed into one octet, lowest first (4.2.5.2).
    @inline(__always)
    public mutating func bits(
        _ bit0: Bool, _ bit1: Bool = false, _ bit2: Bool = false, _ bit3: Bool = false, _ bit4: Bool = false,
        _ bit5: Bool = false, _ bit6: Bool = false, _ bit7: Bool = false
    ) {
        var octet: UInt8 = bit0 ? 1 : 0
        if bit1 { octet |= 2 }
        if bit2 { octet |= 4 }
        if bit3 { octet |= 8 }
        if bit4 { octet |= 16 }
        if bit5 { octet |= 32 }
        if bit6 { octet |= 64 }
        if bit7 { octet |= 128 }
        octets.append(octet)
    }

    public mutating func shortString(_ value: ShortString) {
        octets.append(UInt8(truncatingIfNeeded: value.count))
        octets.append(contentsOf: value.octets)
    }

    /// Traps at 4 GiB, which no frame could bring and no memory has to spare, rather than write a wrong count.
    public mutating func longString(_ value: some Collection<UInt8>) {
        uint32(UInt32(value.count))
        octets.append(contentsOf: value)
    }

    public mutating func raw(_ value: some Sequence<UInt8>) { octets.append(contentsOf: value) }

    /// Writes a 32-bit count of the octets that `body` writes, then those octets; traps at 4 GiB, as `longString`.
    public mutating func counted(_ body: (inout ByteWriter) -> Void) {
        let at = octets.count
        uint32(0)
        body(&self)
        patch(UInt32(octets.count - at - 4), at: at)
    }

    /// Overwrites the four octets at `at`.
    public mutating func patch(_ value: UInt32, at: Int) {
        octets[at] = UInt8(truncatingIfNeeded: value >> 24)
        octets[at + 1] = UInt8(truncatingIfNeeded: value >> 16)
        octets[at + 2] = UInt8(truncatingIfNeeded: value >> 8)
        octets[at + 3] = UInt8(truncatingIfNeeded: value)
    }
}
