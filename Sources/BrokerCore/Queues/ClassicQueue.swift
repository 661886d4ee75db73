import AMQPWire

/// A classic queue: messages in order, and the consumers that take turns at them (RabbitMQ: "Classic Queues").
final class ClassicQueue: Queue {
    let name: ShortString
    let label: String
    let declaration: QueueDeclaration
    let arguments: QueueArguments
    private unowned let host: any QueueHost
    private let log: (any QueueLog)?
    private let load: Load

    private var ready: PrioritizedMessages
    private var rotation: QueueConsumers
    private var unacknowledgedCount = 0
    private(set) var nextPosition: UInt64 = 0
    private(set) var isDeleted = false
    private var clock = QueueClock()

    init(_ order: QueueOrder, host: any QueueHost) {
        name = order.name
        label = order.label
        declaration = order.declaration
        arguments = order.arguments
        log = order.log
        self.host = host
        load = host.load
        ready = PrioritizedMessages(highestPriority: arguments.maximumPriority)
        rotation = QueueConsumers(isSingleActive: arguments.singleActiveConsumer)
        renewLease()
    }

    var counts: QueueCounts {
        QueueCounts(ready: ready.count, unacknowledged: unacknowledgedCount, readyOctets: ready.bodyOctets)
    }

    var consumers: [any DeliveryTarget] { rotation.all }
    var singleActiveConsumer: (any DeliveryTarget)? { arguments.singleActiveConsumer ? rotation.active : nil }

    // MARK: Messages in

    func publish(_ message: Message) -> Bool {
        if arguments.overflow != .dropHead, wouldOverflow(message) {
            if arguments.overflow == .rejectPublishDeadLetter { deadLetter(message, .maxlen, to: host) }
            return false
        }
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
            // Only a message that stands at the head can be the next to expire.
            if dropOverflow() || queued.expiresAt != .max { expire() }
        }
        return true
    }

    private func wouldOverflow(_ message: Message) -> Bool {
        if let limit = arguments.maximumLength, ready.count + 1 > limit { return true }
        if let limit = arguments.maximumOctets {
            let octets = ready.bodyOctets + message.bodySize
            return octets > limit || octets == limit && quirk(.exactFitInOctetsIsRefused)
        }
        return false
    }

    /// Drops what is too much, from the head. True: another message stands there now.
    ///
    /// A queue that refuses publishes drops nothing, even if what comes back makes it longer than it may be.
    @discardableResult
    private func dropOverflow() -> Bool {
        if arguments.overflow != .dropHead { return false }
        var hasDropped = false
        while arguments.isExceeded(by: ready.count, ready.bodyOctets), let dropped = ready.popFirst() {
            hasDropped = true
            leave(dropped)
            deadLetter(dropped.message, .maxlen, to: host)
        }
        return hasDropped
    }

    func requeue(_ returned: [QueuedMessage], because reason: ReturnReason) {
        unacknowledgedCount -= returned.count
        guard !isDeleted else { return returned.forEach(leave) }
        ready.putBack(
            returned.map { message in
                var message = message
                message.noteReturn(isFailure: true)
                return message
            })
        dropOverflow()
        dispatch()
    }

    func restore(_ messages: [QueuedMessage], of total: Int, nextPosition: UInt64) {
        self.nextPosition = nextPosition
        load.add(messages)
        ready.append(messages, of: total)
        setTimer()
    }

    /// A message has got its place here.
    private func enter(_ queued: QueuedMessage) {
        load.add(queued.message)
        log?.enter(queued)
    }

    /// A message has given up its place here for good.
    private func leave(_ queued: QueuedMessage) {
        load.remove(queued.message)
        log?.leave(queued)
    }

    // MARK: Messages out

    /// Hands out messages as long as there are some and a consumer has room.
    private func dispatch() {
        expire()
        while !ready.isEmpty, let consumer = rotation.next(), let message = ready.popFirst() {
            hand(message, to: consumer)
            if consumer.noAck { leave(message) }
            if message.expiresAt != .max || ready.first?.expiresAt ?? .max != .max { expire() }
        }
    }

    private func hand(_ message: QueuedMessage, to consumer: any DeliveryTarget) {
        if !consumer.noAck {
            unacknowledgedCount += 1
            log?.noteDelivery(of: message)
        }
        consumer.deliver(message)
    }

    func get(noAck: Bool) -> QueuedMessage? {
        renewLease()
        expire()
        guard let message = ready.popFirst() else { return nil }
        if noAck {
            leave(message)
        } else {
            unacknowledgedCount += 1
            log?.noteDelivery(of: message)
        }
        expire()
        return message
    }

    func settle(_ message: QueuedMessage, as settlement: Settlement) {
        unacknowledgedCount -= 1
        leave(message)
        if settlement == .rejected { deadLetter(message.message, .rejected, to: host) }
    }

    func purge() -> Int {
        defer { dropReady() }
        return ready.count
    }

    // MARK: Consumers

    func admit(exclusive: Bool) throws(BrokerError) {
        if rotation.hasExclusive || exclusive && (!rotation.isEmpty || arguments.singleActiveConsumer) {
            throw BrokerError(.accessRefused, "\(label) in exclusive use")
        }
    }

    func add(_ consumer: any DeliveryTarget) {
        clock.hold()
        rotation.add(consumer)
        dispatch()
    }

    func remove(_ consumer: any DeliveryTarget) {
        consumer.cancel()
        guard !isDeleted else { return }
        rotation.remove(consumer)
        guard rotation.isEmpty else { return dispatch() }
        renewLease()
        if declaration.autoDelete { host.end(self) }
    }

    func resume(_ consumer: any DeliveryTarget) {
        guard !isDeleted else { return }
        rotation.resume(consumer)
        dispatch()
    }

    // MARK: Time

    /// A consumer holds the lease anyway.
    func renewLease() {
        guard let expires = arguments.expires, rotation.isEmpty else { return }
        clock.renew(for: expires, now: host.now)
        setTimer()
    }

    func timerFired() {
        clock.fired()
        guard !isDeleted else { return }
        if clock.isOver(at: host.now) {
            host.end(self)
        } else {
            dispatch()
            setTimer()
        }
    }

    /// Drops what has expired at the head of the queue. Behind a live message an expired one waits, also behind one with
    /// a higher priority, as in RabbitMQ.
    private func expire() {
        let now = host.now
        while let expired = ready.first, expired.expiresAt <= now {
            _ = ready.popFirst()
            leave(expired)
            deadLetter(expired.message, .expired, to: host)
        }
        setTimer()
    }

    private func setTimer() { clock.set(ready.first?.expiresAt ?? .max, for: self, by: host) }

    // MARK: The end

    func delete() {
        isDeleted = true
        clock.cancel(by: host)
        rotation.vanish()
        rotation = QueueConsumers(isSingleActive: arguments.singleActiveConsumer)
        dropReady()
    }

    /// Forgets what is ready, little by little.
    private func dropReady() {
        var dropped = ready
        ready = PrioritizedMessages(highestPriority: arguments.maximumPriority)
        host.forget({ dropped.popFirst() }, leave)
    }

    func dissolve() {
        rotation = QueueConsumers(isSingleActive: false)
        ready = PrioritizedMessages()
    }
}
