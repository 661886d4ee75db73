/// What a broker makes of a random walk, as plain as can be: names, lists that are searched from the front, and time that
/// only passes when the walk waits. It follows the rules of the catalogue, and only where every release of RabbitMQ does what
/// they say.
struct WalkModel: Sendable {
    /// What a client sees of a step.
    struct Answer: Sendable, Equatable {
        /// What the step itself was answered, in order.
        var replies: [String] = []
        /// What consumers were handed because of it, by channel.
        var deliveries: [Int: [String]] = [:]
        /// The consumers that the broker cancelled because of it, by channel.
        var cancels: [Int: [String]] = [:]
        /// What is not there any more since, exchanges and queues.
        var gone: Gone = Gone()
    }

    struct Gone: Sendable, Equatable {
        var exchanges: [String] = []
        var queues: [String] = []
    }

    let theme: WalkTheme
    var exchanges: [String: WalkStep.ExchangeShape] = [:]
    var bindings: [WalkStep.Binding] = []
    var queues: [String: WalkQueue] = [:]
    var channels: [WalkChannel]
    /// RabbitMQ leaves free in which order something happened in this step: the walk ends here.
    var isAmbiguous = false

    var deliveries: [Int: [String]] = [:]
    private var cancels: [Int: [String]] = [:]
    /// Who put something into which queue in this step, or took it out.
    var sources: [String: Set<String>] = [:]
    /// Dead letters on their way: a queue gets them when it has done what it was at.
    var letters: [(message: WalkMessage, target: String, source: String)] = []
    /// How often the walk has waited.
    var waits = 0
    var isWaiting = false
    var lastPlace = 0
    /// Of what came back to quorum queues.
    var lastTurn = 0
    /// Another one whenever exchanges, queues or bindings change.
    private(set) var layout = 0
    private var lastQueue = 0

    init(_ theme: WalkTheme) {
        self.theme = theme
        channels = theme.modes.map { WalkChannel($0) }
    }

    /// A queue that is known to be there.
    subscript(queue name: String) -> WalkQueue {
        get { queues[name] ?? WalkQueue(number: 0, .init()) }
        set { queues[name] = newValue }
    }

    /// Ready messages and consumers, as a passive declare tells them.
    var counts: [String: String] { queues.mapValues(count) }

    private func count(_ queue: WalkQueue) -> String {
        theme.count(ready: queue.ready.count, consumers: queue.consumers.count)
    }

    /// The tag of the delivery that a step settles.
    func tag(_ step: WalkStep) -> UInt64 {
        guard case .settle(let place, _, _) = step.deed, place < channels[step.channel].open.count else { return 0 }
        return channels[step.channel].open[place].tag
    }

    /// Does a step that it allows.
    mutating func take(_ step: WalkStep) -> Answer {
        (deliveries, cancels, sources, isWaiting) = ([:], [:], [:], step.deed == .wait)
        let (hadExchanges, hadQueues) = (exchanges.keys, queues.keys)
        var replies = replies(to: step.deed, step.channel)
        if step.isHasty, replies.first?.hasPrefix("closed") != true { replies = ["ok"] }
        while !letters.isEmpty {
            let letter = letters.removeFirst()
            guard let target = queues[letter.target] else { continue }
            _ = put(letter.message, letter.target, from: letter.source)
            // Where it takes its time, a count tells that it has arrived; where none does, nobody knows.
            let isSeen = self[queue: letter.target].ready.count != target.ready.count
            if theme == .quorum, !isSeen { isAmbiguous = true }
        }
        if isWaiting { endLeases() }
        isAmbiguous = isAmbiguous || sources.values.contains { $0.count > 1 }
        var gone = Gone(
            exchanges: hadExchanges.filter { exchanges[$0] == nil }.sorted(),
            queues: hadQueues.filter { queues[$0] == nil }.sorted())
        // To ask for a queue is to use it: one whose lease runs out a little late would never go.
        if isWaiting { gone = Gone() }
        return Answer(replies: replies, deliveries: deliveries, cancels: cancels.mapValues { $0.sorted() }, gone: gone)
    }

    private mutating func replies(to deed: WalkStep.Deed, _ channel: Int) -> [String] {
        switch deed {
        case .declareExchange, .deleteExchange, .declareQueue, .deleteQueue, .bind, .unbind:
            layout += 1
            return change(deed, channel)
        case .purge(let name):
            let count = self[queue: name].ready.count
            self[queue: name].ready = []
            return ["\(count) purged"]
        case .publish(let publication): return publish(publication, channel)
        case .get(let name, let noAck): return [get(name, noAck, channel)]
        case .read(let name): return read(name, channel)
        case .settle(let place, let settlement, let multiple): settle(place, settlement, multiple, channel)
        case .settleAll(let settlement): settle(channels[channel].open.count - 1, settlement, true, channel)
        case .settleUnknown: return close(channel, with: 406)
        case .recover: giveBack(channels[channel].takeOpen(), because: .released)
        case .consume(let name, let consumption): return consume(name, consumption, channel)
        case .cancel(let tag):
            for name in queues.keys.sorted() {
                guard removeConsumers(of: name, where: { $0.channel == channel && $0.tag == tag }) else { continue }
                // There the successor of a single active consumer that was cancelled gets what is ready with the next message.
                let waits = self[queue: name].shape.isSingleActive && !self[queue: name].ready.isEmpty
                if waits, Self.isOlderRabbitMQ { isAmbiguous = true }
                dispatch(name)
            }
        case .close: end(channel)
        case .commit: return commit(channel)
        case .rollback:
            channels[channel].open = (channels[channel].open + channels[channel].settled.map(\.delivery))
                .sorted { $0.tag < $1.tag }
            (channels[channel].settled, channels[channel].published) = ([], [])
        case .wait: wait()
        case .restart: restart()
        }
        return ["ok"]
    }

    /// A RabbitMQ before 4.0 (seen on 3.10.8), and not our broker in its dialect.
    static var isOlderRabbitMQ: Bool { CaseRun.current?.peer.isShared == true && !isRabbitMQ(from: "4.0") }

    // MARK: Exchanges, queues and bindings

    private mutating func change(_ deed: WalkStep.Deed, _ channel: Int) -> [String] {
        switch deed {
        case .declareExchange(let name, let shape):
            if let there = exchanges[name], there != shape { return close(channel, with: 406) }
            exchanges[name] = shape
        case .deleteExchange(let name, let ifUnused):
            if ifUnused, bindings.contains(where: { $0.source == name }) { return close(channel, with: 406) }
            deleteExchange(name)
        case .declareQueue(let name, let shape):
            if let there = queues[name] {
                // One that isn't durable is exclusive, and that comes first.
                let isLocked = there.shape.isDurable != shape.isDurable
                return there.shape == shape ? [count(there)] : close(channel, with: isLocked ? 405 : 406)
            }
            lastQueue += 1
            queues[name] = WalkQueue(number: lastQueue, shape)
            return [count(self[queue: name])]
        case .deleteQueue(let name, let ifUnused, let ifEmpty):
            let queue = self[queue: name]
            if ifUnused && !queue.consumers.isEmpty || ifEmpty && !queue.ready.isEmpty {
                return close(channel, with: 406)
            }
            deleteQueue(name)
            return ["\(queue.ready.count) deleted"]
        case .bind(let binding):
            if exchanges[binding.source] == nil { return close(channel, with: 404) }
            if !bindings.contains(binding) { bindings.append(binding) }
        case .unbind(let binding): removeBindings { $0 == binding }
        default: break
        }
        return ["ok"]
    }

    mutating func deleteQueue(_ name: String) {
        for consumer in self[queue: name].consumers { cancels[consumer.channel, default: []].append(consumer.tag) }
        queues[name] = nil
        removeBindings { $0.destination == .queue(name) }
    }

    // MARK: Consumers

    private mutating func consume(_ name: String, _ consumption: WalkStep.Consumption, _ channel: Int) -> [String] {
        let there = self[queue: name].consumers
        if !there.isEmpty, consumption.isExclusive || there.contains(where: \.isExclusive) {
            return close(channel, with: 403)
        }
        self[queue: name].add(WalkQueue.Consumer(consumption, channel))
        dispatch(name)
        return ["ok"]
    }

    /// Removes consumers, and the auto-delete queue that has lost its last. Returns whether there were any.
    private mutating func removeConsumers(of name: String, where isGone: (WalkQueue.Consumer) -> Bool) -> Bool {
        guard self[queue: name].removeConsumers(where: isGone) else { return false }
        if self[queue: name].shape.isAutoDelete, self[queue: name].consumers.isEmpty { deleteQueue(name) }
        return true
    }

    // MARK: The end of a channel

    mutating func close(_ channel: Int, with code: Int) -> [String] {
        end(channel)
        return ["closed with \(code)"]
    }

    private mutating func end(_ channel: Int) {
        var left: [String] = []
        for name in queues.keys.sorted() where removeConsumers(of: name, where: { $0.channel == channel }) {
            left.append(name)
        }
        let all = channels[channel].takeOpen() + channels[channel].settled.map(\.delivery)
        channels[channel] = WalkChannel(channels[channel].mode)
        giveBack(all.sorted { $0.tag < $1.tag }, because: .abandoned)
        for name in left { dispatch(name) }
    }
}
