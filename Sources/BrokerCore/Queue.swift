import AMQPWire

/// A queue: messages in order, and the consumers that take turns at them.
final class Queue {
    let name: ShortString
    let declaration: Declaration
    let arguments: QueueArguments
    unowned let virtualHost: VirtualHost
    var core: BrokerCore { virtualHost.core }

    private var ready: PrioritizedMessages
    private(set) var consumers: QueueConsumers
    /// Deliveries that wait for their acknowledgement, on all channels.
    private(set) var unacknowledgedCount = 0
    private(set) var nextPosition: UInt64 = 0
    /// Bindings that lead here.
    var bindings: [Binding] = []
    private(set) var isDeleted = false
    private var hasHadConsumer = false
    /// When its lease runs out, in milliseconds since the Unix epoch (RabbitMQ: "Queue TTL").
    private var leaseEnds = Int64.max
    /// The time a timer is set for, so that there is one and not one a message.
    private var timerAt = Int64.max
    /// The pass of routing that last came to this queue; see ``VirtualHost/route(_:from:keys:)``.
    var routingPass: UInt64 = 0

    var store = QueueStore()
    let load: Load

    /// What a declare fixes for a queue's life.
    struct Declaration {
        var durable = false
        /// The connection that alone may use the queue; nil: everybody.
        var owner: ConnectionID?
        var autoDelete = false
        var arguments: FieldTable = [:]
    }

    init(name: ShortString, declaration: Declaration, arguments: QueueArguments, in virtualHost: VirtualHost) {
        self.name = name
        self.declaration = declaration
        self.arguments = arguments
        self.virtualHost = virtualHost
        load = virtualHost.core.load
        ready = PrioritizedMessages(highestPriority: arguments.maximumPriority)
        consumers = QueueConsumers(isSingleActive: arguments.singleActiveConsumer)
        renewLease()
    }

    /// As reply texts name it.
    var label: String { "queue '\(name)' in vhost '\(virtualHost.name)'" }
    var readyCount: Int { ready.count }
    var readyOctets: Int { ready.bodyOctets }

    /// Throws 405 when another connection owns the queue.
    func checkAccess(by connection: ConnectionID) throws(BrokerError) {
        if let owner = declaration.owner, owner != connection { throw .locked(self) }
    }

    // MARK: Messages in

    /// Takes in a message and hands it on when a consumer has room. False: the queue is full and its overflow rule
    /// refuses publishes.
    func publish(_ message: Message) -> Bool {
        if arguments.overflow != .dropHead, wouldOverflow(message) {
            if arguments.overflow == .rejectPublishDeadLetter { deadLetter(message, reason: .maxlen) }
            return false
        }
        let queued = QueuedMessage(message: message, position: nextPosition, expiresAt: expiry(of: message))
        nextPosition += 1
        if ready.isEmpty, let consumer = consumers.next() {
            // What is delivered and needs no acknowledgement was never really here.
            if !consumer.noAck { entered(queued) }
            hand(queued, to: consumer)
        } else {
            entered(queued)
            ready.append(queued)
            // Only a message that stands at the head can be the next to expire.
            if dropOverflow() || queued.expiresAt != .max { expire() }
        }
        return true
    }

    private func expiry(of message: Message) -> Int64 {
        switch (arguments.messageTimeToLive, message.traits.expiration) {
        case (nil, nil): return .max
        case (let one?, nil), (nil, let one?): return core.now + one
        case (let queues?, let own?): return core.now + min(queues, own)
        }
    }

    private func wouldOverflow(_ message: Message) -> Bool {
        if let limit = arguments.maximumLength, ready.count + 1 > limit { return true }
        if let limit = arguments.maximumOctets, ready.bodyOctets + message.bodySize > limit { return true }
        return false
    }

    /// Drops what is too much, from the head. True: another message stands there now.
    @discardableResult
    private func dropOverflow() -> Bool {
        func isOver() -> Bool {
            if let limit = arguments.maximumLength, ready.count > limit { return true }
            if let limit = arguments.maximumOctets, ready.bodyOctets > limit { return true }
            return false
        }
        var hasDropped = false
        while isOver(), let dropped = ready.popForOverflow() {
            hasDropped = true
            left(dropped)
            deadLetter(dropped.message, reason: .maxlen)
        }
        return hasDropped
    }

    /// Puts messages back where they were, marked as redelivered.
    func requeue(_ returned: [Unacknowledged]) {
        unacknowledgedCount -= returned.count
        guard !isDeleted else { return returned.forEach { left($0.message) } }
        ready.putBack(
            returned.map { delivery in
                var message = delivery.message
                message.redelivered = true
                return message
            })
        dropOverflow()
        dispatch()
    }

    /// Takes over what was found in the store, in the order of the positions.
    func restore(_ messages: [QueuedMessage], as found: StoredQueue, journal: Journal) {
        store = QueueStore(journal: journal, number: found.number, deliveredBelow: found.deliveredBelow)
        // Transient messages had places too, which the log does not know of unless they were handed out: what comes in
        // from now on must not look as if it had been.
        nextPosition = max(found.nextPosition, found.deliveredBelow)
        for message in messages {
            load.added(message.message)
            ready.append(message)
        }
        setTimer()
    }

    // MARK: Messages out

    /// Hands out messages as long as there are some and a consumer has room.
    func dispatch() {
        expire()
        while !ready.isEmpty, let consumer = consumers.next(), let message = ready.popFirst() {
            hand(message, to: consumer)
            if consumer.noAck { left(message) }
            if message.expiresAt != .max || ready.first?.expiresAt ?? .max != .max { expire() }
        }
    }

    private func hand(_ message: QueuedMessage, to consumer: Consumer) {
        if !consumer.noAck {
            unacknowledgedCount += 1
            noteDelivery(of: message)
        }
        consumer.channel.deliver(message, to: consumer)
    }

    /// Takes the first message for `basic.get`.
    func get(noAck: Bool) -> QueuedMessage? {
        renewLease()
        expire()
        guard let message = ready.popFirst() else { return nil }
        if noAck {
            left(message)
        } else {
            unacknowledgedCount += 1
            noteDelivery(of: message)
        }
        expire()
        return message
    }

    /// A delivery was acknowledged, or refused for good.
    func settled(_ delivery: Unacknowledged) {
        unacknowledgedCount -= 1
        left(delivery.message)
    }

    /// Drops what is ready; what is handed out is not touched.
    func purge() -> Int {
        let purged = ready.removeAll()
        purged.forEach(left)
        return purged.count
    }

    // MARK: Consumers

    func add(_ consumer: Consumer) {
        hasHadConsumer = true
        leaseEnds = .max
        consumers.add(consumer)
    }

    /// Removes a consumer; the queue goes with the last one when it is auto-delete.
    func remove(_ consumer: Consumer) {
        consumer.isCancelled = true
        guard !isDeleted else { return }
        consumers.remove(consumer)
        guard consumers.isEmpty else { return dispatch() }
        renewLease()
        if declaration.autoDelete { virtualHost.delete(self) }
    }

    /// A consumer may have room again.
    func resume(_ consumer: Consumer) {
        guard !isDeleted else { return }
        consumers.resume(consumer)
        dispatch()
    }

    // MARK: Time

    /// The queue was used: its lease begins anew, unless a consumer holds it anyway.
    func renewLease() {
        guard let expires = arguments.expires, consumers.isEmpty else { return }
        leaseEnds = core.now + expires
        setTimer()
    }

    /// Something of this queue's may be due.
    func timerFired() {
        timerAt = .max
        guard !isDeleted else { return }
        if leaseEnds <= core.now {
            virtualHost.delete(self)
        } else {
            dispatch()
            setTimer()
        }
    }

    /// Drops what has expired at the head of the queue. Behind a live message an expired one waits, as in RabbitMQ.
    private func expire() {
        let now = core.now
        guard ready.nextExpiry <= now else { return setTimer() }
        for expired in ready.popAll(where: { $0.expiresAt <= now }) {
            left(expired)
            deadLetter(expired.message, reason: .expired)
        }
        setTimer()
    }

    private func setTimer() {
        let next = min(leaseEnds, ready.nextExpiry)
        guard next < timerAt else { return }
        timerAt = next
        core.timers.set(next, for: .queue(self))
    }

    // MARK: The end

    /// Tells its consumers, and forgets its messages. Only ``VirtualHost/delete(_:)`` calls it.
    func wasDeleted() {
        isDeleted = true
        for consumer in consumers.all {
            consumer.isCancelled = true
            consumer.isInRotation = false
            consumer.channel.queueVanished(under: consumer)
        }
        consumers = QueueConsumers(isSingleActive: arguments.singleActiveConsumer)
        ready.removeAll().forEach(left)
    }

    /// Lets go of what holds it; see ``VirtualHost/dissolve()``.
    func dissolve() {
        bindings = []
        consumers = QueueConsumers(isSingleActive: false)
        ready = PrioritizedMessages()
    }

    /// A queue that was deleted has none: what was handed out by it and is rejected now is gone, as in RabbitMQ.
    func deadLetter(_ message: Message, reason: DeadLetter.Reason) {
        guard arguments.deadLetterExchange != nil, !isDeleted else { return }
        core.deadLetters.append(DeadLetter(message: message, queue: self, reason: reason))
    }
}
