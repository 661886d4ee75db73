import AMQPWire

/// The log of what is durable, as the core writes it: a buffer of records that is taken from time to time, written and
/// forced to disk by somebody else.
///
/// Within a batch the messages come first and what has left the queues comes last; and a message that a queue gave up has
/// only left it when its dead letter is written, which may be some batches later. So it is in its dead-letter queues' log
/// before it is gone from its own, wherever a crash cuts the log off: it may be there twice, never not at all.
final class Journal {
    let limits: StoreLimits
    private(set) var contents: StoreContents

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
    let queueNumbers = QueueNumbers()

    // What became of the batches before.
    private(set) var storedBatch: UInt64 = 0
    /// Everything of this segment before the offset is on disk, and the log does not say so yet.
    private var newlySynced: (segment: UInt32, offset: Int)?
    /// The end of the last batch that was taken to be forced to disk.
    private var lastTaken = (segment: UInt32(0), offset: 0)
    /// Octets of the batch that was taken to be forced to disk, until it is.
    private(set) var takenOctets = 0
    /// Everything before this is on disk.
    private var durable = (segment: UInt32(0), offset: 0)
    /// What is to be done when the next batch is.
    private var waiting: [() -> Void] = []

    init(reader: any StoreReader, limits: StoreLimits) {
        self.limits = limits
        contents = StoreContents(reader: reader)
    }

    /// See ``StoreContents``.
    private var segments: Segments {
        _read { yield contents.segments }
        _modify { yield &contents.segments }
    }
    var absentOctets: Int { contents.absentOctets }

    // MARK: Records

    /// Something was declared, bound or deleted. Nobody is told to wait for the disk, but it is not left for later:
    /// what is confirmed afterwards comes later in the log.
    func declare(_ record: JournalRecord) {
        append(record)
        needsSync = true
    }

    /// Returns the record's octets.
    @discardableResult
    func append(_ record: JournalRecord) -> Int { append { record.write(to: &$0) }.count }

    private func append(_ payload: (inout ByteWriter) -> Void) -> (offset: Int, count: Int) {
        let start = buffer.count
        buffer.uint32(0)
        buffer.uint64(0)
        payload(&buffer)
        let offset = base + start
        SegmentFormat.seal(&buffer.octets, from: start, place: offset, salt: segments.salt(of: segments.newest))
        return (offset, buffer.count - start)
    }

    // MARK: Messages

    /// A durable queue has taken a message in. To be followed by ``write(_:)`` when all queues have.
    func add(_ message: Message, _ copy: StoredContent.Copy) {
        contents.messages.add(.init(queue: copy.queue, position: copy.position), of: message)
        underWay.add(copy, of: message)
    }

    /// Writes a message that queues have just taken in. Returns the batch it is in; 0 when none of its queues is
    /// durable or none keeps it.
    func write(_ message: Message) -> UInt64 {
        underWay.turn(to: message)
        guard !underWay.copies.isEmpty, let content = message.resident else { return 0 }
        defer { underWay.clear() }
        // The log may have been told of those that are gone already, and must not hear of them behind that.
        if contents.messages.copyCount(of: message) < underWay.copies.count {
            underWay.keep(contents.messages.present(underWay.copies, of: message))
        }
        guard let first = underWay.copies.first else {
            contents.messages.remove(message)
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
        contents.noteWritten(message, offset: offset, count: count)
        needsSync = true
    }

    /// A copy has left its queue for good. `isQueueDeleted`: the log knows anyway.
    func settle(_ message: Message, _ copy: StoredMessages.Copy, isQueueDeleted: Bool) {
        guard contents.messages.remove(copy, of: message) else { return }
        if !isQueueDeleted { settled.add(copy) }
        if quirk(.firstAckSettlesAnother), let other = contents.messages.anyCopy(of: message) { settled.add(other) }
        contents.forgetIfSettled(message)
    }

    /// A queue has handed out a message, so that the log shall know how far it got.
    func noteDeliveries(of queue: QueueJournal) { handedOut.append(queue) }

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
            contents.take()
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
    func noteDescription(since segment: UInt32, count: Int) {
        append(.described(since: segment))
        segments.noteDescription(since: segment, count: count)
    }

    /// Everything up to this batch is on disk.
    func noteStored(through batch: UInt64) {
        let due = waiting
        storedBatch = max(storedBatch, batch)
        (newlySynced, durable) = (lastTaken, lastTaken)
        contents.noteStored(keeping: limits.residentOctets)
        (takenOctets, waiting) = (0, [])
        for body in due { body() }
    }

    // MARK: Reading back

    /// See ``StoreContents/octets(of:)``.
    func octets(of message: Message) -> [UInt8] { contents.octets(of: message) }

    /// Copies some of what is still needed of the oldest segment to the end of the log, when that pays. A little with
    /// every batch, in proportion to what is written anyway, so that nobody waits for it.
    private func rewriteOldest() {
        guard segments.isRewritingDue, let oldest = segments.oldest, oldest < segments.newest else { return }
        var budget = max(262_144, 2 * buffer.count)
        while budget > 0, let kept = segments.nextToRewrite() {
            switch kept {
            case .message(let entry): budget -= contents.messages.message(entry).map(rewrite) ?? 0
            case .run(let run):
                budget -= Int(run.place.count)
                // What is left of a stream that was deleted is let go little by little.
                if queueNumbers.contains(run.queue) { rewrite(run) } else { contents.remove(run) }
            }
        }
    }

    /// Returns the octets that were copied, or could be let go.
    private func rewrite(_ message: Message) -> Int {
        let place = contents.messages.place(of: message)
        let record = contents.record(at: place.record)
        let copies = record.copies.filter { isNeeded(.init(queue: $0.queue, position: $0.position), of: message) }
        guard contents.messages.hasCopies(message) else {
            contents.forget(message)
            return Int(place.record.count)
        }
        segments.remove(place)
        contents.discount(message)
        // Until it is on disk at its new place it has to be in memory.
        let content = Array(record.content)
        message.move(to: .resident(content))
        write(message, content, copies: copies)
        // What the log says of it may go with the old segments.
        for copy in copies { deliveries.noteChange(of: .init(queue: copy.queue, position: copy.position)) }
        return Int(place.record.count)
    }

    private func rewrite(_ run: StoredRun) {
        let start = base + buffer.count
        var octets = 0
        for record in contents.records(of: run) { octets += append(.message(record)) }
        let place = RecordPlace(
            segment: segments.newest, offset: UInt32(truncatingIfNeeded: start),
            count: UInt32(truncatingIfNeeded: base + buffer.count - start))
        contents.move(run, to: place, recordOctets: octets)
        needsSync = true
    }

    /// A delivery outlives its queue, but not in the log, behind the record that the queue is gone.
    private func isNeeded(_ copy: StoredMessages.Copy, of message: Message) -> Bool {
        contents.messages.has(copy, of: message)
            && (queueNumbers.contains(copy.queue) || !contents.messages.remove(copy, of: message))
    }

    // MARK: Recovery

    /// Adds a segment that was found. They come by rising number.
    func addFound(_ header: SegmentFormat.Header, count: Int) {
        segments.begin(header.segment, salt: header.salt)
        segments.grow(by: count)
        durable = (header.segment, count)
    }

    /// Leaves out so many octets at the end of the newest segment, which are not to be kept.
    func cutOff(_ count: Int) { segments.grow(by: -count) }

    /// A description of all that is declared ends here, in the newest segment.
    func noteFoundDescription(since segment: UInt32, at offset: Int) {
        segments.noteDescription(since: segment, count: offset)
    }

    var foundManifest: Manifest { segments.manifest }
    var foundEnd: SegmentFormat.Sealed? { segments.sealed }

    func addFound(
        _ found: [Message], _ records: ArraySlice<SegmentPart.Message>, _ copies: ArraySlice<StoredContent.Copy>
    ) {
        contents.addFound(found, records, copies)
    }

    /// Removes a copy that was found and turned out to be gone already.
    func removeFound(_ copy: StoredMessages.Copy, of message: Message) { contents.removeFound(copy, of: message) }

    // MARK: Runs

    func release(_ found: [(message: Message, time: Int64)], from first: UInt64, of queue: UInt64) -> [StoredRun]? {
        contents.release(found, from: first, of: queue, before: durable)
    }

    func addFound(_ runs: [StoredRun], from start: UInt64) -> [StoredRun] {
        contents.addFound(runs, from: start)
    }
    func split(_ run: StoredRun, into counts: [Int]) -> [StoredRun] {
        contents.split(run, into: counts)
    }
    func read(_ run: StoredRun) -> [(message: Message, time: Int64)] { contents.read(run) }

    /// The messages of a run have left their queue for good. `isQueueDeleted`: the log knows anyway.
    func settle(_ run: StoredRun, isQueueDeleted: Bool) {
        if !isQueueDeleted { settled.add(run) }
        contents.remove(run)
    }

    /// Does something, once, when the next batch is on disk.
    func whenStored(_ body: @escaping () -> Void) { waiting.append(body) }
}
