import AMQPWire
import DataStructures

// The store is one log, cut into segments: files of a few dozen mebioctets, numbered from 1 without gaps. Beside them are
// the manifest, which names them (Manifest.swift), and the mark, which says how far the newest is on disk (SyncedMark.swift).
//
//   segment:  header record*
//   header:   magic (8)  version (4)  segment's number (4)  oldest segment then needed (4)  zero (4)  salt (8)
//             salt of the segment before (8)  its final length (8)  checksum of these 48 octets (8)
//   record:   octets of the payload (4)  checksum (8)  payload, whose first octet is its kind
//
// All integers are big-endian. A record's checksum is seeded with the salt, its place and its length, so a record that
// was right in another file or at another place, and the inside of a message that looks like a record, are wrong here.
//
// Version 1 had no manifest and no mark, and in its header nothing of the segment before; version 2 had no quorum queues,
// and version 3 no policies and no settings of virtual hosts. All are read, and what is written to such a directory is of
// version 4. A record of a new kind makes a new version.

/// How a segment is written and read.
enum SegmentFormat {
    static let magic = Array("AMQPLOG\n".utf8)
    static let version: UInt32 = 4
    static let headerCount = 56
    /// Octets of a record before its payload.
    static let recordOverhead = 12
    /// Octets of a short record's payload. The broker writes one with each batch.
    private static let mostOfShort = 64

    /// A segment that is complete.
    struct Sealed: Equatable {
        var salt: UInt64
        /// All its octets.
        var count: Int
    }

    struct Header: Equatable {
        var version = SegmentFormat.version
        var segment: UInt32
        /// The oldest segment that was needed when this one began.
        var oldest: UInt32
        var salt: UInt64
        /// The segment before; nil: it is the first, or of version 1.
        var previous: Sealed?

        /// Octets of a header of its version.
        var count: Int { version == 1 ? 40 : headerCount }

        var octets: [UInt8] {
            var writer = ByteWriter(octets: magic)
            writer.uint32(version)
            writer.uint32(segment)
            writer.uint32(oldest)
            writer.uint32(0)
            writer.uint64(salt)
            if version > 1 {
                writer.uint64(previous?.salt ?? 0)
                writer.uint64(UInt64(previous?.count ?? 0))
            }
            writer.uint64(XXHash64.hash(writer.octets[...], seed: 0))
            return writer.octets
        }
    }

    /// Why a header can't be read.
    enum HeaderError: Error, Equatable {
        case tooShort, damaged
        case otherVersion(UInt32)
    }

    static func header(of segment: [UInt8]) throws(HeaderError) -> Header {
        guard segment.count >= 40 else { throw .tooShort }
        guard segment.starts(with: magic) else { throw .damaged }
        var fields = Fields(segment[magic.count...])
        let version = UInt32(truncatingIfNeeded: fields.take(4))
        guard (1...Self.version).contains(version) else { throw .otherVersion(version) }
        let (number, oldest, _) = (fields.take(4), fields.take(4), fields.take(4))
        var header = Header(
            version: version, segment: UInt32(truncatingIfNeeded: number), oldest: UInt32(truncatingIfNeeded: oldest),
            salt: fields.take(8))
        guard segment.count >= header.count else { throw .tooShort }
        if version > 1 {
            let (salt, count) = (fields.take(8), fields.take(8))
            if count > 0 { header.previous = Sealed(salt: salt, count: Int(truncatingIfNeeded: count & .max >> 1)) }
        }
        // The checksum is a part of it.
        guard segment.starts(with: header.octets) else { throw .damaged }
        return header
    }

    /// Completes a record that begins at `start`, where room for its overhead was left. `place` is its offset in the
    /// segment.
    static func seal(_ octets: inout [UInt8], from start: Int, place: Int, salt: UInt64) {
        let count = octets.count - start - recordOverhead
        let checksum = XXHash64.hash(
            octets[(start + recordOverhead)...], seed: seed(count: count, place: place, salt: salt))
        for shift in 0..<4 { octets[start + shift] = UInt8(truncatingIfNeeded: count >> (24 - 8 * shift)) }
        for shift in 0..<8 { octets[start + 4 + shift] = UInt8(truncatingIfNeeded: checksum >> (56 - 8 * shift)) }
    }

    /// The payload of the record that `octets` begins with; nil when it is cut off or damaged.
    static func payload(of octets: ArraySlice<UInt8>, place: Int, salt: UInt64) -> ArraySlice<UInt8>? {
        let end = octets.withUnsafeBytes { recordEnd(in: $0, at: 0, place: place, salt: salt) }
        return end.map { octets[(octets.startIndex + recordOverhead)..<(octets.startIndex + $0)] }
    }

    /// Where the record that begins at `start` ends; nil when it is cut off or damaged.
    @inline(__always)
    static func recordEnd(in octets: UnsafeRawBufferPointer, at start: Int, place: Int, salt: UInt64) -> Int? {
        guard octets.count - start > recordOverhead else { return nil }
        let count = payloadCount(in: octets, at: start)
        let payload = start + recordOverhead
        guard count > 0, count <= octets.count - payload else { return nil }
        let checksum = UInt64(bigEndian: octets.loadUnaligned(fromByteOffset: start + 4, as: UInt64.self))
        let found = XXHash64.hash(
            UnsafeRawBufferPointer(rebasing: octets[payload..<(payload + count)]),
            seed: seed(count: count, place: place, salt: salt))
        return checksum == found ? payload + count : nil
    }

    /// What the record that begins at `start` says of its payload's length.
    @inline(__always)
    static func payloadCount(in octets: UnsafeRawBufferPointer, at start: Int) -> Int {
        Int(UInt32(bigEndian: octets.loadUnaligned(fromByteOffset: start, as: UInt32.self)))
    }

    private static func seed(count: Int, place: Int, salt: UInt64) -> UInt64 {
        salt ^ (UInt64(UInt32(truncatingIfNeeded: place)) << 32 | UInt64(UInt32(truncatingIfNeeded: count)))
    }

    /// Looks behind a record that can't be read for a later one which says that the place was on disk already: then
    /// it was not cut off by a crash but damaged afterwards.
    static func wasOnDisk(_ place: Int, in segment: [UInt8], salt: UInt64) -> Bool {
        let count = recordOverhead + JournalRecord.syncedCount
        var start = place + 1
        while start + count <= segment.count {
            if segment[start + 3] == UInt8(JournalRecord.syncedCount), segment[start] == 0, segment[start + 1] == 0,
                segment[start + 2] == 0, segment[start + recordOverhead] == JournalRecord.Kind.synced.rawValue,
                let payload = payload(of: segment[start..<(start + count)], place: start, salt: salt)
            {
                var fields = Fields(payload.dropFirst())
                if fields.take(8) > UInt64(place) { return true }
            }
            start += 1
        }
        return false
    }

    /// Where the next record that is right begins behind one that isn't; nil: there is none.
    ///
    /// `effort` is how many octets may still be hashed for that in this segment: messages that look like long records at
    /// every octet would take days. When it is used up, only short records are looked for.
    static func nextRecord(after place: Int, in segment: [UInt8], salt: UInt64, effort: inout Int) -> Int? {
        // Mostly its length is right, and says where the next one is.
        if segment.count - place > recordOverhead {
            var fields = Fields(segment[place...])
            let next = place + recordOverhead + Int(fields.take(4))
            if next < segment.count, payload(of: segment[next...], place: next, salt: salt) != nil { return next }
        }
        let kinds = JournalRecord.Kind.range
        for next in (place + 1)..<max(place + 1, segment.count - recordOverhead)
        where kinds.contains(segment[next + recordOverhead]) {
            let count = segment.withUnsafeBytes { payloadCount(in: $0, at: next) }
            guard count <= segment.count - next - recordOverhead, count < effort || count <= mostOfShort else {
                continue
            }
            effort -= count
            Steps.take(count)
            if payload(of: segment[next...], place: next, salt: salt) != nil { return next }
        }
        return nil
    }

    /// Big-endian integers, one after the other, of octets that are known to be there.
    private struct Fields {
        private var rest: ArraySlice<UInt8>

        init(_ octets: ArraySlice<UInt8>) { rest = octets }

        mutating func take(_ count: Int) -> UInt64 {
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count).reduce(0) { $0 << 8 | UInt64($1) }
        }
    }
}
