import AMQPWire
import DataStructures

/// A quorum queue, as a single node has it (RabbitMQ: "Quorum Queues"): everything in it is kept on disk, and how often a
/// message came back is counted.
final class QuorumQueue: Dispatching {
    let name: ShortString
    let label: String
    let kind = QueueKind.quorum
    let declaration: QueueDeclaration
    private(set) var arguments: QueueArguments
    unowned let host: any QueueHost
    let log: (any QueueLog)?
    let load: Load
    let dialect: Dialect

    private(set) var ready: QuorumMessages
    /// Messages that the end of the broker before this one was one failure too many for, and that are not given up yet.
    private(set) var overTheLimit = Ring<QueuedMessage>()
    private(set) var rotation: QueueConsumers
    private var (clock, fullness) = (QueueClock(), Fullness())
    private(set) var arrears = Arrears()
    private(set) var unacknowledgedCount = 0
    private(set) var nextPosition: UInt64 = 0
    private(set) var isDeleted = false
    let letters = KeptLetters()

    init(_ order: QueueOrder, host: any QueueHost) {
        (name, label, log) = (order.name, order.label, order.log)
        (declaration, arguments) = (order.declaration, order.arguments)
        (self.host, load, dialect) = (host, host.load, order.dialect)
        ready = QuorumMessages(dialect)
        rotation = arguments.noConsumers(in: dialect)
        renewLease()
    }

    var consumerList: IdentityList<any DeliveryTarget> { rotation.list }
    var singleActiveConsumer: (any DeliveryTarget)? { arguments.singleActiveConsumer ? rotation.active : nil }

    // MARK: Messages in

    func publish(_ message: Message, isAnswered: Bool) -> Bool {
        if arguments.overflow == .rejectPublish, ready.nextExpiry <= host.now { expire() }
        // What nobody would hear of is not refused: other dead letters go beyond the limit, as in RabbitMQ.
        if arguments.overflow == .rejectPublish, isAnswered || quirk(quorum: .lettersAreRefused),
            fullness.refuses(held, arguments)
        {
            return false
        }
        let queued = QueuedMessage(
            message: message, position: nextPosition, expiresAt: arguments.expiry(of: message, at: host.now))
        nextPosition += 1
        if ready.isEmpty, let consumer = rotation.next() {
            if !consumer.noAck || quirk(quorum: .handedOverWithoutAckIsWritten) { enter(queued) }
            hand(queued, to: consumer)
        } else {
            enter(queued)
            ready.append(queued)
            if rotation.metCount > 0, rotation.endSlice(0, by: host) { dispatch(isCut: true) }
            if dropOverflow() || queued.expiresAt != .max { expire() }
        }
        return true
    }

    /// Drops what is too much, from the head. True: another message stands there now.
    @discardableResult
    private func dropOverflow() -> Bool {
        // There is no reject-publish-dlx: it means drop-head.
        if arguments.overflow == .rejectPublish { return false }
        if arguments.overflow == .rejectPublishDeadLetter, quirk(quorum: .everyRefusalKeepsTheOld) { return false }
        var hasDropped = false
        return drop(
            .maxlen, while: arguments.isExceeded(by: held) && !(hasDropped && quirk(quorum: .overflowDropsOne)),
            isWritten: !quirk(quorum: .overflowIsNotWritten)
        ) {
            hasDropped = true
            return ready.popFirst()
        }
    }

    /// Drops messages as long as they are due: some at once, and the rest later. True: there were some.
    private func drop(
        _ reason: DeadLetter.Reason, while isDue: @autoclosure () -> Bool, isWritten: @autoclosure () -> Bool,
        _ next: () -> QueuedMessage?
    ) -> Bool {
        let later = { [self] in dropLater(by: host) { [self] in arrears.noteEnd() } }
        return arrears.drop(by: host, while: { _ in isDue() }, later: later) {
            guard let dropped = next() else { return false }
            giveUp(dropped, reason, isWritten: isWritten())
            return true
        }
    }

    func catchUp() -> Bool {
        guard !isDeleted, arrears.areLeft || clock.isDue(at: host.now) else { return false }
        arrears.clear()
        dropFailed()
        if !arrears.areLeft { dropOverflow() }
        dispatch()
        return arrears.areLeft
    }

    private func dropFailed() {
        _ = drop(.deliveryLimit, while: !overTheLimit.isEmpty, isWritten: true) { overTheLimit.popFirst() }
    }

    func requeue(_ returned: [QueuedMessage], because reason: ReturnReason) {
        unacknowledgedCount -= returned.count
        guard !isDeleted else { return returned.forEach { leave($0) } }
        let goesToTheEnd = dialect.putsAtTheEnd(what: reason, limit: deliveryLimit)
        for var message in returned {
            message.noteReturn(isFailure: dialect.isFailure(reason))
            if isOverTheLimit(message), reason != .abandoned || !quirk(quorum: .onlyRejectionsReachTheLimit) {
                giveUp(message, .deliveryLimit, isWritten: !quirk(quorum: .overTheLimitIsNotWritten))
                if message.position != returned.last?.position, quirk(quorum: .firstOverTheLimitEndsTheRow) { return }
                continue
            }
            if !quirk(quorum: .returnsAreNotWritten),
                message.position == returned[0].position || !quirk(quorum: .oneOfTheReturnedIsWritten)
            {
                log?.noteReturn(of: message, before: goesToTheEnd ? nextPosition : nil)
            }
            if goesToTheEnd { ready.append(message) } else { ready.putBack(message) }
        }
        if !quirk(quorum: .whatComesBackOverflows) { dropOverflow() }
        if !quirk(quorum: .whatComesBackWaits) { dispatch() }
    }

    /// A message dies here.
    private func giveUp(_ message: QueuedMessage, _ reason: DeadLetter.Reason, isWritten: Bool) {
        if keepsLetters, isWritten { return keep(message, reason) }
        if isWritten { return bury(message, reason, log, host) }
        load.remove(message.message)
        deadLetter(message.message, reason, to: host)
    }

    func restore(_ messages: [QueuedMessage], nextPosition: UInt64) {
        self.nextPosition = nextPosition
        load.add(messages)
        for message in messages { ready.append(message) }
    }

    /// Takes over messages that had come back, in that order, and those that failed too often as the broker ended.
    func restore(returned messages: [QueuedMessage], overTheLimit failed: [QueuedMessage]) {
        load.add(messages + failed)
        for message in messages { ready.putBack(message) }
        for message in failed { overTheLimit.append(message) }
    }

    private func enter(_ queued: QueuedMessage) {
        load.add(queued.message)
        log?.enter(queued)
    }

    private func leave(_ queued: QueuedMessage, isWritten: Bool = true) {
        load.remove(queued.message)
        if isWritten { log?.leave(queued) }
    }

    // MARK: Messages out

    var hasReady: Bool { !ready.isEmpty }
    func change<Result>(_ body: (inout QueueConsumers) -> Result) -> Result { body(&rotation) }

    func handFirst(to consumer: any DeliveryTarget) -> Int? {
        guard let message = ready.popFirst() else { return nil }
        hand(message, to: consumer)
        if consumer.noAck { leave(message, isWritten: !quirk(quorum: .deliveriesWithoutAckAreNotWritten)) }
        if ready.nextExpiry == .max || !quirk(quorum: .expiredBehindLiveIsDelivered) { expire() }
        return message.redelivered ? message.message.unitsOfDeliveryAnew : message.message.unitsOfDelivery
    }

    private func hand(_ message: QueuedMessage, to consumer: any DeliveryTarget) {
        if !consumer.noAck { noteDelivery(of: message, isWritten: !quirk(quorum: .deliveriesAreNotNoted)) }
        consumer.deliver(message)
    }

    private func noteDelivery(of message: QueuedMessage, isWritten: Bool) {
        unacknowledgedCount += 1
        if isWritten { log?.noteDelivery(of: message) }
    }

    func get(noAck: Bool) -> QueuedMessage? {
        if !quirk(quorum: .getDoesNotRenewTheLease) { renewLease() }
        expire()
        guard let message = ready.popFirst() else { return nil }
        if noAck {
            leave(message, isWritten: !quirk(quorum: .getsWithoutAckAreNotWritten))
        } else {
            noteDelivery(of: message, isWritten: !quirk(quorum: .getsAreNotNoted))
        }
        expire()
        return message
    }

    func settle(_ message: QueuedMessage, as settlement: Settlement) {
        unacknowledgedCount -= 1
        switch settlement {
        case .rejected: giveUp(message, .rejected, isWritten: !quirk(quorum: .rejectionsAreNotWritten))
        case .acknowledged: leave(message, isWritten: !quirk(quorum: .acknowledgementsAreNotWritten))
        }
        if !isDeleted, rotation.isBeingTakenOver, !quirk(quorum: .settledHandsOverNothing) { dispatch() }
    }

    func purge() -> Int {
        let letterCount =
            dialect.purgesLetters && !(letters.count > 0 && quirk(quorum: .purgeLeavesKeptLetters))
            ? forgetLetters() : 0
        defer {
            let first = ready.first
            dropReady(isWritten: !quirk(quorum: .purgeIsNotWritten))
            if let first, first.redelivered, quirk(quorum: .purgeLeavesWhatCameBack) { ready.putBack(first) }
        }
        return ready.count + letterCount
    }

    // MARK: Consumers

    func add(_ consumer: any DeliveryTarget) {
        if !quirk(quorum: .consumersDoNotHoldTheLease) { clock.hold() }
        rotation.add(consumer)
        dispatch()
    }

    func remove(_ consumer: any DeliveryTarget) {
        consumer.cancel()
        guard !isDeleted else { return }
        rotation.remove(consumer)
        if !rotation.isEmpty { return quirk(quorum: .nobodyTakesOverWhatIsReady) ? () : dispatch() }
        if !quirk(quorum: .leaseDoesNotBeginAgain) { renewLease() }
    }

    func resume(_ consumer: any DeliveryTarget, handsOut: Bool) {
        guard !isDeleted else { return }
        rotation.resume(consumer)
        if handsOut { dispatch() }
    }

    // MARK: Time

    func follow(_ arguments: QueueArguments) {
        if arguments.expires == nil, !(clock.hasLease && quirk(quorum: .clearedLeaseRunsOn)) { clock.hold() }
        self.arguments = arguments
        renewLease()
        if keepsLetters { sendAgain() } else { forgetLetters() }
        dropOverflow()
        dispatch()
    }

    func renewLease() {
        guard let expires = arguments.expires, rotation.isEmpty || quirk(quorum: .usesBeginALease) else { return }
        clock.renew(for: expires, now: host.now)
        setTimer()
    }

    func handleTimer() {
        clock.noteFired()
        guard !isDeleted else { return }
        if clock.isOver(at: host.now) { return host.end(self) }
        lookAfterLetters()
        dropFailed()
        dispatch()
        setTimer()
    }

    func expire() {
        let now = host.now
        _ = drop(
            .expired, while: ready.nextExpiry <= now, isWritten: !quirk(quorum: .expiryIsNotWritten)
        ) { ready.popExpired(at: now) }
        setTimer()
    }

    func setTimer() {
        let isAtOnce =
            letters.areDue
            || !arrears.areLeft && !overTheLimit.isEmpty && !quirk(quorum: .overTheLimitSetsNoTimer)
        clock.set(
            isAtOnce ? 0 : min(letters.nextTry, arrears.areLeft ? .max : ready.nextExpiry), for: self, by: host)
    }

    // MARK: The end

    func delete() {
        isDeleted = true
        clock.cancel(by: host)
        dropReady(isWritten: true)
        forgetLetters()
    }

    func dismissConsumers() { rotation.dismiss(by: host) }

    private func dropReady(isWritten: Bool) {
        if ready.isEmpty { return }
        var dropped = ready
        arrears.clear()
        ready = QuorumMessages(dialect)
        host.forget({ dropped.popFirst() ?? self.ready.popPurged() }, { self.leave($0, isWritten: isWritten) })
    }

    func dissolve() {
        rotation = arguments.noConsumers(in: dialect)
        ready = QuorumMessages(dialect)
        letters.clear()
    }
}
