import AMQPWire

/// A virtual host: its exchanges, queues and bindings, and the way of a message through them.
final class VirtualHost {
    let name: String
    unowned let core: BrokerCore
    private(set) var exchanges: [ShortString: Exchange] = [:]
    private(set) var queues: [ShortString: Queue] = [:]
    let defaultExchange: Exchange
    /// Changes whenever a route may lead elsewhere, so that a channel can remember the last one.
    private(set) var topologyVersion: UInt64 = 0
    private var lastBindingOrder: UInt64 = 0
    /// Numbers the passes of routing, so that each exchange and queue is met once in each.
    private var routingPass: UInt64 = 0
    /// Reply consumers by the name that requests carry as their reply-to.
    var replyConsumers: [ShortString: ReplyConsumer] = [:]

    init(name: String, core: BrokerCore) {
        self.name = name
        self.core = core
        defaultExchange = Exchange(name: "", declaration: .init(type: .direct, durable: true))
        exchanges[""] = defaultExchange
        let predeclared: [(ShortString, ExchangeType, Bool)] = [
            ("amq.direct", .direct, false), ("amq.fanout", .fanout, false), ("amq.headers", .headers, false),
            ("amq.match", .headers, false), ("amq.rabbitmq.trace", .topic, true), ("amq.topic", .topic, false),
        ]
        for (name, type, isInternal) in predeclared {
            exchanges[name] = Exchange(
                name: name, declaration: .init(type: type, durable: true, isInternal: isInternal))
        }
    }

    func exchange(_ name: ShortString) -> Exchange? { exchanges[name] }
    func queue(_ name: ShortString) -> Queue? { queues[name] }

    // MARK: Routing

    /// The queues that a message goes to, each once, however many ways lead there.
    ///
    /// `keys` are its routing key and those of its CC and BCC headers. An exchange whose bindings don't match at all
    /// hands over to its alternate exchange.
    func route(_ message: Message, from start: Exchange, keys: [ShortString]) -> [Queue] {
        routingPass += 1
        let pass = routingPass
        var found: [Queue] = []
        var exchanges = [start]
        start.routingPass = pass
        func reach(_ destination: Destination) {
            switch destination {
            case .queue(let queue) where queue.routingPass != pass:
                queue.routingPass = pass
                found.append(queue)
            case .exchange(let exchange) where exchange.routingPass != pass:
                exchange.routingPass = pass
                exchanges.append(exchange)
            default: break
            }
        }
        while let exchange = exchanges.popLast() {
            var matched = false
            for key in keys {
                if exchange === defaultExchange {
                    guard let queue = queues[key] else { continue }
                    matched = true
                    reach(.queue(queue))
                } else {
                    exchange.matches(message, key: key) { destination in
                        matched = true
                        reach(destination)
                    }
                }
            }
            if !matched, let name = exchange.alternate, let alternate = self.exchanges[name] {
                reach(.exchange(alternate))
            }
        }
        return found
    }

    // MARK: Exchanges

    func add(_ exchange: Exchange) {
        restore(exchange)
        if exchange.isStored { core.journal?.declare(.exchangeDeclared(description(of: exchange))) }
    }

    /// Adds one that the store knows.
    func restore(_ exchange: Exchange) {
        exchanges[exchange.name] = exchange
        topologyVersion += 1
    }

    func delete(_ exchange: Exchange) {
        exchanges[exchange.name] = nil
        topologyVersion += 1
        noteDeletion(of: exchange)
        // Off both ends: a binding and its exchange hold each other.
        for binding in Array(exchange.bindings.values.joined()) {
            exchange.remove(binding)
            detach(binding)
        }
        remove(exchange.incoming)
    }

    // MARK: Queues

    func add(_ queue: Queue) {
        restore(queue)
        guard queue.declaration.durable, let journal = core.journal else { return }
        queue.store = QueueStore(journal: journal, number: journal.numberQueue())
        journal.declare(.queueDeclared(queue.description))
    }

    /// Adds one that the store knows.
    func restore(_ queue: Queue) {
        queues[queue.name] = queue
        topologyVersion += 1
    }

    func delete(_ queue: Queue) {
        guard !queue.isDeleted else { return }
        queues[queue.name] = nil
        topologyVersion += 1
        if let owner = queue.declaration.owner { core.connection(owner)?.exclusiveQueues.removeAll { $0 === queue } }
        if queue.isStored { core.journal?.declare(.queueDeleted(number: queue.store.number)) }
        queue.wasDeleted()
        remove(queue.bindings)
    }

    // MARK: Bindings

    /// Binding twice is binding once.
    func bind(_ source: Exchange, to destination: Destination, key: ShortString, arguments: FieldTable) {
        guard source.binding(to: destination, key: key, arguments: arguments) == nil else { return }
        let binding = Binding(source: source, destination: destination, key: key, arguments: arguments)
        attach(binding)
        if binding.isDurable { core.journal?.declare(.bound(description(of: binding))) }
    }

    /// Puts a binding in its place at both ends.
    func attach(_ binding: Binding) {
        lastBindingOrder += 1
        binding.order = lastBindingOrder
        binding.source.add(binding)
        switch binding.destination {
        case .queue(let queue): queue.bindings.append(binding)
        case .exchange(let exchange): exchange.incoming.append(binding)
        }
        topologyVersion += 1
    }

    func unbind(_ source: Exchange, from destination: Destination, key: ShortString, arguments: FieldTable) {
        guard let binding = source.binding(to: destination, key: key, arguments: arguments) else { return }
        if binding.isDurable { core.journal?.declare(.unbound(description(of: binding))) }
        remove([binding])
    }

    /// Removes bindings, then the auto-delete exchanges that have lost their last one by it, and so on.
    private func remove(_ bindings: [Binding]) {
        var pending = bindings
        while let binding = pending.popLast() {
            let source = binding.source
            source.remove(binding)
            detach(binding)
            topologyVersion += 1
            if source.declaration.autoDelete, source.bindingCount == 0, exchanges[source.name] === source {
                exchanges[source.name] = nil
                noteDeletion(of: source)
                pending += source.incoming
            }
        }
    }

    /// Its bindings go with it in the log too.
    private func noteDeletion(of exchange: Exchange) {
        if exchange.isStored { core.journal?.declare(.exchangeDeleted(virtualHost: name, name: exchange.name)) }
    }

    /// Takes a binding off its destination.
    private func detach(_ binding: Binding) {
        switch binding.destination {
        case .queue(let queue): queue.bindings.removeAll { $0 === binding }
        case .exchange(let exchange): exchange.incoming.removeAll { $0 === binding }
        }
    }

    /// Lets go of everything, without a word to anybody: its core is no more.
    func dissolve() {
        for exchange in exchanges.values { exchange.dissolve() }
        for queue in queues.values { queue.dissolve() }
    }
}
