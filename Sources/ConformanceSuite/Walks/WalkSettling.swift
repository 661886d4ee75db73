/// How deliveries of a random walk are settled, and what time and a restart do.
extension WalkModel {
    mutating func settle(_ place: Int, _ settlement: WalkStep.Settlement, _ multiple: Bool, _ channel: Int) {
        let chosen = multiple ? Array(channels[channel].open[...place]) : [channels[channel].open[place]]
        channels[channel].open.removeAll { delivery in chosen.contains { $0.tag == delivery.tag } }
        if channels[channel].mode == .transactional {
            channels[channel].settled += chosen.map { (settlement, $0) }
        } else {
            settle(chosen, settlement)
        }
    }

    private mutating func settle(_ chosen: [WalkChannel.Delivery], _ settlement: WalkStep.Settlement) {
        keepTogether(chosen)
        if settlement.isRequeue {
            return giveBack(chosen, because: settlement == .rejectAndRequeue ? .rejected : .released)
        }
        // Of a queue with priorities, several die in an order of their own.
        if settlement != .ack {
            for (index, delivery) in chosen.enumerated() where queues[delivery.queue]?.shape.maxPriority != nil {
                sources["the dead of \(delivery.queue)", default: []].insert("\(index)")
            }
        }
        for delivery in chosen where isAlive(delivery) {
            makeRoom(delivery)
            var message = delivery.message
            if settlement == .rejectAndDiscard { message.hasFailed = true }
            if settlement != .ack { deadLetter(message, delivery.queue, "rejected") }
        }
        for name in Set(chosen.filter(isAlive).map(\.queue)).sorted() { dispatch(name) }
    }

    /// RabbitMQ settles what each consumer of a queue has on its own; to a quorum queue each fetch is one.
    private mutating func keepTogether(_ chosen: [WalkChannel.Delivery], eachFetch: Bool = false) {
        for delivery in chosen where isAlive(delivery) {
            let holder = delivery.consumer ?? (eachFetch ? "\(delivery.tag)" : "")
            sources["what \(delivery.queue) handed out", default: []].insert(holder)
        }
    }

    enum ReturnReason { case rejected, released, abandoned }

    /// Puts deliveries back to where they were, all of a queue's at once. What comes back to a quorum queue is counted there,
    /// unless a client of RabbitMQ 4.3 gives it back on its own account.
    mutating func giveBack(_ chosen: [WalkChannel.Delivery], because reason: ReturnReason) {
        if reason == .abandoned {
            keepTogether(chosen.filter { self[queue: $0.queue].shape.isQuorum }, eachFetch: true)
        } else {
            keepTogether(chosen)
        }
        for delivery in chosen where isAlive(delivery) {
            makeRoom(delivery)
            var message = delivery.message
            message.isRedelivered = true
            if reason != .released { message.hasFailed = true }
            if let limit = self[queue: delivery.queue].shape.deliveryLimit {
                if reason != .released || !isRabbitMQ(from: "4.3") { message.returns += 1 }
                if message.returns > limit {
                    // There its consumer has room for two more.
                    if delivery.consumer != nil, Self.isOlderRabbitMQ { isAmbiguous = true }
                    deadLetter(message, delivery.queue, "delivery_limit")
                    continue
                }
                lastTurn += 1
                message.turn = lastTurn
            }
            self[queue: delivery.queue].insert(message)
            sources[delivery.queue, default: []].insert("a channel")
        }
        for name in Set(chosen.filter(isAlive).map(\.queue)).sorted() {
            dropHead(name)
            expire(name)
            dispatch(name)
        }
    }

    /// Its queue is still the one that it came from.
    private func isAlive(_ delivery: WalkChannel.Delivery) -> Bool { queues[delivery.queue]?.number == delivery.number }

    private mutating func makeRoom(_ delivery: WalkChannel.Delivery) {
        guard let tag = delivery.consumer else { return }
        self[queue: delivery.queue].makeRoom(for: tag, of: delivery.channel)
    }

    mutating func commit(_ channel: Int) -> [String] {
        let (published, settled) = (channels[channel].published, channels[channel].settled)
        (channels[channel].published, channels[channel].settled) = ([], [])
        var returned: [String] = []
        for publication in published { returned += deliver(publication).returned }
        for (settlement, delivery) in settled { settle([delivery], settlement) }
        return returned + ["ok"]
    }

    // MARK: Time

    /// Time goes by: what doesn't last is over.
    mutating func wait() {
        waits += 1
        for name in queues.keys.sorted() where self[queue: name].ready.first?.endsAt ?? .max <= waits {
            sources[name, default: []].insert("time")
            expire(name)
            dispatch(name)
        }
    }

    /// Queues that nobody consumes from and nobody has asked for during a wait go when they are leased.
    mutating func endLeases() {
        for name in queues.keys.sorted() where self[queue: name].shape.isLeased && self[queue: name].consumers.isEmpty {
            deleteQueue(name)
        }
    }

    // MARK: A restart

    /// What is durable stays, and in it what is persistent.
    mutating func restart() {
        for (index, channel) in channels.enumerated() {
            for delivery in channel.open + channel.settled.map(\.delivery) where isAlive(delivery) {
                self[queue: delivery.queue].insert(delivery.message)
            }
            channels[index] = WalkChannel(channel.mode)
        }
        let lasting = Set(exchanges.filter(\.value.isDurable).keys)
        let kept = Set(queues.filter(\.value.shape.isDurable).keys)
        func stays(_ end: WalkStep.Destination) -> Bool {
            switch end {
            case .queue(let name): kept.contains(name)
            case .exchange(let name): lasting.contains(name)
            }
        }
        // An exchange that goes with its last binding may go when such a binding does, or not.
        let isUnclear = bindings.contains { exchanges[$0.source]?.isAutoDelete == true && !stays($0.destination) }
        if isUnclear { isAmbiguous = true }
        bindings = bindings.filter { stays($0.destination) && lasting.contains($0.source) }
        exchanges = exchanges.filter { lasting.contains($0.key) }
        queues = queues.filter { kept.contains($0.key) }
        for name in queues.keys {
            self[queue: name].ready.removeAll { !$0.publication.isPersistent }
            _ = self[queue: name].removeConsumers { _ in true }
            // What was out and what came meanwhile may be too much together.
            isAmbiguous = isAmbiguous || self[queue: name].isOver(with: nil)
        }
    }
}
