import AMQPWire

/// A quorum queue, as a single node has it (RabbitMQ: "Quorum Queues"): everything in it is kept on disk, and how often a
/// message came back is counted.
final class QuorumQueue: Queue {
    let name: ShortString
    let label: String
    let declaration: QueueDeclaration
    let arguments: QueueArguments
    private unowned let host: any QueueHost
    private let log: (any QueueLog)?
    private let load: Load
    private let dialect: Dialect
    /// nil: a message may come back as often as it likes.
    private let deliveryLimit: Int64?

    private var ready: QuorumMessages
    private var rotation: QueueConsumers
    private var clock = QueueClock()
    private var arrears = Arrears()
    private var unacknowledgedCount = 0
    private(set) var nextPosition: UInt64 = 0
    private(set) var isDeleted = false
    /// It has become too long, and refuses publishes until it is a fifth shorter.
    private var isFull = false

    /// How many deliveries a consumer without a prefetch limit may hold.
    static let mostUnacknowledged = 2000

    init(_ order: QueueOrder, host: any QueueHost) {
        name = order.name
        label = order.label
        declaration = order.declaration
        arguments = order.arguments
        log = order.log
        self.host = host
        load = host.load
        dialect = order.dialect
        deliveryLimit = order.dialect.deliveryLimit(saying: order.arguments.deliveryLimit)
        ready = Self.noMessages(dialect)
        rotation = Self.noConsumers(arguments, dialect)
        renewLease()
    }

    private static func noMessages(_ dialect: Dialect) -> QuorumMessages {
        QuorumMessages(dialect.quorumOrder, expiresInEachLane: dialect.expiresInEachPriority)
    }

    private static func noConsumers(_ arguments: QueueArguments, _ dialect: Dialect) -> QueueConsumers {
        QueueConsumers(isSingleActive: arguments.singleActiveConsumer, dialect.quorumSuccession)
    }

    var counts: QueueCounts {
        QueueCounts(
            ready: arrears.areLeft ? arguments.kept(ready.count, ready.expiredCount(at: host.now)) : ready.count,
            unacknowledged: unacknowledgedCount, readyOctets: ready.bodyOctets)
    }

    var consumers: [any DeliveryTarget] { rotation.all }
    var singleActiveConsumer: (any DeliveryTarget)? { arguments.singleActiveConsumer ? rotation.active : nil }

    // MARK: Messages in

    func publish(_ message: Message) -> Bool {
        if refuses() { return false }
        let queued = QueuedMessage(
            message: message, position: nextPosition, expiresAt: arguments.expiry(of: message, at: host.now))
        nextPosition += 1
        if ready.isEmpty, let consumer = rotation.next() {
            // What is delivered and needs no acknowledgement was never really here.
            if !consumer.noAck { enter(queued) }
            hand(queued, to: consumer)
        } else {
            enter(queued)
            ready.append(queued)
            if dropOverflow() || queued.expiresAt != .max { expire() }
        }
        return true
    }

    /// A queue that refuses what is too much takes one message more than it may have, and nothing more then until a
    /// fifth is gone.
    private func refuses() -> Bool {
        guard arguments.overflow == .rejectPublish else { return false }
        isFull = isFull ? !arguments.hasRoomAgain(ready.count, limitedOctets) : isTooLong
        return isFull
    }

    private var limitedOctets: Int { ready.bodyOctets + (dialect.limitsProperties ? ready.propertyOctets : 0) }
    private var isTooLong: Bool { arguments.isExceeded(by: ready.count, limitedOctets) }

    /// Drops what is too much, from the head. True: another message stands there now.
    @discardableResult
    private func dropOverflow() -> Bool {
        // There is no reject-publish-dlx: it means drop-head.
        if arguments.overflow == .rejectPublish { return false }
        return drop(.maxlen, while: isTooLong) { ready.popFirst() }
    }

    /// Drops messages as long as they are due: some at once, and the rest later. True: there were some.
    private func drop(
        _ reason: DeadLetter.Reason, while isDue: @autoclosure () -> Bool, _ next: () -> QueuedMessage?
    ) -> Bool {
        let most = arrears.most
        var count = 0
        while isDue() {
            if count == most {
                if arrears.note() { dropLater(by: host) { [self] in arrears.isOver() } }
                break
            }
            guard let dropped = next() else { break }
            count += 1
            bury(dropped, reason, log, host)
        }
        if count > 1 { host.spend(count) }
        return count > 0
    }

    func catchUp() -> Bool {
        guard !isDeleted, arrears.areLeft || clock.isDue(at: host.now) else { return false }
        arrears.clear()
        dropOverflow()
        dispatch()
        return arrears.areLeft
    }

    func requeue(_ returned: [QueuedMessage], because reason: ReturnReason) {
        unacknowledgedCount -= returned.count
        guard !isDeleted else { return returned.forEach(leave) }
        let goesToTheEnd = deliveryLimit == nil && reason != .abandoned && dialect.requeuesAtTheEnd
        for var message in returned {
            message.noteReturn(isFailure: dialect.isFailure(reason))
            if let deliveryLimit, message.failureCount > deliveryLimit {
                bury(message, .deliveryLimit, log, host)
                continue
            }
            log?.noteReturn(of: message, before: goesToTheEnd ? nextPosition : nil)
            if goesToTheEnd { ready.append(message) } else { ready.putBack(message) }
        }
        dropOverflow()
        dispatch()
    }

    func restore(_ messages: [QueuedMessage], of total: Int, nextPosition: UInt64) {
        self.nextPosition = nextPosition
        load.add(messages)
        for message in messages { ready.append(message) }
        setTimer()
    }

    /// Takes over messages that had come back before the broker ended, in the order they did.
    func restore(returned messages: [QueuedMessage]) {
        load.add(messages)
        for message in messages { ready.putBack(message) }
        setTimer()
    }

    private func enter(_ queued: QueuedMessage) {
        load.add(queued.message)
        log?.enter(queued)
    }

    private func leave(_ queued: QueuedMessage) {
        load.remove(queued.message)
        log?.leave(queued)
    }

    // MARK: Messages out

    private func dispatch() {
        if arrears.areLeft { return }
        expire()
        while !arrears.areLeft, !ready.isEmpty, let consumer = rotation.next(), let message = ready.popFirst() {
            hand(message, to: consumer)
            if consumer.noAck { leave(message) }
            expire()
        }
    }

    private func hand(_ message: QueuedMessage, to consumer: any DeliveryTarget) {
        if !consumer.noAck { noteDelivery(of: message) }
        consumer.deliver(message)
    }

    private func noteDelivery(of message: QueuedMessage) {
        unacknowledgedCount += 1
        log?.noteDelivery(of: message)
    }

    func get(noAck: Bool) -> QueuedMessage? {
        renewLease()
        expire()
        guard let message = ready.popFirst() else { return nil }
        if noAck { leave(message) } else { noteDelivery(of: message) }
        expire()
        return message
    }

    func settle(_ message: QueuedMessage, as settlement: Settlement) {
        unacknowledgedCount -= 1
        if settlement == .rejected { bury(message, .rejected, log, host) } else { leave(message) }
        if !isDeleted, rotation.isBeingTakenOver { dispatch() }
    }

    func purge() -> Int {
        defer { dropReady() }
        return ready.count
    }

    // MARK: Consumers

    /// Nobody has a quorum queue to itself: who asks for it gets it shared.
    func admit(exclusive: Bool) throws(BrokerError) {}

    func add(_ consumer: any DeliveryTarget) {
        clock.hold()
        rotation.add(consumer)
        dispatch()
    }

    func remove(_ consumer: any DeliveryTarget) {
        consumer.cancel()
        guard !isDeleted else { return }
        rotation.remove(consumer)
        if rotation.isEmpty { renewLease() } else { dispatch() }
    }

    func resume(_ consumer: any DeliveryTarget) {
        guard !isDeleted else { return }
        rotation.resume(consumer)
        dispatch()
    }

    // MARK: Time

    func renewLease() {
        guard let expires = arguments.expires, rotation.isEmpty else { return }
        clock.renew(for: expires, now: host.now)
        setTimer()
    }

    func timerFired() {
        clock.fired()
        guard !isDeleted else { return }
        if clock.isOver(at: host.now) { return host.end(self) }
        dispatch()
        setTimer()
    }

    private func expire() {
        let now = host.now
        _ = drop(.expired, while: ready.nextExpiry <= now) { ready.popExpired(at: now) }
        setTimer()
    }

    private func setTimer() { clock.set(arrears.areLeft ? .max : ready.nextExpiry, for: self, by: host) }

    // MARK: The end

    func delete() {
        isDeleted = true
        clock.cancel(by: host)
        dropReady()
    }

    func dismissConsumers() { rotation.dismiss(by: host) }

    private func dropReady() {
        var dropped = ready
        arrears.clear()
        ready = Self.noMessages(dialect)
        host.forget({ dropped.popFirst() }, leave)
    }

    func dissolve() {
        rotation = Self.noConsumers(arguments, dialect)
        ready = Self.noMessages(dialect)
    }
}
