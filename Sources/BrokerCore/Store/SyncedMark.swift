import AMQPWire

/// How far the newest segment is on disk, in a file of one sector that is written over after each batch that was forced
/// to disk, and before anybody hears of it. The mark itself is not forced to disk: that would double what a confirm costs.
///
/// So it tells a write that a crash cut off from one that was damaged afterwards. As long as the machine runs, the mark
/// is exact, also when the broker was killed: what is before it was confirmed, what is behind it was not. It is exact too
/// when the broker ended properly. After a power cut it may be older than the segment, by what was confirmed in the last
/// seconds: what is before it was on disk, and nothing is known of the rest.
///
///   magic (8)  segment's number (4)  1: the broker ended properly (4)  salt of the segment (8)  octets on disk (8)
///   the machine's start (8)  checksum of these 40 octets (8)
public struct SyncedMark: Equatable, Sendable {
    public var segment: UInt32 = 0
    public var salt: UInt64 = 0
    /// Octets of the segment that are on disk.
    public var offset = 0
    /// Differs from one start of the machine to the next; 0: nobody knows.
    public var bootID: UInt64
    public var isClean = false

    private static let magic = Array("AMQPEND\n".utf8)

    public init(bootID: UInt64) { self.bootID = bootID }

    public var octets: [UInt8] {
        var writer = ByteWriter(octets: Self.magic)
        writer.uint32(segment)
        writer.uint32(isClean ? 1 : 0)
        writer.uint64(salt)
        writer.uint64(UInt64(offset))
        writer.uint64(bootID)
        writer.uint64(XXHash64.hash(writer.octets[...], seed: 0))
        return writer.octets
    }

    /// nil: it is damaged.
    public init?(_ octets: [UInt8]) {
        do throws(WireError) {
            var reader = ByteReader(octets[...])
            try reader.skip(Self.magic.count)
            segment = try reader.uint32()
            isClean = try reader.uint32() == 1
            salt = try reader.uint64()
            offset = Int(truncatingIfNeeded: try reader.uint64() & UInt64(Int64.max))
            bootID = try reader.uint64()
        } catch { return nil }
        guard octets == self.octets else { return nil }
    }
}
