import DataStructures

/// The messages of a stream in the order they came in, each with its number: its offset. They stand in segments, of which
/// the oldest goes as a whole, so that no message is looked at to find out whether it may stay.
struct StreamLog {
    struct Entry {
        let message: Message
        /// When it came in, in milliseconds since the Unix epoch.
        let time: Int64
    }

    /// Messages whose offsets follow each other.
    struct Segment {
        /// The offset of the first.
        let start: UInt64
        fileprivate(set) var entries: [Entry] = []
        /// See ``StreamLog/octets(of:)``.
        fileprivate(set) var octets = 0
        /// Octets of the bodies.
        fileprivate(set) var bodyOctets = 0

        var end: UInt64 { start + UInt64(entries.count) }
        var lastTime: Int64 { entries.last?.time ?? .min }
    }

    /// Octets after which another segment begins.
    private let segmentOctets: Int
    /// Complete, oldest first; none is empty.
    private var older = Ring<Segment>()
    private var newest = Segment(start: 0)
    /// A segment that is no part of this any more, and how many of its messages have been taken out.
    private var leaving: (segment: Segment, next: Int)?
    private(set) var count = 0
    /// Octets of all segments.
    private var octets = 0
    /// Octets of all bodies.
    private(set) var bodyOctets = 0

    /// So many messages a segment has at most, however small they are: an array that grows is copied in one go.
    private static let mostInSegment = 1 << 18

    init(segmentOctets: Int) { self.segmentOctets = segmentOctets }

    /// What a message counts in its segment: about what RabbitMQ's file would grow by.
    static func octets(of message: Message) -> Int { message.contentCount + 48 }

    // MARK: In

    /// The offset that the next message gets.
    var end: UInt64 { newest.end }

    /// Appends a message; its offset is ``end``. True: that began another segment.
    mutating func append(_ message: Message, at now: Int64) -> Bool {
        let isFull =
            newest.octets >= segmentOctets || newest.entries.count >= Self.mostInSegment
            || !newest.entries.isEmpty && quirk(.segmentsAreMessages)
        if isFull { begin(at: end) }
        Steps.take()
        newest.entries.append(Entry(message: message, time: max(now, lastTime)))
        newest.octets += Self.octets(of: message)
        octets += Self.octets(of: message)
        newest.bodyOctets += message.bodySize
        bodyOctets += message.bodySize
        count += 1
        return isFull
    }

    /// The next message gets this offset, which is not below ``end``.
    mutating func skip(to offset: UInt64) { if offset > end { begin(at: offset) } }

    private mutating func begin(at offset: UInt64) {
        if !newest.entries.isEmpty { older.append(newest) }
        newest = Segment(start: offset)
    }

    private var lastTime: Int64 {
        newest.entries.last?.time ?? (older.isEmpty ? .min : older[older.count - 1].lastTime)
    }

    // MARK: Out

    /// The first message that is there from this offset on; nil: there is none yet.
    func first(from offset: UInt64) -> (offset: UInt64, entry: Entry)? {
        if offset < start, quirk(.lostPlacesAreWaitedAt) { return nil }
        let segment = offset >= newest.start ? newest : firstSegment { $0.end > offset }
        let offset = max(offset, segment.start)
        guard offset < segment.end else { return nil }
        Steps.take()
        return (offset, segment.entries[Int(offset - segment.start)])
    }

    /// The offset of the oldest message that is there, or ``end``.
    var start: UInt64 { older.first?.start ?? newest.start }

    /// The offset of the first message that came in at this time or later, or ``end``.
    func offset(notBefore time: Int64) -> UInt64 {
        let segment = firstSegment { $0.lastTime >= time }
        var (low, high) = (0, segment.entries.count)
        while low < high {
            Steps.take()
            let middle = (low + high) / 2
            if segment.entries[middle].time < time { low = middle + 1 } else { high = middle }
        }
        return segment.start + UInt64(low)
    }

    /// The first segment of which this is true, as of all behind it; the newest, if of none.
    private func firstSegment(where isBehind: (Segment) -> Bool) -> Segment {
        var (low, high) = (0, older.count)
        while low < high {
            Steps.take()
            let middle = (low + high) / 2
            if isBehind(older[middle]) { high = middle } else { low = middle + 1 }
        }
        return low < older.count ? older[low] : newest
    }

    /// The last of them.
    func latest(_ most: Int) -> [QueuedMessage] {
        var found: [QueuedMessage] = []
        var offset = max(start, end - min(end, UInt64(most)))
        while let next = first(from: offset) {
            found.append(
                QueuedMessage(
                    message: next.entry.message, position: next.offset, expiresAt: .max, failureCount: 0))
            offset = next.offset + 1
        }
        return found
    }

    // MARK: The end of messages

    /// Takes out the first message of those that are to go: of the oldest segment, if all segments have more octets than
    /// this, or if all in it came in before this time. The newest segment stays, however large or old.
    mutating func popDropped(above mostOctets: Int64?, before time: Int64?) -> (offset: UInt64, entry: Entry)? {
        if let next = popLeaving() { return next }
        guard let oldest = older.first else { return nil }
        let isTooMuch = mostOctets.map { octets > $0 } ?? false
        let isTooOld = time.map { oldest.lastTime < $0 } ?? false
        return isTooMuch || isTooOld ? popFirst() : nil
    }

    /// Takes out the first message of all.
    mutating func popFirst() -> (offset: UInt64, entry: Entry)? {
        if let next = popLeaving() { return next }
        let gone: Segment
        if let oldest = older.popFirst() {
            gone = oldest
        } else {
            gone = newest
            newest = Segment(start: newest.end)
        }
        if !quirk(.givenUpStayCounted) { count -= gone.entries.count }
        if !quirk(.givenUpOctetsStayCounted) { octets -= gone.octets }
        bodyOctets -= gone.bodyOctets
        leaving = (gone, 0)
        return popLeaving()
    }

    private mutating func popLeaving() -> (offset: UInt64, entry: Entry)? {
        guard let (segment, next) = leaving else { return nil }
        guard next < segment.entries.count else {
            leaving = nil
            return nil
        }
        Steps.take()
        leaving?.next = next + 1
        return (segment.start + UInt64(next), segment.entries[next])
    }
}
