import AMQPWire

// Deliveries that are out for too long (RabbitMQ: "Consumer Acknowledgement Timeout"): before 4.3 their channel is closed,
// whatever their queue; from then on it is a matter of quorum queues, which end the consumer.

extension Queue {
    /// How long a delivery may be out, in milliseconds; nil: as long as it likes.
    func timeout(_ limit: Int64, ofConsumer own: Int64? = nil) -> Int64? {
        guard let timeout = own ?? arguments.consumerTimeout ?? (limit > 0 ? limit : nil) else { return nil }
        return max(0, min(timeout, QueueArguments.longestTime))
    }
}

extension BrokerChannel {
    private static func timedOut(_ number: UInt16, after timeout: Int64) -> BrokerError {
        BrokerError(
            .preconditionFailed,
            "delivery acknowledgement on channel \(number) timed out. Timeout value used: \(timeout) ms. This "
                + "timeout value can be configured, see consumers doc guide to learn more")
    }

    /// Closes the channel when its oldest delivery has been out for longer than its queue or the broker allows.
    func closeIfTimedOut(_ limit: Int64) {
        guard let oldest = unacknowledged.first else { return }
        let isAsked = connection.dialect.queuesSayTimeouts && !quirk(.timeoutIsTheBrokers)
        guard let timeout = isAsked ? oldest.queue.timeout(limit) : limit > 0 ? limit : nil,
            host.now - oldest.deliveredAt > timeout, oldest.consumer != nil || !quirk(.fetchedNeverTimesOut)
        else { return }
        fail(Self.timedOut(number, after: timeout), cause: .none)
    }

    // MARK: Where queues look after it

    /// A consumer was handed this.
    func expectSettling(of tag: UInt64, by consumer: Consumer) {
        guard let timeout = consumer.timeout(connection.acknowledgementClock.limit) else { return }
        consumer.out.append(tag, at: host.now, live: consumer.unacknowledged, isOut: unacknowledged.contains)
        timeouts.holders[ObjectIdentifier(consumer)] = consumer
        connection.expectSettling(by: host.now + timeout)
    }

    /// Who was cancelled, and holds nothing any more, is not looked after: it would be kept until its first delivery had been due.
    func stopTiming(_ consumer: Consumer) {
        guard consumer.isCancelled, consumer.unacknowledged == 0, !timeouts.holders.isEmpty else { return }
        timeouts.holders[ObjectIdentifier(consumer)] = nil
    }

    /// This was fetched.
    func expectSettling(ofFetched tag: UInt64, from queue: any Queue) {
        guard connection.dialect.queuesTimeOut, queue.kind == .quorum,
            let timeout = queue.timeout(connection.acknowledgementClock.limit)
        else { return }
        timeouts.fetched.append(tag, at: host.now, live: unacknowledged.count, isOut: unacknowledged.contains)
        timeouts.fetchedFrom = queue
        connection.expectSettling(by: host.now + timeout)
    }

    /// What is overdue goes back to its queue, in slices, and whoever held it is ended: a consumer, or the channel where it was
    /// fetched or the client can't be told.
    func takeBackOverdue() {
        var holders = ConsumersByTag(Array(timeouts.holders.values))
        var (begun, isToEnd) = (nil as Consumer?, false)
        connection.doInSlices { [self] in
            var left = connection.pool.work.slice
            if takeBackFetched(&left) { isToEnd = true }
            while left > 0, let consumer = begun ?? holders.next(&left) {
                guard let isOverdue = takeBackOverdue(of: consumer, hasBegun: begun != nil, &left) else {
                    begun = consumer
                    return true
                }
                begun = nil
                if isOverdue, endsChannel(with: consumer) { isToEnd = true }
            }
            if left <= 0 { return true }
            // This is what 4.3.6 says of the time.
            if isToEnd { fail(Self.timedOut(number, after: -1), cause: .none) }
            return false
        }
    }

    /// A consumer that held something for too long ends. True: its client can't be told, and the channel ends.
    private func endsChannel(with consumer: Consumer) -> Bool {
        guard connection.session.can("consumer_cancel_notify") || quirk(.clientsKeepTheirChannels) else { return true }
        guard consumers[consumer.tag] === consumer else { return false }
        consumers[consumer.tag] = nil
        consumer.queue.remove(consumer)
        if !quirk(.timedOutConsumersAreNotTold) { send(BasicCancel(consumerTag: consumer.tag, noWait: true)) }
        return false
    }

    /// True: there was something.
    private func takeBackFetched(_ left: inout Int) -> Bool {
        guard let queue = timeouts.fetchedFrom, let timeout = queue.timeout(connection.acknowledgementClock.limit),
            let time = timeouts.fetched.oldest(isOut: unacknowledged.contains)
        else { return false }
        guard time <= host.now - timeout else {
            connection.expectSettling(by: time + timeout)
            return false
        }
        if quirk(.fetchedNeverTimesOut) { return false }
        takeBack(timeouts.fetched.take(left, through: host.now - timeout), &left)
        return true
    }

    /// True: there was something. nil: there is more.
    private func takeBackOverdue(of consumer: Consumer, hasBegun: Bool, _ left: inout Int) -> Bool? {
        guard let timeout = consumer.timeout(connection.acknowledgementClock.limit),
            let time = consumer.out.oldest(isOut: unacknowledged.contains)
        else {
            timeouts.holders[ObjectIdentifier(consumer)] = nil
            return hasBegun
        }
        guard time <= host.now - timeout else {
            connection.expectSettling(by: time + timeout)
            return hasBegun
        }
        // It gets nothing of what comes back.
        consumer.cancel()
        let last = quirk(.allThatIsHeldIsOverdue) ? .max : host.now - timeout
        takeBack(consumer.out.take(left, through: last), &left)
        if left <= 0 { return nil }
        if let next = consumer.out.oldest(isOut: unacknowledged.contains) {
            connection.expectSettling(by: next + timeout)
        }
        return true
    }

    /// They may be settled all the same, to no effect.
    private func takeBack(_ tags: [UInt64], _ left: inout Int) {
        left -= tags.count
        connection.unitsSpent += tags.count
        let overdue = tags.compactMap { tag in
            quirk(.lateAcksAreUnknown) ? unacknowledged.remove(tag) : unacknowledged.takeMessage(of: tag)
        }
        requeue(overdue, because: quirk(.overdueIsAFailure) ? .rejected : .released)
    }
}
