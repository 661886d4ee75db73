// Consumers that wait for room.

extension BrokerChannel {
    /// A consumer is gone together with its queue.
    func forget(_ consumer: Consumer) { consumers[consumer.tag] = nil }

    /// Lets a consumer wait that is in no rotation, and whose own limit lets it take another delivery.
    func lineUp(_ consumer: Consumer) {
        guard !consumer.isWaiting, !consumer.isInRotation, !consumer.isCancelled, consumer.hasRoomOfItsOwn else {
            return
        }
        consumer.isWaiting = true
        if connection.output.isCongested { connection.output.holdBack() }
        if consumer.sharesWindow { waiting.append(consumer) } else { waitingForConnection.append(consumer) }
    }

    /// One of those that wait is cancelled. It stands there until its turn comes, or until too many do: a client may come and go
    /// beside a window that stays full.
    func noteCancelled() {
        cancelledCount += 1
        guard cancelledCount > 16, cancelledCount > consumers.count else { return }
        waiting.removeAll(where: \.isCancelled)
        waitingForConnection.removeAll(where: \.isCancelled)
        cancelledCount = 0
    }

    /// Consumers of streams that held too many deliveries for memory that was full may be handed more.
    func readOn() {
        if consumers.isEmpty || !readingOn.begin() { return }
        var left = consumers.values[...]
        let most = connection.pool.work.slice
        connection.doInSlices { [self] in
            for consumer in left.prefix(most) where consumer.queue.kind.isReadWithoutTaking { lineUp(consumer) }
            connection.unitsSpent += min(left.count, most) / WorkLimits.placesOfUnit
            left = left.dropFirst(most)
            guard left.isEmpty else { return true }
            resumeConsumers()
            if readingOn.end() { left = consumers.values[...] }
            return !left.isEmpty
        }
    }

    var hasWaiting: Bool { !waiting.isEmpty || !waitingForConnection.isEmpty }

    /// Puts waiting consumers back into their queues' rotations, one after the other, as long as there is room: some at once,
    /// the rest in slices. One whose queue has a message takes some of it, and lines up again.
    func resumeConsumers() {
        if isResuming || !resumeSome() { return }
        isResuming = true
        connection.doInSlices { [self] in
            isResuming = resumeSome()
            return isResuming
        }
    }

    /// True: there are more.
    private func resumeSome() -> Bool {
        let most = connection.pool.work.slice
        var count = 0
        while count < most, hasRoom, !connection.output.isCongested, let consumer = waiting.popFirst() {
            count += 1
            resume(consumer)
            if !waiting.isEmpty, quirk(.roomIsForOneConsumer) { break }
        }
        while count < most, !connection.output.isCongested,
            let consumer = waitingForConnection.popFirst()
        {
            count += 1
            resume(consumer)
        }
        connection.unitsSpent += count / WorkLimits.placesOfUnit
        return count >= most
    }

    private func resume(_ consumer: Consumer) {
        consumer.isWaiting = false
        if !consumer.isInRotation, consumer.hasRoom { consumer.queue.resume(consumer, handsOut: true) }
    }
}
