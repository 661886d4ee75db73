import DataStructures

/// The messages of a stream in the order they came in, each with its number: its offset. They stand in segments, of which
/// the oldest goes as a whole, so that no message is looked at to find out whether it may stay.
///
/// Only the newest are in memory if there is a store: the others are runs, which are read back where a consumer reads.
struct StreamLog {
    struct Entry {
        let message: Message
        /// When it came in, in milliseconds since the Unix epoch.
        let time: Int64
    }

    /// What has been taken out.
    enum Gone {
        case message(offset: UInt64, Entry)
        case run(StoredRun)
    }

    /// Octets after which another segment begins.
    private let segmentOctets: Int
    private let blockCount: Int
    /// nil: there is no store.
    private let chunks: StreamChunks?
    /// Complete, oldest first; none is empty.
    private var older = Ring<StreamSegment>()
    /// So many of these, the oldest, are only in the store.
    private var storedSegments = 0
    private var newest: StreamSegment
    /// A segment that is no part of this any more, and the offset of the first of its messages that has not been taken out.
    private var leaving: (segment: StreamSegment, next: UInt64)?
    private(set) var count = 0
    /// Octets of all segments.
    private var octets = 0
    /// Octets of all bodies.
    private(set) var bodyOctets = 0
    /// How many messages are in memory.
    private(set) var residentCount = 0

    /// So many messages a segment has at most, however small they are.
    private static let mostInSegment = 1 << 18

    /// `chunks` reads back what only the store has; `blockCount` messages go there at a time.
    init(segmentOctets: Int, blockCount: Int = 256, chunks: StreamChunks? = nil) {
        (self.segmentOctets, self.blockCount, self.chunks) = (segmentOctets, max(1, blockCount), chunks)
        newest = StreamSegment(start: 0, blockCount: self.blockCount)
    }

    /// What a message counts in its segment: about what RabbitMQ's file would grow by.
    static func octets(of message: Message) -> Int { message.contentCount + overhead }
    private static let overhead = 48

    // MARK: In

    /// The offset that the next message gets.
    var end: UInt64 { newest.end }

    /// Appends a message; its offset is ``end``. True: that began another segment.
    mutating func append(_ message: Message, at now: Int64) -> Bool {
        let isFull = isFull(newest.octets, newest.count)
        if isFull { begin(at: end) }
        Steps.take()
        newest.append(Entry(message: message, time: max(now, lastTime)), octets: Self.octets(of: message))
        octets += Self.octets(of: message)
        bodyOctets += message.bodySize
        count += 1
        residentCount += 1
        return isFull
    }

    /// No message more comes to a segment with so many octets and messages.
    private func isFull(_ octets: Int, _ count: Int) -> Bool {
        octets >= segmentOctets || count >= Self.mostInSegment
            || count > 0 && quirk(.segmentsAreMessages)
    }

    /// Appends a run that was read back. `split` makes several of one, with so many messages each: none is in two segments.
    mutating func append(_ run: StoredRun, split: (StoredRun, [Int]) -> [StoredRun]) {
        let isSmall =
            newest.octets + Self.octets(of: run) <= segmentOctets
            && newest.count + run.count <= Self.mostInSegment
        if run.count == 1, isFull(newest.octets, newest.count) { begin(at: end) }
        if run.count == 1 { return add(run) }
        if isSmall, newest.count == 0 || !isFull(newest.octets, newest.count) { return add(run) }
        if newest.octets < segmentOctets, quirk(.runsAreInOneSegment) { return add(run) }
        var (octets, count, counts) = (newest.octets, newest.count, [0])
        for entry in read(
            StreamSegment.Stored(first: end, time: lastTime, lastTime: run.lastTime, run: run))
        {
            if isFull(octets, count) {
                counts.append(0)
                (octets, count) = (0, 0)
            }
            counts[counts.count - 1] += 1
            (octets, count) = (octets + Self.octets(of: entry.message), count + 1)
        }
        let isNew = counts[0] == 0
        if isNew { counts.removeFirst() }
        for (number, part) in (counts.count == 1 ? [run] : split(run, counts)).enumerated() {
            if isNew || number > 0 { begin(at: end) }
            add(part)
        }
    }

    private mutating func add(_ run: StoredRun) {
        newest.append(run, after: lastTime, octets: Self.octets(of: run))
        octets += Self.octets(of: run)
        bodyOctets += run.bodyOctets
        if !quirk(.restoredAreNotCounted) { count += run.count }
    }

    private static func octets(of run: StoredRun) -> Int { run.contentOctets + overhead * run.count }

    /// The next message gets this offset, which is not below ``end``.
    mutating func skip(to offset: UInt64) { if offset > end { begin(at: offset) } }

    private mutating func begin(at offset: UInt64) {
        if newest.count > 0 {
            newest.close()
            older.append(newest)
            skipStored()
        }
        newest = StreamSegment(start: offset, blockCount: blockCount)
    }

    private var lastTime: Int64 {
        newest.count > 0 || older.isEmpty ? newest.lastTime : older[older.count - 1].lastTime
    }

    // MARK: Letting go

    /// There are blocks of messages in memory beside the newest ones.
    var hasOldBlocks: Bool { storedSegments < older.count || newest.closedBlockCount > 1 }

    /// Half a block has come since this was so before. `phase` tells streams apart: what comes to a thousand at once must not
    /// make all of them do at once what they do now and then.
    func endsHalfABlock(_ phase: UInt64) -> Bool { (end &+ phase) % UInt64(max(1, blockCount / 2)) == 0 }

    /// The oldest block of messages that are in memory; nil: there is none but the newest ones.
    var oldestBlock: (first: UInt64, entries: [Entry])? {
        if storedSegments < older.count { return older[storedSegments].oldestBlock }
        return newest.closedBlockCount > 1 ? newest.oldestBlock : nil
    }

    /// These messages are only in the store from now on. They are those of ``oldestBlock``.
    mutating func replaceOldestBlock(by runs: [StoredRun]) {
        let segment = storedSegments < older.count ? older[storedSegments] : newest
        let before = segment.residentCount
        segment.replaceOldestBlock(by: runs)
        residentCount -= before - segment.residentCount
        if quirk(.letGoAreNotCounted) { count -= before - segment.residentCount }
        skipStored()
    }

    private mutating func skipStored() {
        while storedSegments < older.count, older[storedSegments].residentCount == 0 { storedSegments += 1 }
    }

    // MARK: Out

    /// Some messages whose offsets follow each other, from the first on that is there from this offset on; nil: there is none
    /// yet. They are those that stand together, so that a reader need not have each looked up.
    func some(from offset: UInt64) -> (first: UInt64, entries: ArraySlice<Entry>)? {
        let isGone = offset < start
        if isGone, quirk(.lostPlacesAreWaitedAt) { return nil }
        if !isGone, offset < newest.start || newest.residentCount < newest.count,
            let known = chunks?.known(from: offset)
        {
            return (offset, known)
        }
        let segment = offset >= newest.start ? newest : firstSegment { $0.end > offset }
        let offset = max(offset, segment.start)
        guard offset < segment.end else { return nil }
        switch segment.find(offset) {
        case .entries(let entries): return (offset, entries)
        case .stored(let stored, let at): return (offset, read(stored)[at...])
        }
    }

    /// The first message that is there from this offset on; nil: there is none yet.
    func first(from offset: UInt64) -> (offset: UInt64, entry: Entry)? {
        some(from: offset).flatMap { first, entries in entries.first.map { (first, $0) } }
    }

    private func read(_ stored: StreamSegment.Stored) -> [Entry] { chunks?.entries(of: stored) ?? [] }

    /// Segments that are complete.
    var olderCount: Int { older.count }

    /// The offset of the newest message that is there; nil: there is none. Behind it some may have been lost with damage.
    var last: UInt64? {
        if newest.count > 0 { return newest.end - 1 }
        return older.isEmpty ? nil : older[older.count - 1].end - 1
    }

    /// The offset of the oldest message that is there, or ``end``.
    var start: UInt64 { older.first?.start ?? newest.start }

    /// The offset of the first message that came in at this time or later, or ``end``.
    func offset(notBefore time: Int64) -> UInt64 {
        firstSegment { $0.lastTime >= time }.offset(notBefore: time, read)
    }

    /// The first segment of which this is true, as of all behind it; the newest, if of none.
    private func firstSegment(where isBehind: (StreamSegment) -> Bool) -> StreamSegment {
        var (low, high) = (0, older.count)
        while low < high {
            Steps.take()
            let middle = (low + high) / 2
            if isBehind(older[middle]) { high = middle } else { low = middle + 1 }
        }
        return low < older.count ? older[low] : newest
    }

    /// The last of them, for a look: without large ones that would have to be read.
    func latest(_ most: Int) -> [QueuedMessage] {
        var found: [QueuedMessage] = []
        for offset in max(start, end - min(end, UInt64(most)))..<end {
            let segment = firstSegment { $0.end > offset }
            guard offset >= segment.start else { continue }
            if case .stored(let stored, _) = segment.find(offset), stored.run.count == 1,
                stored.run.contentOctets > StreamChunks.mostForALook
            {
                continue
            }
            guard let next = first(from: offset) else { continue }
            found.append(
                QueuedMessage(message: next.entry.message, position: next.offset, expiresAt: .max, failureCount: 0))
        }
        return found
    }

    // MARK: The end of messages

    /// Takes out the first of what is to go: of the oldest segment, if all segments have more octets than this, or if all in it
    /// came in before this time. The newest segment stays, however large or old.
    mutating func popDropped(above mostOctets: Int64?, before time: Int64?) -> Gone? {
        if let next = popLeaving() { return next }
        guard let oldest = older.first else { return nil }
        let isTooMuch = mostOctets.map { octets > $0 && (time == nil || !quirk(.streamAgeAloneCounts)) } ?? false
        let isTooOld = time.map { oldest.lastTime < $0 } ?? false
        return isTooMuch || isTooOld ? popFirst() : nil
    }

    /// Takes out the first of all.
    mutating func popFirst() -> Gone? {
        if let next = popLeaving() { return next }
        let gone: StreamSegment
        if let oldest = older.popFirst() {
            gone = oldest
            storedSegments = max(0, storedSegments - 1)
        } else {
            gone = newest
            newest = StreamSegment(start: newest.end, blockCount: blockCount)
        }
        if !quirk(.givenUpStayCounted) { count -= gone.count }
        if !quirk(.givenUpOctetsStayCounted) { octets -= gone.octets }
        bodyOctets -= gone.bodyOctets
        residentCount -= gone.residentCount
        leaving = (gone, gone.start)
        return popLeaving()
    }

    private mutating func popLeaving() -> Gone? {
        guard let (segment, next) = leaving else { return nil }
        guard next < segment.end else {
            leaving = nil
            return nil
        }
        switch segment.find(next) {
        case .entries(let entries):
            guard let entry = entries.first else { return nil }
            leaving?.next = next + 1
            return .message(offset: next, entry)
        case .stored(let stored, _):
            leaving?.next = stored.end
            return .run(stored.run)
        }
    }
}
