/// What a broker makes of a random walk, as plain as can be: names, lists that are searched from the front, and nothing that
/// takes time. It follows the rules of the catalogue, and only where every release of RabbitMQ does what they say.
struct WalkModel: Sendable {
    enum Mode: Sendable { case confirming, transactional }

    /// What a client sees of a step.
    struct Answer: Sendable, Equatable {
        /// What the step itself was answered, in order.
        var replies: [String] = []
        /// What consumers were handed because of it, by channel.
        var deliveries: [Int: [String]] = [:]
    }

    let modes: [Mode]
    var exchanges: [String: WalkStep.ExchangeShape] = [:]
    var bindings: [WalkStep.Binding] = []
    var queues: [String: WalkQueue] = [:]
    var channels: [WalkChannel]
    /// RabbitMQ leaves the order free in which a queue got what it got in this step: the walk ends here.
    private(set) var isAmbiguous = false

    var deliveries: [Int: [String]] = [:]
    /// Who put something into which queue in this step.
    private var sources: [String: Set<String>] = [:]
    /// Dead letters on their way: a queue gets them when it has done what it was at.
    private var letters: [(message: WalkMessage, target: String, source: String)] = []
    /// Another one whenever exchanges, queues or bindings change.
    private(set) var layout = 0
    private var lastPlace = 0
    private var lastQueue = 0

    init(_ modes: [Mode]) {
        self.modes = modes
        channels = modes.map { WalkChannel($0) }
    }

    /// A queue that is known to be there.
    private subscript(queue name: String) -> WalkQueue {
        get { queues[name] ?? WalkQueue(number: 0, .init()) }
        set { queues[name] = newValue }
    }

    /// Ready messages and consumers, as a passive declare tells them.
    var counts: [String: String] { queues.mapValues(\.count) }

    /// The tag of the delivery that a step settles.
    func tag(_ step: WalkStep) -> UInt64 {
        guard case .settle(let place, _, _) = step.deed, place < channels[step.channel].open.count else { return 0 }
        return channels[step.channel].open[place].tag
    }

    /// Does a step that it allows.
    mutating func take(_ step: WalkStep) -> Answer {
        (deliveries, sources) = ([:], [:])
        var replies = replies(to: step.deed, step.channel)
        if step.isHasty, replies.first?.hasPrefix("closed") != true { replies = ["ok"] }
        while !letters.isEmpty {
            let letter = letters.removeFirst()
            _ = put(letter.message, letter.target, from: letter.source)
        }
        isAmbiguous = isAmbiguous || sources.values.contains { $0.count > 1 }
        return Answer(replies: replies, deliveries: deliveries)
    }

    private mutating func replies(to deed: WalkStep.Deed, _ channel: Int) -> [String] {
        switch deed {
        case .declareExchange, .deleteExchange, .declareQueue, .deleteQueue, .bind, .unbind: layout += 1
        default: break
        }
        switch deed {
        case .declareExchange(let name, let shape):
            if let there = exchanges[name], there != shape { return closed(channel, 406) }
            exchanges[name] = shape
        case .deleteExchange(let name, let ifUnused):
            if ifUnused, bindings.contains(where: { $0.source == name }) { return closed(channel, 406) }
            deleteExchange(name)
        case .declareQueue(let name, let shape):
            if let there = queues[name] { return there.shape == shape ? [there.count] : closed(channel, 406) }
            lastQueue += 1
            queues[name] = WalkQueue(number: lastQueue, shape)
            return [self[queue: name].count]
        case .deleteQueue(let name, let ifUnused, let ifEmpty): return deleteQueue(name, ifUnused, ifEmpty, channel)
        case .purge(let name):
            let count = self[queue: name].ready.count
            self[queue: name].ready = []
            return ["\(count) purged"]
        case .bind(let binding):
            if exchanges[binding.source] == nil { return closed(channel, 404) }
            if !bindings.contains(binding) { bindings.append(binding) }
        case .unbind(let binding): removeBindings { $0 == binding }
        case .publish(let publication): return publish(publication, channel)
        case .get(let name, let noAck): return [get(name, noAck, channel)]
        case .settle(let place, let settlement, let multiple): settle(place, settlement, multiple, channel)
        case .settleAll(let settlement): settle(channels[channel].open.count - 1, settlement, true, channel)
        case .settleUnknown: return closed(channel, 406)
        case .recover: giveBack(channels[channel].takeOpen())
        case .consume(let name, let tag, let prefetch, let noAck):
            self[queue: name].consumer = WalkQueue.Consumer(
                tag: tag, channel: channel, room: noAck ? nil : prefetch)
            dispatch(name)
        case .cancel(let tag):
            for name in queues.keys where self[queue: name].consumer?.tag == tag { self[queue: name].consumer = nil }
        case .close: end(channel)
        case .commit: return commit(channel)
        case .rollback:
            channels[channel].open = (channels[channel].open + channels[channel].settled.map(\.delivery))
                .sorted { $0.tag < $1.tag }
            (channels[channel].settled, channels[channel].published) = ([], [])
        case .read(let name):
            let seen = self[queue: name].ready.map { $0.description(left: nil) }
            self[queue: name].ready = []
            channels[channel].lastTag += UInt64(seen.count)
            return seen
        }
        return ["ok"]
    }

    private mutating func deleteQueue(_ name: String, _ ifUnused: Bool, _ ifEmpty: Bool, _ channel: Int) -> [String] {
        let queue = self[queue: name]
        if ifUnused && queue.consumer != nil || ifEmpty && !queue.ready.isEmpty { return closed(channel, 406) }
        queues[name] = nil
        removeBindings { $0.destination == .queue(name) }
        return ["\(queue.ready.count) deleted"]
    }

    // MARK: Messages in

    private mutating func publish(_ publication: WalkStep.Publication, _ channel: Int) -> [String] {
        guard publication.exchange.isEmpty || exchanges[publication.exchange] != nil else {
            return closed(channel, 404)
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

    private mutating func deliver(_ publication: WalkStep.Publication) -> (isTaken: Bool, returned: [String]) {
        let names = route(publication.exchange, publication)
        if names.isEmpty { return (true, publication.isMandatory ? ["'\(publication.text)' returned, 312"] : []) }
        var isTaken = true
        for name in names.sorted() where !put(WalkMessage(publication), name, from: "a client") { isTaken = false }
        return (isTaken, [])
    }

    /// Puts a message into a queue. Returns false when the queue refuses it.
    private mutating func put(_ message: WalkMessage, _ name: String, from source: String) -> Bool {
        var message = message
        lastPlace += 1
        message.place = lastPlace
        sources[name, default: []].insert(source)
        let shape = self[queue: name].shape
        if shape.overflow != .dropHead, self[queue: name].isOver(with: message) {
            if shape.overflow == .rejectToDeadLetters { deadLetter(message, name, "maxlen") }
            return false
        }
        self[queue: name].insert(message)
        dispatch(name)
        dropHead(name)
        return true
    }

    private mutating func dropHead(_ name: String) {
        while let queue = queues[name], queue.shape.overflow == .dropHead, queue.isOver(with: nil) {
            let dropped = self[queue: name].ready.removeFirst()
            deadLetter(dropped, name, "maxlen")
        }
    }

    private mutating func deadLetter(_ message: WalkMessage, _ name: String, _ reason: String) {
        guard let shape = queues[name]?.shape, let exchange = shape.deadLetterExchange,
            exchange.isEmpty || exchanges[exchange] != nil
        else { return }
        let dead = message.died(of: reason, in: name, goesTo: exchange, by: shape.deadLetterKey)
        for target in route(exchange, dead.publication).sorted() where !dead.hasGoneRound(to: target) {
            letters.append((dead, target, name))
        }
    }

    // MARK: Messages out

    /// Hands out what is ready while the consumer has room.
    private mutating func dispatch(_ name: String) {
        while let queue = queues[name], !queue.ready.isEmpty, let consumer = queue.consumer, consumer.room != 0 {
            let message = self[queue: name].ready.removeFirst()
            channels[consumer.channel].lastTag += 1
            let tag = channels[consumer.channel].lastTag
            deliveries[consumer.channel, default: []].append(
                "#\(tag) to \(consumer.tag): \(message.description(left: nil))")
            // Which queue comes first to a channel, is the queues' affair.
            sources["channel \(consumer.channel)", default: []].insert(name)
            guard let room = consumer.room else { continue }
            self[queue: name].consumer?.room = room - 1
            channels[consumer.channel].open.append(
                WalkChannel.Delivery(
                    tag: tag, message: message, queue: name, number: queue.number, consumer: consumer.tag))
        }
    }

    private mutating func get(_ name: String, _ noAck: Bool, _ channel: Int) -> String {
        guard !self[queue: name].ready.isEmpty else { return "empty" }
        let message = self[queue: name].ready.removeFirst()
        channels[channel].lastTag += 1
        let tag = channels[channel].lastTag
        if !noAck {
            channels[channel].open.append(
                WalkChannel.Delivery(tag: tag, message: message, queue: name, number: self[queue: name].number))
        }
        return "#\(tag): \(message.description(left: self[queue: name].ready.count))"
    }

    // MARK: Settling

    private mutating func settle(_ place: Int, _ settlement: WalkStep.Settlement, _ multiple: Bool, _ channel: Int) {
        let chosen = multiple ? Array(channels[channel].open[...place]) : [channels[channel].open[place]]
        channels[channel].open.removeAll { delivery in chosen.contains { $0.tag == delivery.tag } }
        if channels[channel].mode == .transactional {
            channels[channel].settled += chosen.map { (settlement, $0) }
        } else {
            settle(chosen, settlement)
        }
    }

    private mutating func settle(_ chosen: [WalkChannel.Delivery], _ settlement: WalkStep.Settlement) {
        if settlement.isRequeue { return giveBack(chosen) }
        // Of a queue with priorities, several die in an order of their own.
        if settlement != .ack {
            for (index, delivery) in chosen.enumerated() where queues[delivery.queue]?.shape.maxPriority != nil {
                sources["the dead of \(delivery.queue)", default: []].insert("\(index)")
            }
        }
        for delivery in chosen where isAlive(delivery) {
            makeRoom(delivery)
            if settlement != .ack { deadLetter(delivery.message, delivery.queue, "rejected") }
        }
        for name in Set(chosen.filter(isAlive).map(\.queue)).sorted() { dispatch(name) }
    }

    /// Puts deliveries back to where they were, all of a queue's at once.
    private mutating func giveBack(_ chosen: [WalkChannel.Delivery]) {
        for delivery in chosen where isAlive(delivery) {
            makeRoom(delivery)
            var message = delivery.message
            message.isRedelivered = true
            self[queue: delivery.queue].insert(message)
            sources[delivery.queue, default: []].insert("a channel")
        }
        for name in Set(chosen.filter(isAlive).map(\.queue)).sorted() {
            dropHead(name)
            dispatch(name)
        }
    }

    /// Its queue is still the one that it came from.
    private func isAlive(_ delivery: WalkChannel.Delivery) -> Bool { queues[delivery.queue]?.number == delivery.number }

    private mutating func makeRoom(_ delivery: WalkChannel.Delivery) {
        guard let tag = delivery.consumer, self[queue: delivery.queue].consumer?.tag == tag else { return }
        if let room = self[queue: delivery.queue].consumer?.room {
            self[queue: delivery.queue].consumer?.room = room + 1
        }
    }

    private mutating func commit(_ channel: Int) -> [String] {
        let (published, settled) = (channels[channel].published, channels[channel].settled)
        (channels[channel].published, channels[channel].settled) = ([], [])
        var returned: [String] = []
        for publication in published { returned += deliver(publication).returned }
        for (settlement, delivery) in settled { settle([delivery], settlement) }
        return returned + ["ok"]
    }

    // MARK: The end of a channel

    private mutating func closed(_ channel: Int, _ code: Int) -> [String] {
        end(channel)
        return ["closed with \(code)"]
    }

    private mutating func end(_ channel: Int) {
        for name in queues.keys where self[queue: name].consumer?.channel == channel {
            self[queue: name].consumer = nil
        }
        let all = channels[channel].takeOpen() + channels[channel].settled.map(\.delivery)
        channels[channel] = WalkChannel(channels[channel].mode)
        giveBack(all.sorted { $0.tag < $1.tag })
    }
}
