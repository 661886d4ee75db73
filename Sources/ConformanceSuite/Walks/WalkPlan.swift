import SeededGenerator

/// The steps of a random walk: a seed decides all of them.
struct WalkPlan: Sendable {
    private(set) var steps: [WalkStep] = []
    private let theme: WalkTheme
    private var random: SeededGenerator
    private var model: WalkModel
    private var lastMessage = 0

    init(_ theme: WalkTheme, seed: UInt64, length: Int) {
        self.theme = theme
        random = SeededGenerator(seed: seed)
        model = WalkModel(theme)
        begin()
        while steps.count < length {
            let channel = Int.random(in: 0..<model.channels.count, using: &random)
            if let deed = deed(channel) { add(channel, deed) }
        }
        for name in model.queues.keys.sorted() { add(0, .read(name)) }
    }

    /// Adds a step, unless nobody can say what comes of it.
    private mutating func add(_ channel: Int, _ deed: WalkStep.Deed) {
        let step = WalkStep(channel: channel, deed: deed, isHasty: deed.mayBeHasty && chance(20))
        guard model.allows(step) else { return }
        var next = model
        _ = next.take(step)
        guard !next.isAmbiguous else { return }
        model = next
        steps.append(step)
    }

    private mutating func begin() {
        let types = ["direct", "fanout", "topic", "headers"]
        let exchanges = theme == .routing ? types : ["fanout", "direct"]
        for (number, type) in exchanges.enumerated() {
            add(0, .declareExchange("e\(number + 1)", .init(type: type, isDurable: theme == .restarts)))
        }
        for name in ["q1", "q2", "q3"] { add(0, .declareQueue(name, shape(of: name))) }
        for _ in 1...4 { if let bind = bind() { add(0, bind) } }
    }

    // MARK: Chance

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func one<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &random)]
    }

    /// One that is there, by name; nil: there is none.
    private mutating func queue() -> String? { model.queues.keys.sorted().randomElement(using: &random) }
    private mutating func exchange() -> String? { model.exchanges.keys.sorted().randomElement(using: &random) }

    private mutating func deed(_ channel: Int) -> WalkStep.Deed? {
        switch theme {
        case .routing: return routingDeed()
        case .consumers: if chance(25) { return chance(70) ? consume(channel) : cancel(channel) }
        case .time: if chance(8) { return .wait }
        case .restarts:
            if chance(5) { return .restart }
            if chance(20) { return chance(40) ? bind() : chance(50) ? unbind() : declareExchange() }
        case .queues, .transactions, .quorum: break
        }
        return queueDeed(channel)
    }

    // MARK: Exchanges and bindings

    private static let keys = ["", "a", "b", "a.b", "b.a", "a.b.c", "a..b", "c.b.a", "a.", ".a", "*", "#"]
    private static let patterns = [
        "", "a", "*", "#", "a.*", "*.b", "a.#", "#.b", "a.#.b", "*.*", "#.#", "a.*.c", "*.#", "a..b", "#.a.#",
    ]

    private mutating func routingDeed() -> WalkStep.Deed? {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<8: declareExchange()
        case 8..<13: exchange().map { .deleteExchange($0, ifUnused: chance(50)) }
        case 13..<17: .declareQueue("q\(Int.random(in: 1...4, using: &random))", .init())
        case 17..<20: queue().map { .deleteQueue($0, ifUnused: chance(20), ifEmpty: chance(20)) }
        case 20..<40: bind()
        case 40..<52: unbind()
        case 52..<92: publish()
        default: queue().map { .read($0) }
        }
    }

    private mutating func declareExchange() -> WalkStep.Deed {
        let name = "e\(Int.random(in: 1...6, using: &random))"
        if let there = model.exchanges[name], chance(70) { return .declareExchange(name, there) }
        let alternate = chance(30) ? "e\(Int.random(in: 1...6, using: &random))" : nil
        return .declareExchange(
            name,
            .init(
                type: one(["direct", "fanout", "topic", "headers"]), alternate: alternate, isAutoDelete: chance(40),
                isDurable: theme == .restarts && chance(70)))
    }

    private mutating func binding() -> WalkStep.Binding? {
        guard let source = chance(96) ? exchange() : "e7" else { return nil }
        let type = model.exchanges[source]?.type
        let toExchanges = theme == .routing ? 35 : theme == .restarts ? 15 : 0
        let end: WalkStep.Destination? =
            chance(toExchanges) ? exchange().map { .exchange($0) } : queue().map { .queue($0) }
        guard let end else { return nil }
        let key = type == "headers" ? one(["", "a"]) : one(type == "topic" ? Self.patterns : Self.keys)
        let arguments =
            type == "headers" ? one(Array(WalkHeaders.bindings.indices)) : chance(15) ? 1 : 0
        return WalkStep.Binding(source: source, destination: end, key: key, arguments: arguments)
    }

    private mutating func bind() -> WalkStep.Deed? { binding().map { .bind($0) } }

    private mutating func unbind() -> WalkStep.Deed? {
        (chance(85) ? model.bindings.randomElement(using: &random) : binding()).map { .unbind($0) }
    }

    private mutating func publish() -> WalkStep.Deed? {
        guard let exchange = chance(96) ? exchange() : "e7" else { return nil }
        lastMessage += 1
        return .publish(
            .init(
                text: "m\(lastMessage)", exchange: exchange, key: one(Self.keys),
                copies: chance(15) ? [one(Self.keys.filter { !$0.isEmpty })] : [],
                headers: one(Array(WalkHeaders.messages.indices)), isMandatory: chance(50)))
    }

    // MARK: Queues and messages

    private mutating func shape(of name: String) -> WalkStep.QueueShape {
        guard theme != .routing else { return .init() }
        var shape = WalkStep.QueueShape()
        shape.isDurable = theme == .quorum
        // A channel of RabbitMQ 3.10 ends with 541 when it publishes to a queue that was of the other type before.
        if theme == .quorum, name != "q4" { shape.deliveryLimit = one([0, 1, 1, 2, 3]) }
        if chance(50) { shape.maxLength = one([0, 1, 2, 2, 3, 3, 4]) }
        if chance(25) { shape.maxOctets = one([10, 20]) }
        // A commit that is refused closes the channel.
        if theme != .transactions, !shape.isQuorum, chance(30) {
            shape.overflow = chance(50) ? .reject : .rejectToDeadLetters
        }
        if chance(50) {
            (shape.deadLetterExchange, shape.deadLetterKey) = ("", "q\(Int.random(in: 1...4, using: &random))")
        } else if chance(40) {
            (shape.deadLetterExchange, shape.deadLetterKey) = (one(["e1", "e2"]), chance(50) ? one(Self.keys) : nil)
        }
        switch theme {
        case .consumers:
            // With fewer limits there is more to hand out.
            if chance(60) { (shape.maxLength, shape.maxOctets) = (nil, nil) }
            shape.isSingleActive = chance(30)
            shape.isAutoDelete = chance(20)
        case .time:
            // Each priority of a queue has its own messages whose time is up.
            if chance(35) { shape.timeToLive = chance(30) ? WalkStep.Span.none : .short }
            shape.isLeased = chance(15)
            return shape
        case .restarts: shape.isDurable = chance(80)
        case .quorum:
            if shape.isQuorum { (shape.maxLength, shape.maxOctets) = (shape.maxLength.map { $0 + 1 }, nil) }
            return shape
        default: break
        }
        if chance(30) { shape.maxPriority = 3 }
        return shape
    }

    private mutating func queueDeed(_ channel: Int) -> WalkStep.Deed? {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<5: declareQueue()
        case 5..<7: queue().map { .deleteQueue($0, ifUnused: chance(30), ifEmpty: chance(30)) }
        case 7..<9: queue().map { .purge($0) }
        case 9..<12: bind()
        case 12..<13: unbind()
        case 13..<42: publishToQueue()
        case 42..<57: queue().map { .get($0, noAck: chance(15)) }
        case 57..<77: settle(channel)
        case 77..<79: .settleAll(one([.ack, .discard, .requeue]))
        case 79..<80: .settleUnknown(one(WalkStep.Settlement.allCases))
        case 80..<83: .recover
        case 83..<88: consume(channel)
        case 88..<90: cancel(channel)
        case 90..<92: .close
        case 92..<96: .commit
        case 96..<98: .rollback
        default: queue().map { .read($0) }
        }
    }

    private mutating func declareQueue() -> WalkStep.Deed {
        let name = "q\(Int.random(in: 1...4, using: &random))"
        if let there = model.queues[name]?.shape, chance(80) { return .declareQueue(name, there) }
        return .declareQueue(name, shape(of: name))
    }

    private mutating func publishToQueue() -> WalkStep.Deed? {
        lastMessage += 1
        let isDirect = chance(65)
        guard let exchange = isDirect ? "" : exchange() else { return nil }
        return .publish(
            .init(
                text: "m\(lastMessage)", filling: chance(50) ? Int.random(in: 0...12, using: &random) : 0,
                exchange: exchange, key: isDirect ? "q\(Int.random(in: 1...4, using: &random))" : one(Self.keys),
                priority: theme != .quorum && chance(40) ? Int.random(in: 0...5, using: &random) : nil,
                expiration: theme == .time && chance(40) ? (chance(30) ? WalkStep.Span.none : .short) : nil,
                isPersistent: theme == .restarts && chance(75), isMandatory: chance(25)))
    }

    private mutating func settle(_ channel: Int) -> WalkStep.Deed? {
        guard let place = model.channels[channel].open.indices.randomElement(using: &random) else { return nil }
        let settlement = one(WalkStep.Settlement.allCases)
        return .settle(place, settlement, multiple: settlement.mayBeMultiple && chance(35))
    }

    private mutating func consume(_ channel: Int) -> WalkStep.Deed? {
        guard let name = queue() else { return nil }
        var consumption = WalkStep.Consumption(tag: "c\(Int.random(in: 1...4, using: &random))")
        if chance(85) { consumption.prefetch = Int.random(in: 1...3, using: &random) }
        guard theme == .consumers, model.queues[name]?.shape.isSingleActive == false else {
            return .consume(name, consumption)
        }
        if chance(30) { consumption.priority = one([-1, 1, 2]) }
        consumption.isExclusive = chance(6)
        return .consume(name, consumption)
    }

    private mutating func cancel(_ channel: Int) -> WalkStep.Deed? {
        model.queues.values.flatMap(\.consumers).filter { $0.channel == channel }.map(\.tag).sorted()
            .randomElement(using: &random).map { .cancel($0) }
    }
}

extension WalkStep.Deed {
    /// What may be sent without waiting for an answer.
    fileprivate var mayBeHasty: Bool {
        switch self {
        case .declareExchange, .deleteExchange, .declareQueue, .deleteQueue, .purge, .bind, .unbind, .consume, .cancel:
            true
        default: false
        }
    }
}
