import AMQPWire
import DataStructures

/// What of the log is still needed: messages, each with its copies in queues, and runs of streams' messages; and how much of
/// each segment that makes.
struct StoreContents {
    private let reader: any StoreReader
    var segments = Segments()
    var messages = StoredMessages()
    /// Octets of stored messages that are in memory, and of those of ``messages`` that are only on disk.
    private var residentOctets = 0
    private(set) var absentOctets = 0
    /// Messages that are not on disk yet: `taken` of them in the batch that was taken, the others in the buffer.
    private var unsynced = Ring<Message>()
    private var taken = 0
    /// Runs that are being copied to the end of the log: where they are to be read until that is on disk. Their old segment
    /// is still there, and may not be among ``segments`` any more.
    private var moving: [ObjectIdentifier: (run: StoredRun, place: RecordPlace, salt: UInt64)] = [:]

    init(reader: any StoreReader) { self.reader = reader }

    // MARK: Messages

    /// A message was written to the newest segment.
    mutating func noteWritten(_ message: Message, offset: Int, count: Int) {
        messages.sortCopies(of: message)
        messages.put(message, at: segments.add(message.storeEntry, offset: offset, count: count))
        residentOctets += message.contentCount
        unsynced.append(message)
        if !messages.hasCopies(message) { forget(message) }
    }

    /// One that is not written yet is looked at when it is.
    mutating func forgetIfSettled(_ message: Message) {
        if !messages.hasCopies(message), messages.place(of: message).record.segment != 0 { forget(message) }
    }

    /// All that was written is in the batch that was taken.
    mutating func take() { taken = unsynced.count }

    /// That batch is on disk. Of octets over so many only the place is known from now on.
    mutating func noteStored(keeping limit: Int) {
        moving = [:]
        for _ in 0..<taken {
            guard let message = unsynced.popFirst() else { break }
            // The newest are the last that will be needed again, so they are the ones whose octets are let go.
            guard messages.hasCopies(message), message.isResident, message.outputCount == 0, residentOctets > limit
            else {
                continue
            }
            message.move(to: .onDisk(messages.place(of: message).record))
            residentOctets -= message.contentCount
            absentOctets += message.contentCount
        }
        taken = 0
    }

    /// The message is in no queue any more. `places`: so many of its places count that are being given up just now.
    mutating func forget(_ message: Message, givingUp places: Int32 = 0) {
        segments.remove(messages.place(of: message))
        discount(message)
        // A transient queue still has it, and its record may go with its segment.
        if !message.isResident, message.placeCount > places { message.move(to: .resident(octets(of: message))) }
        messages.remove(message)
    }

    mutating func discount(_ message: Message) {
        if message.isResident { residentOctets -= message.contentCount } else { absentOctets -= message.contentCount }
    }

    /// The octets of a message, wherever they are. Also of one that the log has just let go of: its record is there until
    /// the next batch.
    func octets(of message: Message) -> [UInt8] {
        switch message.content {
        case .resident(let octets): octets
        case .onDisk(let place): Array(record(at: place).content)
        }
    }

    func record(at place: RecordPlace) -> StoredContent {
        reader.message(at: place, salt: segments.salt(of: place.segment))
    }

    // MARK: Recovery

    /// Adds messages that were found in the newest segment, with these copies, one after the other.
    mutating func addFound(
        _ found: [Message], _ records: ArraySlice<SegmentPart.Message>, _ copies: ArraySlice<StoredContent.Copy>
    ) {
        messages.enter(found, records, copies, firstSlot: segments.nextSlot)
        absentOctets += segments.add(found, records)
    }

    /// Removes a copy that was found and turned out to be gone already.
    mutating func removeFound(_ copy: StoredMessages.Copy, of message: Message) {
        guard messages.remove(copy, of: message), !messages.hasCopies(message) else { return }
        forget(message)
    }

    // MARK: Runs

    /// Makes runs of a stream's messages, whose positions follow each other from `first` on, and forgets the messages. nil:
    /// one has no record before `end` yet, up to where the log is on disk.
    mutating func release(
        _ found: [(message: Message, time: Int64)], from first: UInt64, of queue: UInt64,
        before end: (segment: UInt32, offset: Int)
    ) -> [StoredRun]? {
        var builder = RunBuilder(queue: queue)
        for (at, found) in found.enumerated() {
            let place = messages.place(of: found.message).record
            guard place.segment != 0, place.segment <= end.segment,
                place.segment < end.segment || Int(place.offset) + Int(place.count) <= end.offset
            else { return nil }
            builder.add(
                first + UInt64(at), place, contentCount: found.message.contentCount, bodySize: found.message.bodySize,
                time: found.time)
        }
        builder.close()
        for run in builder.runs { segments.add(run) }
        for (at, found) in found.enumerated() {
            let copy = StoredMessages.Copy(queue: queue, position: first + UInt64(at))
            guard messages.remove(copy, of: found.message), !messages.hasCopies(found.message) else { continue }
            forget(found.message, givingUp: 1)
        }
        return builder.runs
    }

    /// Adds runs that were found when the log was read back. What stands before `start` in the first is gone. Returns what is
    /// left.
    mutating func addFound(_ runs: [StoredRun], from start: UInt64) -> [StoredRun] {
        var left = runs
        for run in runs { segments.add(run) }
        if let first = left.first, first.first < start, !quirk(.firstRunIsKeptWhole) {
            let parts = split(first, into: [Int(start - first.first), Int(first.end - start)])
            remove(parts[0])
            left[0] = parts[1]
        }
        return left
    }

    /// Makes several runs of one, with so many messages each.
    mutating func split(_ run: StoredRun, into counts: [Int]) -> [StoredRun] {
        var builder = RunBuilder(queue: run.queue)
        var (counts, left, position) = (counts[...], 0, run.first)
        forEachRecord(of: run) { record, copy, _, _ in
            if left == 0 {
                builder.close()
                left = counts.popFirst() ?? .max
            }
            builder.add(
                position,
                RecordPlace(segment: run.place.segment, offset: record.place, count: record.count),
                contentCount: Int(record.contentCount),
                bodySize: Int(record.contentCount - record.propertiesCount),
                time: copy.expiresAt)
            (left, position) = (left - 1, position + 1)
        }
        builder.close()
        for part in builder.runs { segments.add(part) }
        remove(run)
        return builder.runs
    }

    /// A run's messages are needed no longer.
    mutating func remove(_ run: StoredRun) {
        segments.remove(run)
        run.move(to: RecordPlace(), recordOctets: 0)
    }

    /// A run is written once more, at the end of the log.
    mutating func move(_ run: StoredRun, to place: RecordPlace, recordOctets: Int) {
        moving[ObjectIdentifier(run)] = (run, run.place, segments.salt(of: run.place.segment))
        segments.remove(run)
        run.move(to: place, recordOctets: recordOctets)
        segments.add(run)
    }

    /// The messages of a run, made anew, and when they came in.
    func read(_ run: StoredRun) -> [(message: Message, time: Int64)] {
        var found: [(message: Message, time: Int64)] = []
        found.reserveCapacity(run.count)
        forEachRecord(of: run) { record, copy, part, payload in
            let message = Message(
                exchange: part.names[Int(record.exchange)], routingKey: part.names[Int(record.routingKey)],
                content: Array(payload.suffix(Int(record.contentCount))), propertiesCount: Int(record.propertiesCount),
                traits: .init(record))
            found.append((message, copy.expiresAt))
        }
        return found
    }

    /// The records of a run, each with no other copy than the run's own. Whatever else they say, they say again.
    func records(of run: StoredRun) -> [StoredContent] {
        var found: [StoredContent] = []
        forEachRecord(of: run) { record, copy, _, payload in
            var reason = "another record is in the place of a message's"
            do throws(WireError) {
                if case .message(var content) = try JournalRecord(payload) {
                    content.copies = [copy]
                    return found.append(content)
                }
            } catch { reason = "the record of a stream's message makes no sense: \(error.reason)" }
            reader.lost(StoreDamage(segment: run.place.segment, offset: Int(record.place), reason: reason))
        }
        return found
    }

    /// Reads a run back and verifies all that stands between its ends. Ends the broker when it is not all there.
    private func forEachRecord(
        of run: StoredRun,
        _ body: (SegmentPart.Message, StoredContent.Copy, SegmentPart, _ payload: ArraySlice<UInt8>) -> Void
    ) {
        let moved = moving[ObjectIdentifier(run)]
        let place = moved?.place ?? run.place
        let (start, count) = (Int(place.offset), Int(place.count))
        func lost(at offset: Int, _ reason: String) -> Never {
            reader.lost(StoreDamage(segment: place.segment, offset: offset, reason: reason))
        }
        guard let octets = reader.read(count, at: start, of: place.segment) else {
            lost(at: start, "the records of a stream's messages can't be read")
        }
        var part = SegmentPart()
        _ = octets.withUnsafeBytes { octets in
            part.scan(octets, from: 0, place: start, salt: moved?.salt ?? segments.salt(of: place.segment))
        }
        guard part.end == start + count else { lost(at: part.end, "the record of a stream's message is damaged") }
        var (next, at) = (run.first, 0)
        for record in part.messages {
            defer { at += Int(record.copyCount) }
            // Mostly it has one.
            var place = at
            let last = at + Int(record.copyCount) - 1
            while place < last, part.copies[place].queue != run.queue || part.copies[place].position != next {
                place += 1
            }
            let copy = part.copies[place]
            guard next < run.end, copy.position == next,
                copy.queue == run.queue || quirk(.runsTakeOtherQueues)
            else { continue }
            let begin = Int(record.place) - start
            body(record, copy, part, octets[(begin + SegmentFormat.recordOverhead)..<(begin + Int(record.count))])
            next += 1
        }
        guard next == run.end else { lost(at: start, "the record of a stream's message is missing") }
    }
}
