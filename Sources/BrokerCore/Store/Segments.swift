/// The segments of the log: how much of each is still needed, and what to do about the rest.
struct Segments {
    private struct Segment {
        var number: UInt32
        var salt: UInt64
        /// All octets.
        var count = 0
        /// Octets of records whose message is still in a queue.
        var liveCount = 0
        /// The entries of its messages, by slot; 0 once a message is gone.
        var messages: [UInt32] = []
        /// So many of them are not 0.
        var entryCount = 0
        /// Those of streams that are not in ``messages`` any more. One that is gone, or has moved, may still be here.
        var runs: [StoredRun] = []

        /// Forgets what is not there.
        mutating func closeUp() {
            if entryCount == 0 { messages = [] }
            if liveCount == 0 { runs = [] }
        }
    }

    /// What is copied from the oldest segment to the end of the log.
    enum Kept {
        case message(UInt32)
        case run(StoredRun)
    }

    /// Oldest first; the numbers follow each other.
    private var all: [Segment] = []
    /// How far the oldest has been rewritten.
    private var rewritten = 0
    private var rewrittenRuns = 0
    /// The segment that begins with the latest description of all that is declared; 0: there is none.
    private var described: UInt32 = 0
    private var descriptionCount = 0

    var oldest: UInt32? { all.first?.number }
    var newest: UInt32 { all.last?.number ?? 0 }

    private func index(of segment: UInt32) -> Int? {
        guard let first = all.first?.number, segment >= first, segment - first < UInt32(all.count) else { return nil }
        return Int(segment - first)
    }

    func salt(of segment: UInt32) -> UInt64 { index(of: segment).map { all[$0].salt } ?? 0 }

    /// The newest as it will be once another has begun; nil: there is none.
    var sealed: SegmentFormat.Sealed? { all.last.map { .init(salt: $0.salt, count: $0.count) } }

    /// What there is, for the directory's manifest.
    var manifest: Manifest {
        Manifest(
            segments: all.map { segment in
                .init(
                    number: segment.number, salt: segment.salt, count: segment.number == newest ? nil : segment.count)
            })
    }

    /// Begins a segment; its number is the one after the newest, or any for the first.
    mutating func begin(_ number: UInt32, salt: UInt64) {
        if !all.isEmpty { all[all.count - 1].closeUp() }
        all.append(Segment(number: number, salt: salt))
    }

    mutating func grow(by count: Int) { all[all.count - 1].count += count }

    // MARK: Descriptions

    /// All that is declared was described since the beginning of this segment, in so many octets.
    mutating func noteDescription(since segment: UInt32, count: Int) {
        (described, descriptionCount) = (segment, count)
    }

    /// True when all that is declared is to be described again, so that older segments can go. Most segments begin
    /// with that; where much is declared, so many are left out that at most an eighth of the log is description.
    /// `isAtStart`: each start begins a segment, and a few of these are left out in any case.
    func isDescriptionDue(isAtStart: Bool) -> Bool {
        guard let index = index(of: described) else { return true }
        let count = all[index...].reduce(0) { $0 + $1.count }
        return count >= 8 * descriptionCount || isAtStart && all.count - index > 8
    }

    /// Adds a message, known by its entry, whose record is in the newest segment.
    mutating func add(_ message: UInt32, offset: Int, count: Int) -> StoredMessages.Place {
        let last = all.count - 1
        let slot = all[last].messages.count
        all[last].messages.append(message)
        all[last].entryCount += 1
        all[last].liveCount += count
        return .init(
            record: RecordPlace(
                segment: all[last].number, offset: UInt32(truncatingIfNeeded: offset),
                count: UInt32(truncatingIfNeeded: count)),
            slot: UInt32(truncatingIfNeeded: slot))
    }

    /// The number that the next message of the newest segment has in its list.
    var nextSlot: UInt32 { UInt32(truncatingIfNeeded: all.last?.messages.count ?? 0) }

    /// Adds messages whose records are in the newest segment. Returns the octets of their contents.
    mutating func add(_ messages: [Message], _ records: ArraySlice<SegmentPart.Message>) -> Int {
        let last = all.count - 1
        all[last].messages += messages.map(\.storeEntry)
        all[last].entryCount += messages.count
        var (recordOctets, contentOctets) = (0, 0)
        for record in records {
            recordOctets += Int(record.count)
            contentOctets += Int(record.contentCount)
        }
        all[last].liveCount += recordOctets
        return contentOctets
    }

    /// The message's record at this place is not needed any more.
    mutating func remove(_ place: StoredMessages.Place) {
        guard let index = index(of: place.record.segment) else { return }
        all[index].messages[Int(place.slot)] = 0
        all[index].entryCount -= 1
        all[index].liveCount -= Int(place.record.count)
        if index < all.count - 1 { all[index].closeUp() }
    }

    /// Adds messages whose records are there, and are needed for this run.
    mutating func add(_ run: StoredRun) {
        guard let index = index(of: run.place.segment) else { return }
        all[index].runs.append(run)
        all[index].liveCount += run.recordOctets
    }

    /// The run's records are not needed any more.
    mutating func remove(_ run: StoredRun) {
        guard let index = index(of: run.place.segment) else { return }
        all[index].liveCount -= run.recordOctets
        if index < all.count - 1 { all[index].closeUp() }
    }

    /// Takes the segments off the front that nothing needs. Only from the front: what a segment says about messages of
    /// older ones, that they are gone, must outlive these. And what they declare has to be in a later one too.
    mutating func takeDead() -> [UInt32] {
        var dead: [UInt32] = []
        while all.count > 1, let first = all.first, first.liveCount == 0, first.number < described {
            dead.append(first.number)
            all.removeFirst()
            (rewritten, rewrittenRuns) = (0, 0)
        }
        return dead
    }

    /// True when one old message may be holding much garbage back, so that copying what is alive in the oldest
    /// segment to the end of the log pays: less than half of the log is alive.
    ///
    /// Each octet that is copied then stands for at least one that is given back, so copying never costs more writing
    /// than the messages themselves did.
    var isRewritingDue: Bool {
        guard all.count > 4, all[0].number < described else { return false }
        let (count, live) = all.reduce((0, descriptionCount)) { ($0.0 + $1.count, $0.1 + $1.liveCount) }
        return live < count / 2
    }

    /// The oldest segment's next message or run that is still needed; nil: none is left.
    mutating func nextToRewrite() -> Kept? {
        guard let oldest = all.first else { return nil }
        while rewritten < oldest.messages.count {
            defer { rewritten += 1 }
            if oldest.messages[rewritten] != 0 { return .message(oldest.messages[rewritten]) }
        }
        while rewrittenRuns < oldest.runs.count {
            defer { rewrittenRuns += 1 }
            let run = oldest.runs[rewrittenRuns]
            if run.place.segment == oldest.number { return .run(run) }
        }
        return nil
    }
}
