import AMQPWire
import DataStructures

/// A stream, as a single node has it (RabbitMQ: "Streams"): messages that are read and stay. Each consumer is at a place of
/// its own, and an acknowledgement only makes room for it to be handed more.
final class StreamQueue: Queue {
    let name: ShortString
    let label: String
    let kind = QueueKind.stream
    let declaration: QueueDeclaration
    private(set) var arguments: QueueArguments
    private unowned let host: any QueueHost
    private let log: (any QueueLog)?
    private let load: Load

    private var messages: StreamLog
    /// What is read back of those that only the store has.
    private let chunks: StreamChunks?
    private var list = IdentityList<any DeliveryTarget>()
    /// Those that may have room, and have something to read.
    private var reading = Ring<any DeliveryTarget>()
    /// Those that may have room, and have read everything. One that was removed stands in either until its turn comes, or
    /// until too many do.
    private var waiting = Ring<any DeliveryTarget>()
    private var removedCount = 0
    /// The next slice of reading is due, or of giving up what is too old or too much.
    private var isReading = false
    private var isRetaining = false
    /// The next slice of letting messages go that are on disk is due, or waits until they are.
    private var isReleasing = false
    private var awaitsStore = false
    /// So many segments were counted in the load.
    private var segmentsCounted = 0
    private(set) var isDeleted = false

    /// How much a slice takes, counted by ``Message/unitsOfDeliveryAnew``, and how many messages one consumer is handed before
    /// the next has its turn.
    private static let (slice, turn, longTurn) = (512, 32, 256)

    init(_ order: QueueOrder, host: any QueueHost) {
        (name, label, log) = (order.name, order.label, order.log)
        (declaration, arguments) = (order.declaration, order.arguments)
        self.host = host
        load = host.load
        chunks = order.log.map { [load] log in StreamChunks(log, load) }
        messages = Self.noMessages(order.arguments, order.log, chunks)
    }

    private static func noMessages(
        _ arguments: QueueArguments, _ log: (any QueueLog)?, _ chunks: StreamChunks?
    ) -> StreamLog {
        StreamLog(
            segmentOctets: Int(clamping: arguments.segmentOctets), blockCount: log?.blockCount ?? 256, chunks: chunks)
    }

    /// What a consumer holds is still there.
    var counts: QueueCounts {
        QueueCounts(ready: messages.count, unacknowledged: 0, readyOctets: messages.bodyOctets)
    }

    func latest(_ most: Int) -> [QueuedMessage] {
        defer { chunks?.serve(list.count) }
        return messages.latest(most)
    }
    var consumerList: IdentityList<any DeliveryTarget> { list }
    var singleActiveConsumer: (any DeliveryTarget)? { nil }
    var nextPosition: UInt64 { messages.end }
    /// How many of its messages are in memory.
    var residentCount: Int { messages.residentCount }

    // MARK: Messages in

    func publish(_ message: Message, isAnswered: Bool) -> Bool {
        let queued = QueuedMessage(message: message, position: messages.end, expiresAt: host.now)
        load.add(message)
        log?.enter(queued)
        if messages.append(message, at: queued.expiresAt) {
            if !quirk(.nothingIsGivenUp) { retain() }
            countSegments()
        }
        if messages.hasOldBlocks { release() }
        if waiting.count > 1, quirk(.newsReachOneReader) {
            waiting.popFirst().map { reading.append($0) }
        } else if reading.isEmpty {
            swap(&reading, &waiting)
        } else if waiting.isEmpty || !quirk(.newsWaitForReaders) {
            while let consumer = waiting.popFirst() { reading.append(consumer) }
        }
        read()
        return true
    }

    /// Gives up the oldest segments, as far as the limits ask for it: when another begins, as in RabbitMQ.
    private func retain() {
        if isRetaining || !retainSlice() { return }
        isRetaining = true
        host.doInSlices { [self] in
            isRetaining = retainSlice()
            return isRetaining
        }
    }

    private func retainSlice() -> Bool {
        defer { countSegments() }
        let age = arguments.maximumAge
        let oldest = age == nil || quirk(.agesMeanNothing) ? nil : age.map { host.now - $0 }
        for _ in 0..<Self.slice {
            guard let gone = messages.popDropped(above: arguments.maximumOctets, before: oldest) else { return false }
            leave(gone, isWritten: !quirk(.givenUpAreNotWritten))
        }
        return true
    }

    /// Counts what segments take up themselves: a client may want one for each message.
    private func countSegments() {
        load.hold((messages.olderCount - segmentsCounted) * StreamSegment.footprint)
        segmentsCounted = messages.olderCount
    }

    /// A segment that is given up little by little keeps nobody waiting: its messages may be read until they are gone.
    func catchUp() -> Bool { false }

    private func leave(_ gone: StreamLog.Gone, isWritten: Bool = true) {
        switch gone {
        case .message(let offset, let entry):
            load.remove(entry.message)
            if isWritten { log?.leave(QueuedMessage(entry, at: offset)) }
        case .run(let run):
            load.hold(-StoredRun.footprint)
            if isWritten { log?.leave(run) }
        }
    }

    /// Lets messages go that are on disk, block by block, but for the newest. Whatever else there is to do, a block goes for
    /// half as many messages that come.
    private func release() {
        guard let log, !awaitsStore else { return }
        if isReleasing {
            if messages.endsHalfABlock(log.number) { _ = releaseBlock() }
            return
        }
        isReleasing = true
        // Not at once: a batch that is on disk may be what a thousand streams have waited for.
        host.doInSlicesLater { [self] in
            isReleasing = releaseBlock()
            return isReleasing
        }
    }

    /// False: there is none that can go.
    private func releaseBlock() -> Bool {
        guard let log, !awaitsStore, let (first, entries) = messages.oldestBlock else { return false }
        Steps.take(entries.count)
        let queued = entries.enumerated().map { QueuedMessage($1, at: first + UInt64($0)) }
        guard let runs = log.release(queued) else {
            awaitsStore = true
            log.whenStored { [weak self] in
                self?.awaitsStore = false
                self?.release()
            }
            return false
        }
        for message in queued { load.remove(message.message) }
        load.hold(runs.count * StoredRun.footprint)
        messages.replaceOldestBlock(by: runs)
        return messages.oldestBlock != nil
    }

    /// Takes over what was found in the store, by rising position.
    func restore(_ runs: [StoredRun], nextPosition: UInt64) {
        guard let log else { return }
        for run in runs {
            if !quirk(.restoredOffsetsStartAnew) { messages.skip(to: run.first) }
            messages.append(run) { run, counts in
                load.hold((counts.count - 1) * StoredRun.footprint)
                return log.split(run, into: counts)
            }
        }
        load.hold(runs.count * StoredRun.footprint)
        messages.skip(to: nextPosition)
        countSegments()
        chunks?.clear()
    }

    /// The store has runs of a stream, and no message.
    func restore(_ messages: [QueuedMessage], nextPosition: UInt64) {}

    // MARK: Messages out

    /// Hands out what there is to be read, in slices: whoever reads a long stream holds nobody up.
    private func read() {
        if isReading || !readSlice() || quirk(.readingEndsWithItsFirstSlice) { return }
        isReading = true
        host.doInSlices { [self] in
            isReading = readSlice()
            return isReading
        }
    }

    /// False: everybody has everything, or no room.
    private func readSlice() -> Bool {
        var left = Self.slice
        while left > 0, let consumer = reading.popFirst() {
            if consumer.isCancelled { continue }
            left -= 1
            left -= handOut(to: consumer) + (chunks?.takeUnits() ?? 0)
            takeBack(consumer)
        }
        if left < Self.slice - 1 { host.spend(Self.slice - left) }
        return !reading.isEmpty
    }

    /// Hands out what is a consumer's turn. Returns how much that was.
    private func handOut(to consumer: any DeliveryTarget) -> Int {
        // More readers than there are runs in memory have theirs read anew each turn, so each turn is to be worth it.
        let most = list.count > StreamChunks.mostOfAll ? Self.longTurn : Self.turn
        var (taken, units) = (0, 0)
        while taken < most, units < Self.slice, consumer.hasRoom,
            let (first, entries) = messages.some(from: consumer.place)
        {
            for (offset, entry) in zip(first..., entries.prefix(most - taken)) {
                let isOver = !consumer.hasRoom || units >= Self.slice
                if offset > first, isOver, !quirk(.turnsGoToTheirEnd) { return units }
                Steps.take()
                consumer.place = offset + 1
                taken += 1
                units += entry.message.unitsOfDeliveryAnew
                guard consumer.wants(entry.message) else { continue }
                var message = QueuedMessage(entry, at: offset)
                if offset + 1 < messages.end, quirk(.whatIsNotNewIsRedelivered) { message.noteReturn(isFailure: false) }
                consumer.deliver(message)
            }
        }
        return units
    }

    /// Puts a consumer where it belongs that has had its turn.
    private func takeBack(_ consumer: any DeliveryTarget) {
        if !consumer.hasRoom {
            consumer.isInRotation = false
            consumer.awaitRoom()
        } else if consumer.place < messages.end {
            reading.append(consumer)
        } else if !quirk(.readersStopAtTheEnd) {
            waiting.append(consumer)
            if waiting.count >= list.count { chunks?.clear() }
        }
    }

    /// Nothing can be fetched; channels refuse to.
    func get(noAck: Bool) -> QueuedMessage? { nil }
    func settle(_ message: QueuedMessage, as settlement: Settlement) {}
    func requeue(_ returned: [QueuedMessage], because reason: ReturnReason) {}
    func purge() -> Int { 0 }

    // MARK: Consumers

    func add(_ consumer: any DeliveryTarget) {
        consumer.place = messages.place(of: consumer.start)
        if let other = list.first, quirk(.readersShareAPlace) { consumer.place = other.place }
        list.add(consumer, ObjectIdentifier(consumer))
        chunks?.serve(list.count)
        resume(consumer, handsOut: true)
    }

    func remove(_ consumer: any DeliveryTarget) {
        consumer.cancel()
        guard !isDeleted else { return }
        list.remove(ObjectIdentifier(consumer))
        chunks?.serve(list.count)
        guard consumer.isInRotation else { return }
        consumer.isInRotation = false
        removedCount += 1
        if removedCount > 16, removedCount > list.count { closeUp() }
    }

    private func closeUp() {
        reading.removeAll { $0.isCancelled }
        waiting.removeAll { $0.isCancelled || quirk(.closingUpLosesReaders) }
        removedCount = 0
    }

    func resume(_ consumer: any DeliveryTarget, handsOut: Bool) {
        guard handsOut, !isDeleted, !consumer.isInRotation, !consumer.isCancelled else { return }
        consumer.isInRotation = true
        takeBack(consumer)
        read()
    }

    // MARK: Time and the end

    func follow(_ arguments: QueueArguments) {
        self.arguments = arguments
        retain()
    }

    func renewLease() {}
    func handleTimer() {}

    func delete() {
        isDeleted = true
        (reading, waiting) = (Ring(), Ring())
        var dropped = messages
        messages = Self.noMessages(arguments, log, chunks)
        countSegments()
        chunks?.clear()
        host.forget({ dropped.popFirst() }, { self.leave($0) })
    }

    func dismissConsumers() {
        if list.count > 1, quirk(.oneReaderIsTold) { list = IdentityList(list.first) }
        var left = list.takeAll()
        host.dismiss(&left)
    }

    func dissolve() {
        (list, reading, waiting) = (IdentityList(), Ring(), Ring())
        messages = Self.noMessages(arguments, log, chunks)
    }
}
