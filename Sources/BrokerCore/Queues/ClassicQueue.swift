import AMQPWire

/// A classic queue: messages in order, and the consumers that take turns at them (RabbitMQ: "Classic Queues").
final class ClassicQueue: Dispatching {
    let name: ShortString
    let label: String
    let kind = QueueKind.classic
    let declaration: QueueDeclaration
    private(set) var arguments: QueueArguments
    unowned let host: any QueueHost
    private let log: (any QueueLog)?
    private let load: Load

    private var ready: PrioritizedMessages
    private(set) var rotation: QueueConsumers
    private var unacknowledgedCount = 0
    private(set) var nextPosition: UInt64 = 0
    private(set) var isDeleted = false
    private var clock = QueueClock()
    private(set) var arrears = Arrears()

    init(_ order: QueueOrder, host: any QueueHost) {
        (name, label, log) = (order.name, order.label, order.log)
        (declaration, arguments) = (order.declaration, order.arguments)
        (self.host, load) = (host, host.load)
        ready = PrioritizedMessages(highestPriority: arguments.maximumPriority)
        rotation = QueueConsumers(isSingleActive: arguments.singleActiveConsumer)
        renewLease()
    }

    var counts: QueueCounts {
        let count = arrears.areLeft ? arguments.kept(ready.count, ready.expiredCount(at: host.now)) : ready.count
        return QueueCounts(
            ready: count > 255 && quirk(.countsAreOctets) ? count & 255 : count,
            unacknowledged: unacknowledgedCount, readyOctets: ready.bodyOctets)
    }

    func latest(_ most: Int) -> [QueuedMessage] { ready.latest(most) }
    var consumerList: IdentityList<any DeliveryTarget> { rotation.list }
    var singleActiveConsumer: (any DeliveryTarget)? { arguments.singleActiveConsumer ? rotation.active : nil }

    // MARK: Messages in

    func publish(_ message: Message, isAnswered: Bool) -> Bool {
        // What is over takes no room, though its timer has not fired yet: at a start those of all queues are late.
        if arguments.overflow != .dropHead, ready.nextExpiry <= host.now { expire() }
        if arguments.overflow != .dropHead, arguments.refuses(held(with: message)),
            message.traits.priority == 0 || !quirk(.higherPrioritiesFindRoom),
            isAnswered || !quirk(.lettersAreNeverRefused)
        {
            if arguments.overflow == .rejectPublishDeadLetter || quirk(.everyRefusalIsDeadLettered) {
                deadLetter(message, .maxlen, to: host)
            }
            return false
        }
        let queued = QueuedMessage(
            message: message, position: nextPosition, expiresAt: arguments.expiry(of: message, at: host.now))
        nextPosition += 1
        if ready.isEmpty,
            queued.expiresAt == .max || !quirk(.noTimeToLiveMissesConsumers) || queued.expiresAt > host.now,
            let consumer = rotation.next()
        {
            // What is delivered and needs no acknowledgement was never really here.
            if !consumer.noAck { enter(queued, isWritten: !quirk(.handedOutAtOnceIsNotWritten)) }
            hand(queued.failureCount > 0 && quirk(.handedOnIsMarked) ? queued : queued.asNew, to: consumer)
        } else {
            enter(queued)
            ready.append(queued)
            if rotation.metCount > 0, rotation.endSlice(0, by: host) { dispatch(isCut: true) }
            // Only a message that stands at the head can be the next to expire.
            if dropOverflow() && !quirk(.overflowSetsNoTimer) || queued.expiresAt != .max { expire() }
        }
        if quirk(.publishRenewsTheLease) { renewLease() }
        return arguments.takes(queued, at: host.now)
    }

    private func held(with message: Message? = nil) -> QueueArguments.Held {
        .init(
            ready: ready.count + (message == nil ? 0 : 1), octets: ready.bodyOctets + (message?.bodySize ?? 0),
            unacknowledged: unacknowledgedCount)
    }

    /// Drops what is too much, from the head. True: another message stands there now.
    ///
    /// A queue that refuses publishes drops nothing, even if what comes back makes it longer than it may be.
    @discardableResult
    private func dropOverflow() -> Bool {
        if arguments.overflow != .dropHead { return false }
        return drop(.maxlen, isWritten: !quirk(.overflowIsNotWritten)) { count in
            !(count > 0 && quirk(.overflowDropsOne)) && arguments.areExceeded(by: held())
                && !(count == 0 && ready.count == 1 && quirk(.loneOneFits))
        }
    }

    /// Drops messages from the head as long as they are due: some at once, and the rest later. True: there were some.
    private func drop(
        _ reason: DeadLetter.Reason, isWritten: @autoclosure () -> Bool, while isDue: (_ count: Int) -> Bool
    ) -> Bool {
        let later = { [self] in dropLater(by: host) { [self] in arrears.noteEnd() } }
        return arrears.drop(by: host, while: isDue, later: later) {
            guard let dropped = ready.popFirst() else { return false }
            if isWritten() { bury(dropped, reason, log, host) } else { deadLetter(dropped.message, reason, to: host) }
            return true
        }
    }

    func catchUp() -> Bool {
        guard !isDeleted, arrears.areLeft || clock.isDue(at: host.now) else { return false }
        arrears.clear()
        dropOverflow()
        if !quirk(.caughtUpHandsOutNothing) { dispatch() }
        return arrears.areLeft
    }

    func requeue(_ returned: [QueuedMessage], because reason: ReturnReason) {
        unacknowledgedCount -= returned.count
        guard !isDeleted else { return returned.forEach(leave) }
        ready.putBack(returned.map { $0.returned(with: returned[0], because: reason, to: arguments, now: host.now) })
        if !quirk(.whatComesBackOverflows) { dropOverflow() }
        dispatch()
    }

    func restore(_ messages: [QueuedMessage], nextPosition: UInt64) {
        self.nextPosition = nextPosition
        load.add(messages)
        let isDropped = messages.first?.expiresAt ?? .max <= host.now && quirk(.expiredWhileDownIsLost)
        ready.append(isDropped ? messages.filter { $0.expiresAt > host.now } : messages)
        if quirk(.restoredQueuesHaveNoLease) { clock.hold() }
        if !quirk(.expiredWhileDownStays) { setTimer() }
    }

    /// A message has got its place here.
    private func enter(_ queued: QueuedMessage, isWritten: Bool = true) {
        load.add(queued.message)
        if isWritten { log?.enter(queued) }
    }

    /// A message has given up its place here for good.
    private func leave(_ queued: QueuedMessage) {
        load.remove(queued.message)
        log?.leave(queued)
    }

    // MARK: Messages out

    var hasReady: Bool { !ready.isEmpty }
    func change<Result>(_ body: (inout QueueConsumers) -> Result) -> Result { body(&rotation) }

    func handFirst(to consumer: any DeliveryTarget) -> Int? {
        guard let message = ready.popFirst() else { return nil }
        hand(message, to: consumer)
        if consumer.noAck, !quirk(.deliveriesWithoutAckAreNotWritten) { leave(message) }
        if message.expiresAt != .max
            || ready.first?.expiresAt ?? .max != .max && !quirk(.expiredBehindLiveIsDelivered)
        {
            expire()
        }
        return message.message.unitsOfDelivery
    }

    private func hand(_ message: QueuedMessage, to consumer: any DeliveryTarget) {
        if !consumer.noAck {
            unacknowledgedCount += 1
            if !quirk(.deliveriesAreNotNoted) { log?.noteDelivery(of: message) }
        }
        consumer.deliver(message)
    }

    func get(noAck: Bool) -> QueuedMessage? {
        if !quirk(.getDoesNotRenewTheLease) { renewLease() }
        expire()
        guard let message = ready.popFirst() else { return nil }
        if message.expiresAt == .max, ready.first?.expiresAt ?? .max != .max, quirk(.lastingEndsExpiry) { clock.stop() }
        if noAck {
            if !quirk(.getsWithoutAckAreNotWritten) { leave(message) }
        } else {
            unacknowledgedCount += 1
            if !quirk(.getsAreNotNoted) { log?.noteDelivery(of: message) }
        }
        expire()
        return message
    }

    func settle(_ message: QueuedMessage, as settlement: Settlement) {
        unacknowledgedCount -= 1
        if settlement == .acknowledged { return leave(message) }
        if quirk(.rejectionsAreNotWritten) { return deadLetter(message.message, .rejected, to: host) }
        bury(message, .rejected, log, host)
    }

    func purge() -> Int {
        defer {
            let first = ready.first
            dropReady()
            if let first, first.redelivered, quirk(.purgeLeavesWhatCameBack) { ready.putBack([first]) }
        }
        if ready.count > 255, quirk(.purgeCountIsAnOctet) { return ready.count & 255 }
        return ready.count + (unacknowledgedCount > 0 && quirk(.purgeCountsUnacknowledged) ? unacknowledgedCount : 0)
    }

    // MARK: Consumers

    func admit(exclusive: Bool) throws(BrokerError) {
        if !rotation.admits(exclusive: exclusive) { throw BrokerError(.accessRefused, "\(label) in exclusive use") }
    }

    func add(_ consumer: any DeliveryTarget) {
        if !quirk(.consumersDoNotHoldTheLease) { clock.hold() }
        rotation.add(consumer)
        if arguments.maximumPriority > 0, !ready.isEmpty, quirk(.backlogOfPrioritiesStays) { return }
        dispatch()
    }

    func remove(_ consumer: any DeliveryTarget) {
        consumer.cancel()
        guard !isDeleted else { return }
        rotation.remove(consumer)
        guard rotation.isEmpty else { return quirk(.nobodyTakesOverWhatIsReady) ? () : dispatch() }
        if !quirk(.leaseDoesNotBeginAgain) { renewLease() }
        if arguments.expires != nil, quirk(.leaseEndsWithTheConsumer) { return host.end(self) }
        if !declaration.autoDelete || declaration.owner != nil && quirk(.exclusiveIsNotAutoDeleted) { return }
        if !ready.isEmpty, quirk(.autoDeleteKeepsMessages) { return }
        if unacknowledgedCount > 0, quirk(.autoDeleteWaitsForAcknowledgements) { return }
        host.end(self)
    }

    func resume(_ consumer: any DeliveryTarget, handsOut: Bool) {
        guard !isDeleted else { return }
        rotation.resume(consumer)
        if handsOut { dispatch() }
    }

    // MARK: Time

    func follow(_ arguments: QueueArguments) {
        if arguments.expires == nil, !(clock.hasLease && quirk(.clearedLeaseRunsOn)) { clock.hold() }
        self.arguments = arguments
        renewLease()
        if !quirk(.newLimitsWait) { dropOverflow() }
        dispatch()
    }

    /// A consumer holds the lease anyway.
    func renewLease() {
        guard let expires = arguments.expires, rotation.isEmpty || quirk(.usesBeginALease) else { return }
        clock.renew(
            for: expires > Int32.max && quirk(.leasesHave32Bits) ? expires & 0xffff_ffff : expires, now: host.now)
        setTimer()
    }

    func handleTimer() {
        if !quirk(.timerIsSetOnce) { clock.noteFired() }
        guard !isDeleted, rotation.isEmpty || !quirk(.nothingExpiresBesideConsumers) else { return }
        if clock.isOver(at: host.now) { return host.end(self) }
        dispatch()
        setTimer()
    }

    /// Drops what has expired at the head of the queue. Behind a live message an expired one waits, also behind one with
    /// a higher priority, as in RabbitMQ.
    func expire() {
        let now = host.now
        _ = drop(.expired, isWritten: !quirk(.expiryIsNotWritten)) { _ in ready.nextExpiry <= now }
        setTimer()
    }

    private func setTimer() {
        if rotation.isEmpty, !clock.hasLease, quirk(.expiryNeedsAConsumer) { return }
        clock.set(arrears.areLeft ? .max : ready.nextExpiry, for: self, by: host)
    }

    // MARK: The end

    func delete() {
        isDeleted = true
        clock.cancel(by: host)
        dropReady()
    }

    func dismissConsumers() { rotation.dismiss(by: host) }

    /// Forgets what is ready, little by little.
    private func dropReady() {
        if ready.isEmpty { return }
        arrears.clear()
        var dropped = ready
        let keepsOctets = arguments.maximumOctets != nil && quirk(.purgeLeavesOctets)
        ready = PrioritizedMessages(
            highestPriority: arguments.maximumPriority > 0 && quirk(.purgeForgetsPriorities)
                ? 0 : arguments.maximumPriority, bodyOctets: keepsOctets ? dropped.bodyOctets : 0)
        host.doInSlices { [self] in
            for _ in 0..<500 {
                guard let message = dropped.popFirst() ?? ready.popPurged() else { return false }
                if message.redelivered, quirk(.purgedAfterReturnReappears) { continue }
                leave(message)
                if quirk(.purgeDeadLetters) { deadLetter(message.message, .rejected, to: host) }
            }
            return !dropped.isEmpty && !quirk(.purgeEndsWithItsFirstSlice)
        }
    }

    func dissolve() {
        rotation = QueueConsumers(isSingleActive: false)
        ready = PrioritizedMessages()
    }
}
