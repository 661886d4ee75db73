/// How messages come to a queue of a random walk, wait there, and leave it.
extension WalkModel {
    // MARK: In

    mutating func publish(_ publication: WalkStep.Publication, _ channel: Int) -> [String] {
        guard publication.exchange.isEmpty || exchanges[publication.exchange] != nil else {
            return close(channel, with: 404)
        }
        if channels[channel].mode == .transactional {
            if channels[channel].published.isEmpty { channels[channel].publishedAt = layout }
            channels[channel].published.append(publication)
            return ["ok"]
        }
        channels[channel].lastConfirm += 1
        let (isTaken, returned) = deliver(publication)
        return ["ok"] + returned + ["\(isTaken ? "ack" : "nack") \(channels[channel].lastConfirm)"]
    }

    mutating func deliver(_ publication: WalkStep.Publication) -> (isTaken: Bool, returned: [String]) {
        let names = route(publication.exchange, publication)
        if names.isEmpty { return (true, publication.isMandatory ? ["'\(publication.text)' returned, 312"] : []) }
        var isTaken = true
        for name in names.sorted() where !put(WalkMessage(publication), name, from: "a client") { isTaken = false }
        return (isTaken, [])
    }

    /// Puts a message into a queue. Returns false when the queue refuses it.
    mutating func put(_ message: WalkMessage, _ name: String, from source: String) -> Bool {
        var message = message
        lastPlace += 1
        message.place = lastPlace
        sources[name, default: []].insert(source)
        let shape = self[queue: name].shape
        let spans = [shape.timeToLive, message.publication.expiration].compactMap { $0?.rawValue }
        message.endsAt = spans.min().map { $0 == 0 ? waits : waits + 1 }
        // How much of the wait is left to it nobody knows.
        if isWaiting, message.endsAt == waits + 1 { isAmbiguous = true }
        if shape.overflow != .dropHead, self[queue: name].isOver(with: message) {
            if shape.overflow == .rejectToDeadLetters { deadLetter(message, name, "maxlen") }
            return false
        }
        // Who is handed a dead letter at once isn't told that it failed elsewhere.
        if self[queue: name].handsOutAtOnce { message.isRedelivered = false }
        self[queue: name].insert(message)
        dispatch(name)
        dropHead(name)
        expire(name)
        return true
    }

    mutating func dropHead(_ name: String) {
        while let queue = queues[name], queue.shape.overflow == .dropHead, queue.isOver(with: nil) {
            let dropped = self[queue: name].ready.removeFirst()
            deadLetter(dropped, name, "maxlen")
        }
    }

    /// Drops what is over, as far as nothing that lasts stands before it.
    mutating func expire(_ name: String) {
        while let first = queues[name]?.ready.first, first.endsAt ?? .max <= waits {
            self[queue: name].ready.removeFirst()
            deadLetter(first, name, "expired")
        }
    }

    mutating func deadLetter(_ message: WalkMessage, _ name: String, _ reason: String) {
        guard let shape = queues[name]?.shape, let exchange = shape.deadLetterExchange,
            exchange.isEmpty || exchanges[exchange] != nil
        else { return }
        let dead = message.died(of: reason, in: name, goesTo: exchange, by: shape.deadLetterKey)
        for target in route(exchange, dead.publication).sorted() {
            // In another quorum queue it is counted on, or anew: releases tell in ways of their own.
            if shape.isQuorum, self[queue: target].shape.isQuorum { isAmbiguous = true }
            if !dead.hasGoneRound(to: target) { letters.append((dead, target, name)) }
        }
    }

    // MARK: Out

    /// Hands out what is ready while a consumer has room.
    mutating func dispatch(_ name: String) {
        while queues[name]?.ready.isEmpty == false, let consumer = self[queue: name].next() {
            let message = self[queue: name].ready.removeFirst()
            channels[consumer.channel].lastTag += 1
            let tag = channels[consumer.channel].lastTag
            deliveries[consumer.channel, default: []].append(
                "#\(tag) to \(consumer.tag): \(describe(message, left: nil))")
            // Which queue comes first to a channel, is the queues' affair.
            sources["channel \(consumer.channel)", default: []].insert(name)
            if consumer.room != nil {
                channels[consumer.channel].open.append(
                    WalkChannel.Delivery(
                        tag: tag, message: message, queue: name, number: self[queue: name].number,
                        consumer: consumer.tag, channel: consumer.channel))
            }
            expire(name)
        }
    }

    mutating func get(_ name: String, _ noAck: Bool, _ channel: Int) -> String {
        guard !self[queue: name].ready.isEmpty else { return "empty" }
        let message = self[queue: name].ready.removeFirst()
        channels[channel].lastTag += 1
        let tag = channels[channel].lastTag
        if !noAck {
            channels[channel].open.append(
                WalkChannel.Delivery(
                    tag: tag, message: message, queue: name, number: self[queue: name].number, channel: channel))
        }
        expire(name)
        return "#\(tag): \(describe(message, left: self[queue: name].ready.count))"
    }

    mutating func read(_ name: String, _ channel: Int) -> [String] {
        var seen: [String] = []
        while !self[queue: name].ready.isEmpty {
            seen.append(describe(self[queue: name].ready.removeFirst(), left: nil))
            expire(name)
            // A dead letter may come before the next fetch, or after it.
            if !letters.isEmpty { isAmbiguous = true }
        }
        channels[channel].lastTag += UInt64(seen.count)
        return seen
    }

    private func describe(_ message: WalkMessage, left: Int?) -> String {
        message.description(left: left, showsMark: theme.showsMark(afterDeath: !message.deaths.isEmpty))
    }
}
