import AMQPWire
import DataStructures

/// A virtual host: its exchanges, queues and bindings, and the way of a message through them.
final class VirtualHost {
    let name: String
    unowned let core: BrokerCore
    var exchanges = DividedDictionary<ShortString, Exchange<any Queue>>()
    var queues = DividedDictionary<ShortString, HostedQueue>()
    private let defaultExchange: Exchange<any Queue>
    var topologyVersion: UInt64 = 0
    private var lastBindingOrder: UInt64 = 0
    /// Numbers the passes of routing, so that each exchange and queue is met once in each.
    private var lastRoutingPass: UInt64 = 0
    /// What is published and delivered is copied to an exchange (RabbitMQ: "Firehose Tracer").
    var isTracingOn = false { didSet { isTraced = isTracingOn } }
    var isTraced = false
    private(set) var tracedSteps = TracedSteps()
    /// Those that act here, the first to match first.
    var policies: [Policy] = []
    /// Everything is being looked at again, for they have changed.
    var policyPass: PolicyPass?
    /// What a queue is that does not say its type; nil: what it is anywhere.
    var defaultQueueType: String?
    /// What an operator has said of it; nil: nothing, it is there by the command line or by what it has.
    private(set) var definition: VirtualHostDefinition?
    /// Auto-delete exchanges that are on their way out, and that the log has not heard of.
    var leavingRows: [LeavingRow] = []
    /// The names of what is not there any more, and of whose end the log has not heard.
    var leavingExchanges: Set<ShortString> = []
    var leavingQueues: Set<ShortString> = []
    /// The dead letter that is being put in its queues.
    var republished: DeadLetter.Republished?
    /// For a quirk: the exchanges that were looked up first, by name.
    var firstExchanges: [ShortString: Exchange<any Queue>] = [:]
    /// By the name that requests carry as their reply-to.
    private var replyTargets = DividedDictionary<ShortString, any ReplyTarget>()

    /// A queue, and what its virtual host keeps beside it. A class, so that a list of all copies nothing of it.
    final class HostedQueue {
        let end: RouteEnd<any Queue>
        /// As they were declared.
        let arguments: QueueArguments
        /// nil: nothing of it is kept on disk.
        let journal: QueueJournal?
        /// The policy that acts on it.
        var policy: Policy?

        init(end: RouteEnd<any Queue>, arguments: QueueArguments, journal: QueueJournal?, policy: Policy?) {
            (self.end, self.arguments, self.journal, self.policy) = (end, arguments, journal, policy)
        }

        var queue: any Queue { end.target }
    }

    init(name: String, core: BrokerCore) {
        self.name = name
        self.core = core
        defaultQueueType = core.configuration.defaultQueueType
        let predeclared: [(ShortString, any Router<any Queue>.Type)] = [
            ("amq.direct", DirectRouter.self), ("amq.fanout", FanoutRouter.self), ("amq.headers", HeadersRouter.self),
            ("amq.match", HeadersRouter.self), (Tracing.exchange, TopicRouter.self), ("amq.topic", TopicRouter.self),
        ]
        let dialect = core.configuration.dialect
        defaultExchange = Self.predeclared("", DirectRouter.self, in: dialect)
        exchanges[""] = defaultExchange
        for (name, type) in predeclared { exchanges[name] = Self.predeclared(name, type, in: dialect) }
    }

    private static func predeclared(
        _ name: ShortString, _ type: any Router<any Queue>.Type, in dialect: Dialect
    ) -> Exchange<any Queue> {
        Exchange(
            name: name, declaration: .init(type: type.type, durable: true, isInternal: name == Tracing.exchange),
            type: type, dialect: dialect)
    }

    /// Lets go of everything, without a word to anybody: its core is no more.
    func dissolve() {
        leavingRows = []
        for exchange in exchanges.values { exchange.dissolve() }
        for hosted in queues.values {
            hosted.queue.dissolve()
            hosted.end.dissolve()
        }
    }

    /// An operator has said this of it; what is left out stays as it was.
    func follow(_ new: VirtualHostDefinition) {
        let queueType = new.defaultQueueType ?? definition?.defaultQueueType
        definition = VirtualHostDefinition(name, defaultQueueType: queueType)
        defaultQueueType = queueType ?? defaultQueueType
    }

    // MARK: The way of a message

    func route(
        _ message: Message, from start: Exchange<any Queue>, keys: [ShortString]
    ) throws(BrokerError) -> RoutingPass<any Queue> {
        lastRoutingPass += 1
        var pass = RoutingPass(lastRoutingPass, message, keys: keys, from: start)
        try goOn(&pass)
        return pass
    }

    /// An exchange whose bindings don't match at all hands over to its alternate exchange.
    func goOn(_ pass: inout RoutingPass<any Queue>) throws(BrokerError) {
        let most = core.pool.work.slice * WorkLimits.placesOfUnit
        pass.beginSlice()
        let (start, keys) = (pass.start, pass.keys)
        while pass.places < most, let exchange = pass.next() {
            var hasMatched = false
            if exchange === defaultExchange {
                for hosted in keys.compactMap({ queues[$0] }) {
                    if hasMatched, quirk(.copiesStopAtTheDefaultExchange) { break }
                    hasMatched = true
                    pass.reach(.target(hosted.end))
                }
            } else {
                guard let someMatch = try pass.follow(exchange, most: most) else { break }
                hasMatched = someMatch
            }
            if keys == [""], quirk(.emptyKeyLeadsThroughEveryTopic) { leadThroughEveryTopic(&pass, from: exchange) }
            if !hasMatched, let name = exchange.alternate,
                let alternate = self.exchange(name, isTheFirst: quirk(.alternatesKeepTheirExchange))
            {
                if !pass.targets.isEmpty, quirk(.alternateNeedsNothingReached) { continue }
                if pass.message.message.traits.isDeadLetter, quirk(.deadLettersPassTheAlternate) { continue }
                if exchange !== start, quirk(.onlyTheFirstHasAnAlternate) { continue }
                pass.reach(.exchange(alternate))
            }
        }
        if !pass.isOver { pass.stop { queues[$0.name]?.end.mark } }
        let units = pass.places / WorkLimits.placesOfUnit
        if units > 0 { core.spend(units) }
    }

    func write(_ message: Message) -> UInt64 { core.journal?.write(message) ?? 0 }

    // MARK: Exchanges

    /// Adds an exchange that a client declares or the log has. Throws for a type that no release knows.
    @discardableResult
    func addExchange(
        _ name: ShortString, _ declaration: ExchangeDeclaration
    ) throws(BrokerError) -> Exchange<any Queue> {
        let exchange = try Exchange<any Queue>(
            name: name, declaration: declaration, type: ExchangeTypes.named(declaration.type, in: nil),
            dialect: core.configuration.dialect, chance: { [unowned core] in core.random.next() })
        exchanges[name] = exchange
        let policy = policy(of: exchange)
        if policy == nil || !quirk(.policiesMissNewExchanges) { follow(policy, exchange) }
        exchange.count(by: Holding(Self.octets(of: exchange), in: load))
        if !quirk(.routesOutliveNewExchanges) { topologyVersion += 1 }
        return exchange
    }

    // MARK: Queues

    /// Adds a queue that a client declares or the log has.
    @discardableResult
    func addQueue(
        _ name: ShortString, _ declaration: QueueDeclaration, _ arguments: QueueArguments, journal: QueueJournal?
    ) -> any Queue {
        let policy = policy(ofQueue: name, arguments.kind)
        if !policies.isEmpty { core.spend(unitsOfPolicies(forName: name.count)) }
        var acting = self.arguments(arguments, ofQueue: name, under: policy)
        if acting != arguments, quirk(.policiesMissNewQueues) { acting = arguments }
        var declaration = declaration
        declaration.held = Holding(Self.octets(of: declaration, name, acting), in: load)
        let order = QueueOrder(
            name: name, declaration: declaration, arguments: acting,
            dialect: core.configuration.dialect, label: label(ofQueue: name), log: journal)
        let queue = QueueKinds.make(order, host: self)
        let end = RouteEnd<any Queue>(queue, name: name, isDurable: declaration.durable)
        queues[name] = HostedQueue(end: end, arguments: arguments, journal: journal, policy: policy)
        if !quirk(.newQueueIsNotSeen) { topologyVersion += 1 }
        return queue
    }

    func label(ofQueue name: ShortString) -> String { "queue '\(name)' in vhost '\(self.name)'" }

    // MARK: Bindings

    /// Adds a binding that a client makes or the log has, at both of its ends. nil: its queue is not there.
    @discardableResult
    func addBinding(
        _ source: Exchange<any Queue>, to end: BindingEnd, key: ShortString, arguments: FieldTable
    ) -> Binding<any Queue>? {
        guard let destination = destination(end) else { return nil }
        lastBindingOrder += 1
        let binding = Binding(
            source: source, destination: destination, key: key, arguments: arguments.sortedByName,
            order: lastBindingOrder)
        let places = source.router.placeCount
        source.attach(binding)
        load.hold(Self.octets(of: binding) + (source.router.placeCount - places) * Load.ofTopicPlace)
        if !quirk(.newBindingIsNotSeen) { topologyVersion += 1 }
        return binding
    }

    private func destination(_ end: BindingEnd) -> Destination<any Queue>? {
        switch end {
        case .queue(let queue): queues[queue.name].map { .target($0.end) }
        case .exchange(let exchange):
            if let queue = queues[exchange.name], quirk(.destinationsAreNames) {
                .target(queue.end)
            } else {
                .exchange(exchange)
            }
        }
    }

    func binding(
        _ source: Exchange<any Queue>, _ end: BindingEnd, _ key: ShortString, _ arguments: FieldTable
    ) -> Binding<any Queue>? {
        destination(end).flatMap { source.binding(to: $0, key: key, arguments: arguments) }
    }
}

// MARK: - What channels do with it

extension VirtualHost: SessionVirtualHost {
    func exchange(_ name: ShortString) -> Exchange<any Queue>? { exchanges[name] }
    func queue(_ name: ShortString) -> (any Queue)? { queues[name]?.queue }

    func content(of message: Message) -> MessageContent {
        guard let octets = message.resident ?? core.journal?.octets(of: message) else {
            core.log(.error, BrokerError.broken("a message's octets are on disk, and there is no store").text)
            return MessageContent([], of: message)
        }
        return MessageContent(octets, of: message)
    }

    func note(_ step: TracedStep) { tracedSteps.append(step, in: name) }
    func trace(_ copy: Message) { core.cause(.copy(copy), in: self) }

    func declareExchange(_ name: ShortString, _ declaration: ExchangeDeclaration) throws(BrokerError) {
        while isLosing(exchange: name) { _ = loseRows(.max) }
        let exchange = try addExchange(name, declaration)
        if exchange.isStored { core.journal?.declare(.exchangeDeclared(description(of: exchange))) }
    }

    func declareQueue(
        _ name: ShortString, _ declaration: QueueDeclaration, _ arguments: QueueArguments
    ) -> any Queue {
        while isLosing(queue: name) { _ = loseRows(.max) }
        let journal =
            declaration.durable
            ? core.journal.map { QueueJournal($0, number: $0.queueNumbers.take(), keepsAll: arguments.kind.keepsAll) }
            : nil
        let queue = addQueue(name, declaration, arguments, journal: journal)
        core.tally.counters.queuesCreated += 1
        if let remark = queue.arguments.remarkOnLetters { core.log(.warning, "\(queue.label): \(remark)") }
        if let journal { core.journal?.declare(.queueDeclared(description(of: queue, journal))) }
        return queue
    }

    func bind(_ source: Exchange<any Queue>, to end: BindingEnd, key: ShortString, arguments: FieldTable) {
        // Once for all who ask for it.
        let arguments = arguments.sortedByName
        guard binding(source, end, key, arguments) == nil || quirk(.boundTwiceIsTwoBindings),
            let binding = addBinding(source, to: end, key: key, arguments: arguments)
        else { return }
        if binding.isDurable, let bound = description(of: binding) {
            core.journal?.declare(.bound(bound))
            core.description?.add(binding, in: self)
        }
    }

    func isBound(
        _ source: Exchange<any Queue>, to end: BindingEnd, key: ShortString, arguments: FieldTable
    ) -> Bool { binding(source, end, key, arguments) != nil }

    func replyTarget(_ name: ShortString) -> (any ReplyTarget)? { replyTargets[name] }
    func add(_ target: any ReplyTarget) { replyTargets[target.name] = target }
    func remove(_ target: any ReplyTarget) { replyTargets[target.name] = nil }
}
