import AMQPWire
import DataStructures

/// A stream, as a single node has it (RabbitMQ: "Streams"): messages that are read and stay. Each consumer is at a place of
/// its own, and an acknowledgement only makes room for it to be handed more.
final class StreamQueue: Queue {
    let name: ShortString
    let label: String
    let declaration: QueueDeclaration
    private(set) var arguments: QueueArguments
    private unowned let host: any QueueHost
    private let log: (any QueueLog)?
    private let load: Load

    private var messages: StreamLog
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
    private(set) var isDeleted = false

    /// How many messages a slice takes, and how many of them one consumer is handed before the next has its turn.
    private static let slice = 512
    private static let turn = 32

    init(_ order: QueueOrder, host: any QueueHost) {
        (name, label, log) = (order.name, order.label, order.log)
        (declaration, arguments) = (order.declaration, order.arguments)
        self.host = host
        load = host.load
        messages = Self.noMessages(order.arguments)
    }

    private static func noMessages(_ arguments: QueueArguments) -> StreamLog {
        StreamLog(segmentOctets: Int(clamping: arguments.segmentOctets))
    }

    /// What a consumer holds is still there.
    var counts: QueueCounts {
        QueueCounts(ready: messages.count, unacknowledged: 0, readyOctets: messages.bodyOctets)
    }

    func latest(_ most: Int) -> [QueuedMessage] { messages.latest(most) }
    var consumers: [any DeliveryTarget] { list.all }
    var singleActiveConsumer: (any DeliveryTarget)? { nil }
    var nextPosition: UInt64 { messages.end }

    // MARK: Messages in

    func publish(_ message: Message) -> Bool {
        let queued = QueuedMessage(message: message, position: messages.end, expiresAt: host.now)
        load.add(message)
        log?.enter(queued)
        if messages.append(message, at: queued.expiresAt), !quirk(.nothingIsGivenUp) { retain() }
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
        host.later { [self] in
            isRetaining = retainSlice()
            return isRetaining
        }
    }

    private func retainSlice() -> Bool {
        let age = arguments.maximumAge
        let oldest = age == nil || quirk(.agesMeanNothing) ? nil : age.map { host.now - $0 }
        for _ in 0..<Self.slice {
            guard let (offset, entry) = messages.popDropped(above: arguments.maximumOctets, before: oldest) else {
                return false
            }
            leave(QueuedMessage(entry, at: offset), isWritten: !quirk(.givenUpAreNotWritten))
        }
        return true
    }

    /// A segment that is given up little by little keeps nobody waiting: its messages may be read until they are gone.
    func catchUp() -> Bool { false }

    private func leave(_ gone: QueuedMessage, isWritten: Bool = true) {
        load.remove(gone.message)
        if isWritten { log?.leave(gone) }
    }

    func restore(_ found: [QueuedMessage], of total: Int, nextPosition: UInt64) {
        load.add(found)
        for message in found {
            if !quirk(.restoredOffsetsStartAnew) { messages.skip(to: message.position) }
            _ = messages.append(message.message, at: message.expiresAt)
        }
        if messages.count == total { messages.skip(to: nextPosition) }
    }

    // MARK: Messages out

    /// Hands out what there is to be read, in slices: whoever reads a long stream holds nobody up.
    private func read() {
        if isReading || !readSlice() || quirk(.readingEndsWithItsFirstSlice) { return }
        isReading = true
        host.later { [self] in
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
            for _ in 0..<Self.turn {
                guard consumer.hasRoom, let (offset, entry) = messages.first(from: consumer.place) else { break }
                consumer.place = offset + 1
                left -= 1
                guard consumer.wants(entry.message) else { continue }
                var message = QueuedMessage(entry, at: offset)
                if offset + 1 < messages.end, quirk(.whatIsNotNewIsRedelivered) { message.noteReturn(isFailure: false) }
                consumer.deliver(message)
            }
            takeBack(consumer)
        }
        return !reading.isEmpty
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
        }
    }

    /// Where a consumer begins. An offset that is not there yet is waited for.
    private func place(of start: StreamStart) -> UInt64 {
        let (first, end) = (messages.start, messages.end)
        switch start {
        case .first: return first < end && quirk(.streamsBeginAtTheirEnd) ? end : first
        case .last:
            if messages.count > 1, quirk(.lastIsFirst) { return first }
            return messages.count == 0 || quirk(.lastIsNext) ? end : end - 1
        case .next: return end
        case .offset(let offset):
            if offset > end, quirk(.offsetsToComeAreNext) { return end }
            return offset > 0 && quirk(.offsetsAreOneEarly) ? offset - 1 : offset
        case .time(let time):
            if quirk(.timesMeanFirst) { return first }
            return quirk(.timesMeanNext) ? end : messages.offset(notBefore: time)
        }
    }

    /// Nothing can be fetched; channels refuse to.
    func get(noAck: Bool) -> QueuedMessage? { nil }
    func settle(_ message: QueuedMessage, as settlement: Settlement) {}
    func requeue(_ returned: [QueuedMessage], because reason: ReturnReason) {}
    func purge() -> Int { 0 }

    // MARK: Consumers

    func add(_ consumer: any DeliveryTarget) {
        consumer.place = place(of: consumer.start)
        if let other = list.first, quirk(.readersShareAPlace) { consumer.place = other.place }
        list.add(consumer, ObjectIdentifier(consumer))
        resume(consumer, handsOut: true)
    }

    func remove(_ consumer: any DeliveryTarget) {
        consumer.cancel()
        guard !isDeleted else { return }
        list.remove(ObjectIdentifier(consumer))
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
    func timerFired() {}

    func delete() {
        isDeleted = true
        (reading, waiting) = (Ring(), Ring())
        var dropped = messages
        messages = Self.noMessages(arguments)
        host.forget({ dropped.popFirst().map { QueuedMessage($0.entry, at: $0.offset) } }, { self.leave($0) })
    }

    func dismissConsumers() {
        let left = list.count > 1 && quirk(.oneReaderIsTold) ? Array(list.all.prefix(1)) : list.all
        list = IdentityList()
        host.dismiss(left)
    }

    func dissolve() {
        (list, reading, waiting) = (IdentityList(), Ring(), Ring())
        messages = Self.noMessages(arguments)
    }
}

extension QueuedMessage {
    /// A stream's message at its offset. It never expires; when it came in stands in that place.
    fileprivate init(_ entry: StreamLog.Entry, at offset: UInt64) {
        self.init(message: entry.message, position: offset, expiresAt: entry.time, failureCount: 0)
    }
}
