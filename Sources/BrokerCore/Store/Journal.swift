import AMQPWire
import DataStructures

/// The log of what is durable, as the core writes it: a buffer of records that is taken from time to time, written and
/// forced to disk by somebody else.
///
/// Within a batch the messages come first and what has left the queues comes last; and a message that a queue gave up has
/// only left it when its dead letter is written, which may be some batches later. So it is in its dead-letter queues' log
/// before it is gone from its own, wherever a crash cuts the log off: it may be there twice, never not at all.
final class Journal {
    private let reader: any StoreReader
    private let limits: StoreLimits
    private var segments = Segments()
    private var messages = StoredMessages()

    // The batch that is being filled.
    private var buffer = ByteWriter()
    private var base = 0  // where in the segment it begins
    private(set) var batch: UInt64 = 1
    private var beginsSegment = false
    private var needsSync = false
    private var underWay = CopiesUnderWay()
    private var settled: [SettledRun] = []
    private var handedOut: [QueueJournal] = []
    let deliveries = DeliveryStates()

    // What became of the batches before.
    private(set) var storedBatch: UInt64 = 0
    /// Everything of this segment before the offset is on disk, and the log does not say so yet.
    private var newlySynced: (segment: UInt32, offset: Int)?
    /// The end of the last batch that was taken to be forced to disk.
    private var lastTaken = (segment: UInt32(0), offset: 0)
    /// Messages that are not on disk yet: `taken` of them in the batch that was taken, the others in the buffer.
    private var unsynced = Ring<Message>()
    private var taken = 0
    /// Octets of the batch that was taken to be forced to disk, until it is.
    private(set) var takenOctets = 0
    /// Octets of stored messages that are in memory, and of those that are only on disk.
    private var residentOctets = 0
    private(set) var absentOctets = 0

    private var nextQueueNumber: UInt64 = 1
    private var queueNumbers: Set<UInt64> = []

    init(reader: any StoreReader, limits: StoreLimits) {
        (self.reader, self.limits) = (reader, limits)
    }

    // MARK: Records

    /// Something was declared, bound or deleted. Nobody is told to wait for the disk, but it is not left for later:
    /// what is confirmed afterwards comes later in the log.
    func declare(_ record: JournalRecord) {
        append(record)
        needsSync = true
    }

    func append(_ record: JournalRecord) { _ = append { record.write(to: &$0) } }

    private func append(_ payload: (inout ByteWriter) -> Void) -> (offset: Int, count: Int) {
        let start = buffer.count
        buffer.uint32(0)
        buffer.uint64(0)
        payload(&buffer)
        let offset = base + start
        SegmentFormat.seal(&buffer.octets, from: start, place: offset, salt: segments.salt(of: segments.newest))
        return (offset, buffer.count - start)
    }

    func numberQueue() -> UInt64 {
        defer { nextQueueNumber += 1 }
        return nextQueueNumber
    }

    /// Queue numbers up to this one are taken.
    func skipQueueNumbers(through number: UInt64) {
        if !quirk(.queueNumbersStartAnew) { nextQueueNumber = max(nextQueueNumber, number + 1) }
    }
    func begins(queue number: UInt64) { queueNumbers.insert(number) }
    func ends(queue number: UInt64) { queueNumbers.remove(number) }

    // MARK: Messages

    /// A durable queue has taken a message in. To be followed by ``write(_:)`` when all queues have.
    func add(_ message: Message, _ copy: StoredContent.Copy) {
        messages.add(.init(queue: copy.queue, position: copy.position), of: message)
        underWay.add(copy, of: message)
    }

    /// Writes a message that queues have just taken in. Returns the batch it is in; 0 when none of its queues is
    /// durable or none keeps it.
    func write(_ message: Message) -> UInt64 {
        underWay.turn(to: message)
        guard !underWay.copies.isEmpty, let content = message.resident else { return 0 }
        defer { underWay.clear() }
        // The log may have been told of those that are gone already, and must not hear of them behind that.
        if messages.copyCount(of: message) < underWay.copies.count {
            underWay.keep(messages.present(underWay.copies, of: message))
        }
        guard let first = underWay.copies.first else {
            messages.remove(message)
            return 0
        }
        let isCut = underWay.copies.count > 1 && quirk(.firstCopyIsWritten)
        write(message, content, copies: isCut ? [first] : underWay.copies)
        return batch
    }

    private func write(_ message: Message, _ content: [UInt8], copies: [StoredContent.Copy]) {
        let (offset, count) = append { writer in
            writer.uint8(JournalRecord.Kind.message.rawValue)
            StoredContent(message, content, copies).write(to: &writer)
        }
        messages.put(message, at: segments.add(message.storeEntry, offset: offset, count: count))
        residentOctets += content.count
        unsynced.append(message)
        needsSync = true
        if !messages.hasCopies(message) { forget(message) }
    }

    /// A copy has left its queue for good. `isQueueDeleted`: the log knows anyway.
    func settle(_ message: Message, _ copy: StoredMessages.Copy, isQueueDeleted: Bool) {
        guard messages.remove(copy, of: message) else { return }
        if !isQueueDeleted { settled.add(copy) }
        if quirk(.firstAckSettlesAnother), let other = messages.anyCopy(of: message) { settled.add(other) }
        // One that is not written yet is looked at when it is.
        if !messages.hasCopies(message), messages.place(of: message).record.segment != 0 { forget(message) }
    }

    private func forget(_ message: Message) {
        segments.remove(messages.place(of: message))
        discount(message)
        // A transient queue still has it, and its record may go with its segment.
        if !message.isResident, message.placeCount > 0 { message.move(to: .resident(octets(of: message))) }
        messages.remove(message)
    }

    private func discount(_ message: Message) {
        if message.isResident { residentOctets -= message.contentCount } else { absentOctets -= message.contentCount }
    }

    /// A queue has handed out a message, so that the log shall know how far it got.
    func handsOut(_ queue: QueueJournal) { handedOut.append(queue) }

    // MARK: Batches

    /// True when there is something to write.
    var isPending: Bool {
        buffer.count > 0 || !settled.isEmpty || !handedOut.isEmpty || deliveries.hasChanges || newlySynced != nil
    }
    var pendingOctets: Int { buffer.count }

    /// What is to be written next. Only when everything taken before was written.
    func take() -> StoreBatch? {
        guard isPending else { return nil }
        rewriteOldest()
        for queue in handedOut where !queue.isDeleted {
            append(.delivered(queue: queue.number, below: queue.takeDeliveredBelow()))
        }
        handedOut.removeAll(keepingCapacity: true)
        if let told = deliveries.takeChanges() { append(.deliveries(told)) }
        if !settled.isEmpty {
            append(.settled(settled))
            settled.removeAll(keepingCapacity: true)
        }
        // With those that are dead: that they are is in this batch, which is not on disk yet.
        let manifest = beginsSegment ? segments.manifest.octets : []
        let dead = segments.takeDead()
        if let oldest = segments.oldest, !dead.isEmpty {
            append(.oldest(segment: oldest))
            needsSync = true
        }
        if let synced = newlySynced, synced.segment == segments.newest { append(.synced(offset: synced.offset)) }
        newlySynced = nil
        guard buffer.count > 0 else { return nil }

        defer {
            takenOctets = needsSync ? buffer.count : 0
            batch += 1
            base += buffer.count
            segments.grow(by: buffer.count)
            buffer = ByteWriter()
            if needsSync { lastTaken = (segments.newest, base) }
            (beginsSegment, needsSync) = (false, false)
            taken = unsynced.count
        }
        return StoreBatch(
            number: batch, segment: segments.newest, beginsSegment: beginsSegment,
            manifest: manifest, salt: segments.salt(of: segments.newest), offset: base, octets: buffer.octets,
            needsSync: needsSync, removals: dead)
    }

    /// True when the next batch should begin a segment.
    var isSegmentFull: Bool { base >= limits.segmentOctets }

    /// Begins a segment, after a batch was taken.
    func beginSegment(salt: UInt64) {
        let number = segments.newest + 1
        let header = SegmentFormat.Header(
            segment: number, oldest: segments.oldest ?? number, salt: salt, previous: segments.sealed)
        segments.begin(number, salt: salt)
        base = 0
        beginsSegment = true
        buffer = ByteWriter(octets: header.octets)
    }

    /// True when a segment that has just begun should go on with all that is declared, in as many batches as it takes.
    func isDescriptionDue(isAtStart: Bool) -> Bool { segments.isDescriptionDue(isAtStart: isAtStart) }

    /// Takes records of what is declared. Returns the newest segment, and the records' octets.
    func describe(_ append: () -> Void) -> (segment: UInt32, count: Int) {
        let start = buffer.count
        append()
        return (segments.newest, buffer.count - start)
    }

    /// All that is declared has been described since this segment began, so that older ones can go.
    func isDescribed(since segment: UInt32, count: Int) {
        append(.described(since: segment))
        segments.isDescribed(since: segment, count: count)
    }

    /// Everything up to this batch is on disk.
    func stored(through batch: UInt64) {
        storedBatch = max(storedBatch, batch)
        newlySynced = lastTaken
        for _ in 0..<taken {
            guard let message = unsynced.popFirst() else { break }
            // The newest are the last that will be needed again, so they are the ones whose octets are let go.
            guard messages.hasCopies(message), message.isResident, message.outputCount == 0,
                residentOctets > limits.residentOctets
            else { continue }
            message.move(to: .onDisk(messages.place(of: message).record))
            residentOctets -= message.contentCount
            absentOctets += message.contentCount
        }
        (taken, takenOctets) = (0, 0)
    }

    // MARK: Reading back

    /// The octets of a message, wherever they are. Also of one that the log has just let go of: its record is there until
    /// the next batch.
    func octets(of message: Message) -> [UInt8] {
        switch message.content {
        case .resident(let octets): octets
        case .onDisk(let place): Array(record(at: place).content)
        }
    }

    private func record(at place: RecordPlace) -> StoredContent {
        reader.message(at: place, salt: segments.salt(of: place.segment))
    }

    /// Copies some of what is still needed of the oldest segment to the end of the log, when that pays. A little with
    /// every batch, in proportion to what is written anyway, so that nobody waits for it.
    private func rewriteOldest() {
        guard segments.isRewritingDue, let oldest = segments.oldest, oldest < segments.newest else { return }
        var budget = max(262_144, 2 * buffer.count)
        while budget > 0, let message = segments.nextToRewrite().flatMap(messages.message) {
            let place = messages.place(of: message)
            let record = record(at: place.record)
            budget -= Int(place.record.count)
            let copies = record.copies.filter { isNeeded(.init(queue: $0.queue, position: $0.position), of: message) }
            guard messages.hasCopies(message) else {
                forget(message)
                continue
            }
            segments.remove(place)
            discount(message)
            // Until it is on disk at its new place it has to be in memory.
            let content = Array(record.content)
            message.move(to: .resident(content))
            write(message, content, copies: copies)
            // What the log says of it may go with the old segments.
            for copy in copies { deliveries.noteChange(of: .init(queue: copy.queue, position: copy.position)) }
        }
    }

    /// A delivery outlives its queue, but not in the log, behind the record that the queue is gone.
    private func isNeeded(_ copy: StoredMessages.Copy, of message: Message) -> Bool {
        messages.has(copy, of: message) && (queueNumbers.contains(copy.queue) || !messages.remove(copy, of: message))
    }

    // MARK: Recovery

    /// A segment was found. They come by rising number.
    func found(_ header: SegmentFormat.Header, count: Int) {
        segments.begin(header.segment, salt: header.salt)
        segments.grow(by: count)
    }

    /// So many octets at the end of the newest segment are not to be kept.
    func foundTorn(_ count: Int) { segments.grow(by: -count) }

    /// A description of all that is declared ends here, in the newest segment.
    func foundDescription(since segment: UInt32, at offset: Int) {
        segments.isDescribed(since: segment, count: offset)
    }

    var foundManifest: Manifest { segments.manifest }
    var foundEnd: SegmentFormat.Sealed? { segments.sealed }

    /// About so many messages will be found.
    func expect(messages count: Int) { messages.reserve(count) }

    /// Messages were found in the newest segment, with these copies, one after the other.
    func found(
        _ found: [Message], _ records: ArraySlice<SegmentPart.Message>, _ copies: ArraySlice<StoredContent.Copy>
    ) {
        messages.enter(found, records, copies, firstSlot: segments.nextSlot)
        absentOctets += segments.add(found, records)
    }

    /// A copy that was found turned out to be gone already.
    func foundSettled(_ copy: StoredMessages.Copy, of message: Message) {
        guard messages.remove(copy, of: message), !messages.hasCopies(message) else { return }
        forget(message)
    }
}
