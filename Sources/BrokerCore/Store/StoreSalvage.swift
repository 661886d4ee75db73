import AMQPWire

/// Reads what can be read of a store, whatever is damaged, and says what can't.
///
/// A record that is damaged is passed over, and the next one that is right is looked for behind it. A segment without a
/// readable header is read with what the manifest or the next segment says of it. What was lost may also have said that
/// messages were acknowledged: these are back.
public struct StoreSalvage {
    var recovery: StoreRecovery
    /// What is lost, a sentence each.
    public private(set) var losses: [String] = []
    private let manifest: Manifest?
    private let mark: SyncedMark?
    /// As the log's last word on each says.
    private var names: [UInt64: ShortString] = [:]
    private var positions: [UInt64: Positions] = [:]

    /// Which places of a queue the log has told of.
    private struct Positions {
        /// The first that it should tell of.
        var first: UInt64
        /// The one after the last.
        var next: UInt64
        /// Rising.
        var known: [Range<UInt64>] = []

        mutating func add(_ range: Range<UInt64>) {
            next = max(next, range.upperBound)
            if let last = known.last, last.upperBound == range.lowerBound {
                known[known.count - 1] = last.lowerBound..<range.upperBound
            } else {
                known.append(range)
            }
        }

        /// Those that nothing was heard of.
        var gaps: [Range<UInt64>] {
            var (gaps, at) = ([Range<UInt64>](), first)
            for range in known.sorted(by: { $0.lowerBound < $1.lowerBound }) {
                if range.lowerBound > at { gaps.append(at..<range.lowerBound) }
                at = max(at, range.upperBound)
            }
            if at < next { gaps.append(at..<next) }
            return gaps
        }
    }

    /// `reader` is what messages are read back through when they are written to another store.
    public init(reader: any StoreReader, beside: StoreBeside) {
        recovery = StoreRecovery(salvagingWith: reader)
        mark = beside.mark.flatMap { SyncedMark($0) }
        var found: Manifest?
        if let octets = beside.manifest {
            do throws(SegmentFormat.HeaderError) {
                found = try Manifest(octets)
            } catch { losses.append("the manifest is damaged: if a segment is missing, nothing shows it") }
        }
        manifest = found
    }

    /// The number of a segment, by its header; nil: it can't be read.
    public static func number(of segment: [UInt8]) -> UInt32? {
        try? SegmentFormat.header(of: segment).segment
    }

    /// Reads a segment. They are to come by rising number; `next` is the one after it, if there is one.
    public mutating func read(_ segment: [UInt8], number: UInt32, next: [UInt8]?) {
        if let manifest, number < manifest.oldest { return }
        let following = next.flatMap { octets -> SegmentFormat.Header? in
            do throws(SegmentFormat.HeaderError) { return try SegmentFormat.header(of: octets) } catch { return nil }
        }
        let sealed = manifest?[number].map { ($0.salt, $0.count) } ?? following?.previous.map { ($0.salt, $0.count) }
        var header = SegmentFormat.Header(segment: number, oldest: 0, salt: sealed?.0 ?? 0)
        do throws(SegmentFormat.HeaderError) {
            header = try SegmentFormat.header(of: segment)
        } catch {
            guard sealed != nil else {
                if segment.count > SegmentFormat.headerCount {
                    losses.append(
                        "segment \(number), all its \(segment.count) octets: its header can't be read, and nothing else "
                            + "says how to read it")
                }
                return
            }
        }
        if let salt = sealed?.0, salt != header.salt {
            return losses.append("segment \(number): it is not the file that was written")
        }
        recovery.begin(header, count: segment.count)
        readRecords(of: segment, header)
        var known = sealed?.1 ?? 0
        if let mark, mark.segment == number, mark.salt == header.salt { known = max(known, mark.offset) }
        if segment.count < known { lose(number, segment.count..<known, "the file ends before") }
    }

    private mutating func readRecords(of segment: [UInt8], _ header: SegmentFormat.Header) {
        var (place, effort) = (header.count, max(1 << 20, 16 * segment.count))
        while place < segment.count {
            if let payload = SegmentFormat.payload(of: segment[place...], place: place, salt: header.salt),
                take(payload, at: place)
            {
                place += SegmentFormat.recordOverhead + payload.count
                continue
            }
            let found = SegmentFormat.nextRecord(after: place, in: segment, salt: header.salt, effort: &effort)
            let next = found ?? segment.count
            lose(header.segment, place..<next, Self.guess(segment[place..<next], names))
            place = next
        }
    }

    private mutating func lose(_ segment: UInt32, _ octets: Range<Int>, _ reason: String) {
        losses.append("segment \(segment), octets \(octets.lowerBound) to \(octets.upperBound - 1): \(reason)")
    }

    /// What a damaged record probably was: its octets may be right where it says so.
    private static func guess(_ record: ArraySlice<UInt8>, _ names: [UInt64: ShortString]) -> String {
        let unknown = "damaged, and what was there is unknown"
        guard record.count > SegmentFormat.recordOverhead else { return unknown }
        do throws(WireError) {
            switch try JournalRecord(record.dropFirst(SegmentFormat.recordOverhead)) {
            case .message(let content):
                let copies = content.copies.map { copy in
                    "queue '\(names[copy.queue].map { "\($0)" } ?? "number \(copy.queue)")' at position \(copy.position)"
                }
                return "damaged, probably one message of \(copies.joined(separator: " and "))"
            case .settled(let runs):
                return "damaged, probably a note of \(runs.reduce(0) { $0 + Int($1.count) }) settled messages"
            case .synced, .oldest, .described, .delivered, .deliveries:
                return "damaged, probably without a loss"
            case let other: return "damaged, probably \(other)"
            }
        } catch { return unknown }
    }

    /// False: the record makes no sense.
    private mutating func take(_ payload: ArraySlice<UInt8>, at place: Int) -> Bool {
        do throws(WireError) {
            let record = try JournalRecord(payload)
            note(record)
            try recovery.replay(record, payload, at: place)
            return true
        } catch { return false }
    }

    private mutating func note(_ record: JournalRecord) {
        switch record {
        case .queueDeclared(let queue):
            names[queue.number] = queue.name
            var known = positions[queue.number] ?? Positions(first: queue.nextPosition, next: queue.nextPosition)
            known.next = max(known.next, queue.nextPosition)
            positions[queue.number] = known
        case .queueDeleted(let number):
            positions[number] = nil
        case .message(let content):
            for copy in content.copies {
                positions[copy.queue]?.add(copy.position..<(copy.position + 1))
            }
        case .settled(let runs):
            for run in runs where run.first < .max - UInt64(run.count) {
                positions[run.queue]?.add(run.first..<(run.first + UInt64(run.count)))
            }
        default: break
        }
    }

    /// To be called after the last segment.
    public mutating func finish(found numbers: [UInt32]) {
        let end = max(UInt64(manifest?.newest ?? 0), UInt64(numbers.max() ?? 0)) + 1
        // A file with a number of its own may be far from the others.
        var next = max(UInt64(recovery.oldest), 1)
        for number in numbers.map(UInt64.init).sorted() + [end] where number >= next {
            switch number - next {
            case 0: break
            case 1: losses.append("segment \(next): missing")
            default: losses.append("segments \(next) to \(number - 1): missing")
            }
            next = number + 1
        }
        if losses.isEmpty { return }
        for (number, known) in positions.sorted(by: { $0.key < $1.key }) {
            let gaps = known.gaps
            if gaps.isEmpty { continue }
            let count = gaps.reduce(0) { $0 + $1.count }
            let ranges = gaps.prefix(8).map { "\($0.lowerBound)-\($0.upperBound - 1)" }.joined(separator: ", ")
            losses.append(
                "queue '\(names[number] ?? "")': nothing is known of \(count) positions (\(ranges)\(gaps.count > 8 ? ", …" : "")), "
                    + "which were messages that are lost, or transient ones")
        }
    }

    public var messageCount: Int { recovery.messageCount }
    public var queueCount: Int { recovery.queueCount }

    /// Writes what was read to another store: `emit` is to carry each batch out before it returns.
    public func write<Problem: Error>(
        limits: StoreLimits, salt: () -> UInt64, reader: any StoreReader, _ emit: (StoreBatch) throws(Problem) -> Void
    ) throws(Problem) {
        let journal = Journal(reader: reader, limits: limits)
        func put() throws(Problem) {
            guard let batch = journal.take() else { return }
            try emit(batch)
            journal.noteStored(through: batch.number)
        }
        func begin() {
            journal.beginSegment(salt: salt())
            if journal.isDescriptionDue(isAtStart: false) {
                let (segment, count) = journal.describe { recovery.describe(to: journal) }
                journal.noteDescription(since: segment, count: count)
            }
        }
        begin()
        for (message, copies) in recovery.messagesInOrder {
            let content = recovery.journal.octets(of: message)
            let copy = Message(
                exchange: message.exchange, routingKey: message.routingKey, content: content,
                propertiesCount: message.propertiesCount, traits: message.traits)
            for place in copies { journal.add(copy, place) }
            _ = journal.write(copy)
            for place in copies {
                guard let state = recovery.queues[place.queue]?.deliveries[place.position] else { continue }
                let copy = StoredMessages.Copy(queue: place.queue, position: place.position)
                journal.deliveries.restore(StoredDelivery(copy: copy, state: state))
                journal.deliveries.noteChange(of: copy)
            }
            guard journal.pendingOctets > 1 << 20 else { continue }
            try put()
            if journal.isSegmentFull { begin() }
        }
        journal.declare(.oldest(segment: 1))
        try put()
    }
}
