import AMQPWire

/// A segment, all of whose records were verified, and what they say in flat tables.
///
/// That is most of the work of reading a log back, and takes no other segment to do it, so segments can be scanned beside
/// each other. The octets come in pieces that fit a processor's cache, and are not kept.
public struct SegmentScan: Sendable {
    /// The octets of the header, fewer where the segment is shorter.
    let head: [UInt8]
    /// Octets of the segment.
    public private(set) var count: Int
    /// What its records say, in their order.
    private(set) var parts: [SegmentPart] = []
    /// Where the first record begins that is damaged or cut off; at the segment's end: none is. Nothing is known of what
    /// stands behind it.
    private(set) var end = 0
    /// All octets, if a record is damaged or cut off.
    private(set) var whole: [UInt8] = []

    /// Octets of a piece, unless a test wants others.
    public static let pieceCount = 512 << 10

    /// Reads a segment. `read` returns so many octets from an offset on, fewer at the end; `readAll` all of them.
    public init<Problem: Error>(
        pieceCount: Int = Self.pieceCount,
        read: (_ count: Int, _ offset: Int) throws(Problem) -> [UInt8], readAll: () throws(Problem) -> [UInt8]
    ) throws(Problem) {
        var piece = try read(pieceCount, 0)
        var isLast = piece.count < pieceCount
        head = Array(piece.prefix(SegmentFormat.headerCount))
        count = piece.count
        // One that has no header is as short as it says, or of no use.
        guard let header = try? SegmentFormat.header(of: head) else {
            if !isLast { count = try readAll().count }
            return
        }
        var start = 0
        end = header.count
        while true {
            let missing = take(piece, at: start, header.salt)
            if end == count, isLast { return }
            if missing == 0 || missing > pieceCount || isLast { break }
            start = end
            piece = try read(pieceCount, start)
            isLast = piece.count < pieceCount
            count = start + piece.count
        }
        // A record that is damaged or cut off, or longer than a piece.
        whole = try readAll()
        count = whole.count
        _ = take(whole, at: 0, header.salt)
        if end == count { whole = [] }
    }

    /// Takes the records from `end` on. Returns 0 when the next one is damaged; else how many of its octets have to be
    /// there to tell.
    private mutating func take(_ piece: [UInt8], at start: Int, _ salt: UInt64) -> Int {
        var part = SegmentPart()
        let missing = piece.withUnsafeBytes { part.scan($0, from: end - start, place: start, salt: salt) }
        parts.append(part)
        end = part.end
        return missing
    }

    /// Of a segment that is in memory.
    public init(_ octets: [UInt8], pieceCount: Int = Self.pieceCount) {
        func read(_ count: Int, _ offset: Int) throws(Never) -> [UInt8] {
            Array(octets.dropFirst(offset).prefix(count))
        }
        func all() throws(Never) -> [UInt8] { octets }
        self.init(pieceCount: pieceCount, read: read, readAll: all)
    }
}

/// What some records that follow each other say: messages in flat tables, everything else as it stands there.
struct SegmentPart: Sendable {
    struct Message {
        /// Where the record is in the segment, and its octets.
        var place: UInt32
        var count: UInt32
        var contentCount: UInt32
        var propertiesCount: UInt32
        var copyCount: UInt32
        /// Numbers of names.
        var exchange: UInt32
        var routingKey: UInt32
        var priority: UInt8
        var bits: Bits
    }

    struct Other {
        /// So many of the messages stand before it.
        var before: Int
        var place: Int
        var payload: [UInt8]
    }

    private(set) var messages: [Message] = []
    /// Of all messages, one after the other.
    private(set) var copies: [StoredContent.Copy] = []
    private(set) var names: [ShortString] = []
    private(set) var others: [Other] = []
    /// Where in the segment the next record begins.
    private(set) var end = 0

    /// The number of a name that was met, by some bits of its hash, plus 1.
    private var known = [UInt32](repeating: 0, count: 64)

    /// Takes the records from `start` on, of octets that begin at `place` in the segment. Returns 0 when the next record
    /// is damaged, or all were taken; else how many octets have to be there, from that record on, to tell.
    mutating func scan(_ octets: UnsafeRawBufferPointer, from start: Int, place: Int, salt: UInt64) -> Int {
        var at = start
        defer {
            end = place + at
            known = []
        }
        while at < octets.count {
            guard let next = SegmentFormat.recordEnd(in: octets, at: at, place: place + at, salt: salt) else {
                let left = octets.count - at
                if left <= SegmentFormat.recordOverhead { return SegmentFormat.recordOverhead + 1 }
                let wanted = SegmentFormat.recordOverhead + SegmentFormat.payloadCount(in: octets, at: at)
                return wanted > left ? wanted : 0
            }
            let payload = UnsafeRawBufferPointer(rebasing: octets[(at + SegmentFormat.recordOverhead)..<next])
            if !take(payload, place: place + at) {
                others.append(Other(before: messages.count, place: place + at, payload: Array(payload)))
            }
            at = next
        }
        return SegmentFormat.recordOverhead + 1
    }

    /// Adds a message, unless it is in no queue.
    mutating func add(_ content: StoredContent, at place: Int, count: Int) {
        if content.copies.isEmpty { return }
        copies += content.copies
        messages.append(
            Message(
                place: UInt32(truncatingIfNeeded: place), count: UInt32(truncatingIfNeeded: count),
                contentCount: UInt32(clamping: content.content.count),
                propertiesCount: UInt32(clamping: content.propertiesCount),
                copyCount: UInt32(clamping: content.copies.count), exchange: UInt32(names.count),
                routingKey: UInt32(names.count + 1), priority: content.priority,
                bits: Bits(
                    content.hasHeaders, content.hasBlindCopies, content.isDeadLetter, content.hasSpentCopies,
                    content.hasPriority, content.hasFailed)))
        names += [content.exchange, content.routingKey]
    }

    /// Takes the record of a message. False: it is another, or makes no sense. See ``StoredContent/write(to:)``.
    private mutating func take(_ payload: UnsafeRawBufferPointer, place: Int) -> Bool {
        guard payload[0] == JournalRecord.Kind.message.rawValue else { return false }
        var at = 1
        func has(_ count: Int) -> Bool { count <= payload.count - at }
        guard has(1), case let exchange = Int(payload[at]), has(exchange + 2) else { return false }
        let exchangeName = payload[(at + 1)..<(at + 1 + exchange)]
        at += 1 + exchange
        guard case let key = Int(payload[at]), has(key + 7) else { return false }
        let keyName = payload[(at + 1)..<(at + 1 + key)]
        at += 1 + key
        let (priority, bits) = (payload[at], Bits(octet: payload[at + 1]))
        let copyCount = Int(Self.uint32(payload, at + 2))
        at += 6
        guard copyCount > 0, has(copyCount * 24 + 4) else { return false }
        let copiesAt = at
        at += copyCount * 24
        let propertiesCount = Self.uint32(payload, at)
        at += 4
        guard Int(propertiesCount) <= payload.count - at else { return false }
        for copy in 0..<copyCount {
            let from = copiesAt + copy * 24
            copies.append(
                StoredContent.Copy(
                    queue: Self.uint64(payload, from), position: Self.uint64(payload, from + 8),
                    expiresAt: Int64(bitPattern: Self.uint64(payload, from + 16))))
        }
        messages.append(
            Message(
                place: UInt32(truncatingIfNeeded: place),
                count: UInt32(truncatingIfNeeded: SegmentFormat.recordOverhead + payload.count),
                contentCount: UInt32(truncatingIfNeeded: payload.count - at), propertiesCount: propertiesCount,
                copyCount: UInt32(truncatingIfNeeded: copyCount), exchange: number(of: exchangeName),
                routingKey: number(of: keyName), priority: priority, bits: bits))
        return true
    }

    /// The number of a name, a new one unless it was met lately: mostly all messages have the same few.
    private mutating func number(of slice: Slice<UnsafeRawBufferPointer>) -> UInt32 {
        let octets = UnsafeRawBufferPointer(rebasing: slice)
        let slot = Int(XXHash64.hash(octets, seed: 0) & 63)
        let last = known[slot]
        if last > 0, Self.equal(names[Int(last) - 1].octets, octets) { return last - 1 }
        names.append((try? ShortString(octets: Array(octets))) ?? ShortString())
        known[slot] = UInt32(truncatingIfNeeded: names.count)
        return UInt32(truncatingIfNeeded: names.count - 1)
    }

    @inline(__always)
    private static func equal(_ name: [UInt8], _ octets: UnsafeRawBufferPointer) -> Bool {
        guard name.count == octets.count else { return false }
        for at in 0..<octets.count where name[at] != octets[at] { return false }
        return true
    }

    @inline(__always)
    private static func uint32(_ octets: UnsafeRawBufferPointer, _ at: Int) -> UInt32 {
        UInt32(bigEndian: octets.loadUnaligned(fromByteOffset: at, as: UInt32.self))
    }

    @inline(__always)
    private static func uint64(_ octets: UnsafeRawBufferPointer, _ at: Int) -> UInt64 {
        UInt64(bigEndian: octets.loadUnaligned(fromByteOffset: at, as: UInt64.self))
    }
}

extension Message.Traits {
    /// Those of a message that was read back.
    init(_ record: SegmentPart.Message) {
        self.init(
            isPersistent: true, priority: record.priority,
            hasPriority: record.bits[4] && !quirk(quorum: .restoredHaveNoPriority), hasHeaders: record.bits[0],
            hasBlindCopies: record.bits[1], isDeadLetter: record.bits[2], hasSpentCopies: record.bits[3],
            failureCount: record.bits[5] ? 1 : 0)
    }
}
