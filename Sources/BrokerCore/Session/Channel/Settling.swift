import AMQPWire

// How deliveries and publishes are settled: acknowledgements, refusals, recovery, confirms, transactions.

extension BrokerChannel {
    /// `basic.ack`, `reject` and `nack`. Throws 406 for a tag that is not outstanding, in a transaction too.
    func settle(_ tag: UInt64, multiple: Bool, _ outcome: DeliveryOutcome) throws(BrokerError) {
        if connection.isOvertaken { return }
        if transaction != nil { try holdForTransaction(Transaction.octets(of: [])) }
        guard multiple else {
            guard var delivery = unacknowledged.remove(tag) else { throw Self.unknown(tag) }
            if delivery.queue.isDeleted, let other = unacknowledged.first, other.queue.name == delivery.queue.name,
                quirk(.acksFindTheirQueueByName)
            {
                delivery = unacknowledged.remove(other.tag) ?? delivery
            }
            if delivery.queue.isDeleted, quirk(.ackForADeletedQueueIsRefused) { throw Self.unknown(tag) }
            if let error = refusal(of: outcome, for: [delivery]) { throw error }
            return settle([delivery], outcome)
        }
        guard let last = tag == 0 ? unacknowledged.lastTag : tag else {
            if transaction != nil, quirk(.ackOfNothingFailsInATransaction) {
                throw BrokerError(.internalError, "empty")
            }
            return
        }
        guard tag == 0 || unacknowledged.contains(tag) || quirk(.multipleTakesAnyTag) else {
            throw Self.unknown(tag)
        }
        connection.doInSlices { [self] in
            let deliveries = unacknowledged.removeFirst(connection.pool.work.slice, through: last)
            connection.unitsSpent += deliveries.count
            if let error = refusal(of: outcome, for: deliveries) {
                connection.fail(error, cause: BasicNack.id, channel: number)
                return false
            }
            settle(deliveries, outcome)
            return unacknowledged.first.map { $0.tag <= last && !quirk(.multipleEndsAfterAThousand) } ?? false
        }
    }

    private func settle(_ deliveries: [Unacknowledged], _ outcome: DeliveryOutcome) {
        guard transaction != nil else { return carryOut(outcome, deliveries) }
        let before = transaction?.octets ?? 0
        transaction?.add(deliveries, outcome)
        connection.heldOctets += (transaction?.octets ?? 0) - before
    }

    private static func unknown(_ tag: UInt64) -> BrokerError {
        BrokerError(.preconditionFailed, "unknown delivery tag \(tag)")
    }

    private func carryOut(_ outcome: DeliveryOutcome, _ deliveries: [Unacknowledged]) {
        switch outcome {
        case .requeue(let reason): requeue(deliveries, because: reason)
        case .acknowledge:
            tally.counters.acknowledged += deliveries.count
            settle(deliveries, .acknowledged)
        case .discard(let isFailure): settle(deliveries, .rejected, isFailure: isFailure)
        }
    }

    private func settle(_ deliveries: [Unacknowledged], _ end: Settlement, isFailure: Bool = false) {
        for delivery in deliveries {
            release(delivery)
            let dies = end == .rejected && !(delivery.tag != deliveries[0].tag && quirk(.onlyTheFirstOfSeveralDies))
            guard var message = delivery.message else { continue }
            if isFailure || end == .rejected && quirk(.everyRefusalIsAFailure) { message.noteFailure() }
            delivery.queue.settle(message, as: dies ? end : .acknowledged)
        }
        resume(after: deliveries)
    }

    /// Puts deliveries back in their queues, all of a queue's at once so that they keep their order.
    func requeue(_ deliveries: [Unacknowledged], because reason: ReturnReason) {
        var groups: [(queue: any Queue, messages: [QueuedMessage])] = []
        var places: [ObjectIdentifier: Int] = [:]
        for delivery in deliveries {
            if delivery.queue.isDeleted, deliveries.count > 1, quirk(.deletedQueueEndsTheRow) { break }
            if let consumer = delivery.consumer, consumer.sharesWindow, quirk(.returnedFreeNoSharedRoom) {
                consumer.release()
            } else {
                release(delivery)
            }
            if let consumer = delivery.consumer { resumeBehindOthers(consumer) }
            guard let message = delivery.message else { continue }
            if isReleased, delivery.consumer == nil, quirk(.fetchedDoesNotComeBack) {
                delivery.queue.settle(message, as: .acknowledged)
                continue
            }
            var queue = delivery.queue
            if queue.isDeleted, let again = virtualHost.queue(queue.name), quirk(.returnsFindTheirQueueByName) {
                queue = again
            }
            let id = ObjectIdentifier(queue)
            if let place = places[id] {
                groups[place].messages.append(message)
            } else {
                places[id] = groups.count
                groups.append((queue, [message]))
            }
        }
        let isCut = groups.count > 1 && quirk(.onlyTheFirstQueueGetsItsOwnBack)
        for group in isCut ? groups.prefix(1) : groups[...] { group.queue.requeue(group.messages, because: reason) }
        resume(after: deliveries)
    }

    /// A consumer that gives back what it held is in line before it is handed out again, as on RabbitMQ. A shared window is
    /// nobody's, and who is in line there is told later.
    private func resumeBehindOthers(_ consumer: Consumer) {
        guard !consumer.sharesWindow || channelPrefetch == 0, !consumer.isInRotation, consumer.hasRoom,
            !quirk(.roomComesAfterWhatIsGivenBack)
        else { return }
        consumer.queue.resume(consumer, handsOut: false)
    }

    /// Makes the room that a delivery took free again.
    private func release(_ delivery: Unacknowledged) {
        guard let consumer = delivery.consumer else {
            if consumersUnacknowledged > 0, quirk(.ackOfFetchedFreesTheWindow) { consumersUnacknowledged -= 1 }
            return
        }
        consumer.release()
        stopTiming(consumer)
        guard consumer.sharesWindow else { return }
        if delivery.queue.isDeleted, quirk(.ackForADeletedQueueFreesNoRoom) { return }
        if !consumer.isCancelled || !quirk(.ackAfterCancelFreesNoRoom) { consumersUnacknowledged -= 1 }
    }

    private func resume(after deliveries: some Sequence<Unacknowledged>) {
        for delivery in deliveries { if let consumer = delivery.consumer { lineUp(consumer) } }
        resumeConsumers()
    }

    /// Everything unacknowledged goes back to its queues, fetched messages and cancelled consumers' included; then `then`
    /// is done.
    func basicRecover(requeue: Bool, then: @escaping () -> Void) throws(BrokerError) {
        guard requeue else {
            throw BrokerError(quirk(.recoverWithoutRequeueIsFatal) ? .internalError : .notImplemented, "requeue=false")
        }
        if transaction?.settlements.isEmpty == false, quirk(.recoverStrandsWhatIsSettled) {
            transaction = Transaction()
        }
        if unacknowledged.isEmpty, quirk(.recoverOfNothingIsNotAnswered) { return }
        let last = unacknowledged.lastTag ?? 0
        connection.doInSlices { [self] in
            guard requeueSlice(through: last, because: .released) || quirk(.recoverEndsAfterAThousand) else {
                return true
            }
            then()
            return false
        }
    }

    /// Puts the oldest deliveries up to this tag back in their queues, a slice of them. False: there are more.
    func requeueSlice(through last: UInt64, because reason: ReturnReason) -> Bool {
        let deliveries = unacknowledged.removeFirst(connection.pool.work.slice, through: last)
        connection.unitsSpent += deliveries.count
        requeue(deliveries, because: reason)
        return unacknowledged.first.map { $0.tag > last } ?? true
    }

    // MARK: Confirms

    /// True when an answer waits for the store, which is on disk up to the batch `stored`.
    func isWaiting(stored: UInt64) -> Bool {
        if !commits.isEmpty, commits[commits.count - 1] > stored { return true }
        return confirms?.isWaiting(stored: stored) ?? false
    }

    /// Sends the confirms and commits that wait for nothing any more.
    func flushAnswers(stored: UInt64) {
        while let batch = commits.first, batch <= stored {
            _ = commits.popFirst()
            send(TxCommitOk())
        }
        guard confirms?.isReady(stored: stored) == true else { return }
        for confirm in confirms?.take(stored: stored) ?? [] {
            if confirm.accepted {
                tally.counters.confirmed += confirm.count
                var multiple = confirm.count > 1 && !quirk(.severalConfirmsAreToldAsOne)
                if confirm.number > confirm.count, quirk(.ackCoversTheRefused) { multiple = true }
                let isCut = confirm.number > 255 && quirk(.confirmNumbersAreOctets)
                send(BasicAck(deliveryTag: isCut ? confirm.number & 0xFF : confirm.number, multiple: multiple))
            } else {
                let multiple = confirm.count > 1 && !quirk(.severalRefusalsAreToldAsOne)
                send(BasicNack(deliveryTag: confirm.number, multiple: multiple, requeue: false))
            }
        }
    }

    // MARK: Transactions

    func txSelect() throws(BrokerError) {
        if confirms != nil { throw BrokerError(.preconditionFailed, "cannot switch from confirm to tx mode") }
        if transaction == nil || quirk(.secondTxSelectBeginsAnew) { transaction = Transaction() }
        send(TxSelectOk())
    }

    /// Throws 406 when a transaction would become larger than one may be.
    private func holdForTransaction(_ octets: Int) throws(BrokerError) {
        let limit = connection.transactionLimit
        guard (transaction?.octets ?? 0) + octets <= limit else {
            throw BrokerError(
                .preconditionFailed, "a transaction that is not committed may take up \(limit) octets, not more")
        }
    }

    /// A publish that takes effect when the transaction is committed.
    func add(_ publish: Transaction.Publish) throws(BrokerError) {
        try holdForTransaction(publish.octets)
        transaction?.add(publish)
        connection.heldOctets += publish.octets
    }

    func txCommit() throws(BrokerError) {
        let done = try takeTransaction()
        var batch = commits.isEmpty ? 0 : commits[commits.count - 1]
        var isWhole = true
        var (publishes, settlements) = (done.publishes[...], done.settlements[...])
        var filling: Filling?
        connection.doInSlices { [self] in
            let limit = connection.unitsSpent + connection.pool.work.slice
            while connection.unitsSpent < limit {
                guard filling != nil || !publishes.isEmpty else { break }
                let result = filling == nil ? begin(publishes.removeFirst(), &filling) : goOn(with: &filling)
                guard let (accepted, written) = result else { continue }
                batch = max(batch, written)
                if !accepted { isWhole = false }
            }
            if filling != nil { return true }
            while connection.unitsSpent < limit, let (deliveries, outcome) = settlements.popFirst() {
                connection.unitsSpent += deliveries.count
                if case .discard = outcome, quirk(.committedRefusalsDoNotDie) {
                    carryOut(.acknowledge, deliveries)
                } else {
                    carryOut(outcome, deliveries)
                }
            }
            if !publishes.isEmpty || !settlements.isEmpty, !quirk(.commitEndsAfterAThousand) { return true }
            finishCommit(through: batch, isWhole: isWhole)
            return false
        }
    }

    /// Puts a message of a transaction in its queues, or begins to when they are very many.
    private func begin(_ publish: Transaction.Publish, _ filling: inout Filling?) -> (accepted: Bool, batch: UInt64)? {
        connection.unitsSpent += 1
        // A queue that is gone by now does not get it; with none left it is unroutable.
        let queues = publish.queues.filter { !$0.isDeleted || quirk(.commitReachesDeletedQueues) }
        if queues.count <= connection.pool.work.slice {
            let isPassedOver = queues.count < publish.queues.count && quirk(.goneSinceIsNotReturned)
            return enqueue(
                publish.message, publish.copies, in: queues, mandatory: publish.mandatory && !isPassedOver)
        }
        tally.counters.routed += queues.count
        filling = Filling(publish.message, queues, isAnswered: true)
        return nil
    }

    /// What the queues had room for stays there, and what was settled is settled.
    private func finishCommit(through batch: UInt64, isWhole: Bool) {
        guard isWhole else {
            return connection.fail(
                BrokerError(.preconditionFailed, "partial tx completion"), cause: TxCommit.id, channel: number)
        }
        if batch <= host.storedBatch { return send(TxCommitOk()) }
        commits.append(batch)
        connection.noteAnswers(of: number)
    }

    func txRollback() throws(BrokerError) {
        let done = try takeTransaction()
        let later = quirk(.rolledBackIsCommittedLater) ? done.publishes : []
        var rolling = RollingBack(done)
        connection.doInSlices { [self] most in rolling.goOn(most, among: &unacknowledged) }
        connection.doInSlices { [self] in
            for publish in later { transaction?.add(publish) }
            send(TxRollbackOk())
            return false
        }
    }

    /// The current transaction; the next begins.
    private func takeTransaction() throws(BrokerError) -> Transaction {
        guard let current = transaction else {
            throw BrokerError(.preconditionFailed, "channel is not transactional")
        }
        connection.heldOctets -= current.octets
        let stays = current.settlements.isEmpty && !current.publishes.isEmpty && quirk(.transactionIsNotEmptied)
        transaction = stays ? current : Transaction()
        return current
    }
}
