import AMQPWire

// How deliveries and publishes are settled: acknowledgements, refusals, recovery, confirms, transactions.

extension BrokerChannel {
    /// `basic.ack`, `reject` and `nack`. Throws 406 for a tag that is not outstanding, in a transaction too.
    func settle(_ tag: UInt64, multiple: Bool, _ outcome: DeliveryOutcome) throws(BrokerError) {
        if transaction != nil { try holdForTransaction(Transaction.octets(of: [])) }
        let deliveries: [Unacknowledged]
        if multiple, tag == 0 {
            deliveries = unacknowledged.removeAll()
        } else if multiple {
            guard let removed = unacknowledged.removeAll(upTo: tag) else { throw Self.unknown(tag) }
            deliveries = removed
        } else {
            guard let removed = unacknowledged.remove(tag) else { throw Self.unknown(tag) }
            deliveries = [removed]
        }
        if transaction != nil {
            let before = transaction?.octets ?? 0
            transaction?.add(deliveries, outcome)
            connection.heldOctets += (transaction?.octets ?? 0) - before
        } else {
            carryOut(outcome, deliveries)
        }
    }

    private static func unknown(_ tag: UInt64) -> BrokerError {
        BrokerError(.preconditionFailed, "unknown delivery tag \(tag)")
    }

    private func carryOut(_ outcome: DeliveryOutcome, _ deliveries: [Unacknowledged]) {
        let end: Settlement
        switch outcome {
        case .requeue: return requeue(deliveries)
        case .acknowledge: end = .acknowledged
        case .discard: end = .rejected
        }
        if deliveries.count <= Self.slice { return settle(deliveries[...], end) }
        // Each is let go of in its slice too.
        var (rest, next) = (deliveries.map(Optional.some), 0)
        connection.goOn { [self] in
            let last = min(next + Self.slice, rest.count)
            let slice = rest[next..<last].compactMap { $0 }
            for place in next..<last { rest[place] = nil }
            settle(slice[...], end)
            next = last
            return next < rest.count
        }
    }

    /// Of so many deliveries at a time one acknowledgement of many is made, with other clients' turns in between.
    private static let slice = 1000

    private func settle(_ deliveries: ArraySlice<Unacknowledged>, _ end: Settlement) {
        for delivery in deliveries {
            release(delivery)
            delivery.queue.settle(delivery.message, as: end)
        }
        resume(after: deliveries)
    }

    /// Puts deliveries back in their queues, all of a queue's at once so that they keep their order.
    func requeue(_ deliveries: [Unacknowledged]) {
        var groups: [(queue: any Queue, messages: [QueuedMessage])] = []
        var places: [ObjectIdentifier: Int] = [:]
        for delivery in deliveries {
            release(delivery)
            let queue = ObjectIdentifier(delivery.queue)
            if let place = places[queue] {
                groups[place].messages.append(delivery.message)
            } else {
                places[queue] = groups.count
                groups.append((delivery.queue, [delivery.message]))
            }
        }
        for group in groups { group.queue.requeue(group.messages) }
        resume(after: deliveries)
    }

    /// Makes the room that a delivery took free again.
    private func release(_ delivery: Unacknowledged) {
        guard let consumer = delivery.consumer else { return }
        consumer.release()
        consumersUnacknowledged -= 1
    }

    private func resume(after deliveries: some Sequence<Unacknowledged>) {
        for delivery in deliveries { if let consumer = delivery.consumer { lineUp(consumer) } }
        resumeConsumers()
    }

    /// Everything unacknowledged goes back to its queues, fetched messages and cancelled consumers' included.
    func basicRecover(requeue: Bool) throws(BrokerError) {
        guard requeue else { throw BrokerError(.notImplemented, "requeue=false") }
        self.requeue(unacknowledged.removeAll())
    }

    // MARK: Confirms

    /// True when an answer waits for the store, which is on disk up to the batch `stored`.
    func isWaiting(stored: UInt64) -> Bool {
        if let batch = commits.last, batch > stored { return true }
        return confirms?.isWaiting(stored: stored) ?? false
    }

    /// Sends the confirms and commits that wait for nothing any more.
    func flushAnswers(stored: UInt64) {
        while let batch = commits.first, batch <= stored {
            commits.removeFirst()
            send(TxCommitOk())
        }
        guard confirms?.isReady(stored: stored) == true else { return }
        for confirm in confirms?.take(stored: stored) ?? [] {
            if confirm.accepted {
                send(BasicAck(deliveryTag: confirm.number, multiple: confirm.multiple))
            } else {
                send(BasicNack(deliveryTag: confirm.number, multiple: confirm.multiple, requeue: false))
            }
        }
    }

    // MARK: Transactions

    func txSelect() throws(BrokerError) {
        if confirms != nil { throw BrokerError(.preconditionFailed, "cannot switch from confirm to tx mode") }
        if transaction == nil { transaction = Transaction() }
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
        var batch = commits.last ?? 0
        var isWhole = true
        for publish in done.publishes {
            // A queue that is gone by now does not get it; with none left it is unroutable.
            let queues = publish.queues.filter { !$0.isDeleted }
            let (accepted, written) = enqueue(publish.message, in: queues, mandatory: publish.mandatory)
            batch = max(batch, written)
            if !accepted { isWhole = false }
        }
        for (deliveries, outcome) in done.settlements { carryOut(outcome, deliveries) }
        connection.finish()
        // What the queues had room for stays there, and what was settled is settled.
        if !isWhole { throw BrokerError(.preconditionFailed, "partial tx completion") }
        if batch <= host.storedBatch { return send(TxCommitOk()) }
        commits.append(batch)
        connection.willAnswer(number)
    }

    func txRollback() throws(BrokerError) {
        unacknowledged.putBack(try takeTransaction().settlements.flatMap(\.deliveries))
        send(TxRollbackOk())
    }

    /// The current transaction; the next begins.
    private func takeTransaction() throws(BrokerError) -> Transaction {
        guard let current = transaction else {
            throw BrokerError(.preconditionFailed, "channel is not transactional")
        }
        connection.heldOctets -= current.octets
        transaction = Transaction()
        return current
    }
}
