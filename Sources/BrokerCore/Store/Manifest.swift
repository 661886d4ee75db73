import AMQPWire

/// Which segments there are, in a file of its own that is replaced as a whole.
///
/// It is written when a segment has been made and its header is on disk, and before anything else of that segment is. So
/// whatever it names has been there, and in a segment that it does not name nothing was ever confirmed.
///
///   magic (8)  version (4)  number of segments (4)  { number (4)  salt (8)  final length, 0: it is the newest (8) }*
///   checksum of all before (8)
struct Manifest: Equatable {
    struct Segment: Equatable {
        var number: UInt32
        var salt: UInt64
        /// Its final length; nil: it is the newest, and grows.
        var count: Int?
    }

    private var version = SegmentFormat.version
    /// By rising number, without gaps. Empty in a directory that was just made.
    var segments: [Segment]

    private static let magic = Array("AMQPDIR\n".utf8)

    var oldest: UInt32 { segments.first?.number ?? 0 }
    var newest: UInt32 { segments.last?.number ?? 0 }

    subscript(number: UInt32) -> Segment? {
        guard number >= oldest, number - oldest < segments.count else { return nil }
        return segments[Int(number - oldest)]
    }

    var octets: [UInt8] {
        var writer = ByteWriter(octets: Self.magic)
        writer.uint32(version)
        writer.uint32(UInt32(segments.count))
        for segment in segments {
            writer.uint32(segment.number)
            writer.uint64(segment.salt)
            writer.uint64(UInt64(segment.count ?? 0))
        }
        writer.uint64(XXHash64.hash(writer.octets[...], seed: 0))
        return writer.octets
    }

    init(segments: [Segment]) { self.segments = segments }

    init(_ octets: [UInt8]) throws(SegmentFormat.HeaderError) {
        segments = []
        do throws(WireError) {
            var reader = ByteReader(octets[...])
            guard try Array(reader.slice(Self.magic.count)) == Self.magic else { throw reader.error("no manifest") }
            version = try reader.uint32()
            for _ in 0..<(try reader.uint32()) {
                let (number, salt, count) = (try reader.uint32(), try reader.uint64(), try reader.uint64())
                if let last = segments.last, number != last.number &+ 1 { throw reader.error("a gap") }
                segments.append(
                    Segment(
                        number: number, salt: salt, count: count == 0 ? nil : Int(truncatingIfNeeded: count & .max >> 1)
                    ))
            }
        } catch {
            // A newer one may say more.
            if version > SegmentFormat.version { throw .otherVersion(version) }
            throw .damaged
        }
        if version > SegmentFormat.version { throw .otherVersion(version) }
        guard octets == self.octets else { throw .damaged }
    }
}
