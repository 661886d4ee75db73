import AMQPWire
import BrokerCore

// What clients do to queues, exchanges and bindings.

extension Simulation {
    func declareQueue(_ actor: Actor) {
        let missing = queueKinds.filter { model.queues[$0.name] == nil }
        let kind = random.pick(missing.isEmpty || random.oneIn(4) ? queueKinds : missing)
        note("\(actor.channel.path) declares \(kind.name)")
        actor.send(
            QueueDeclare(
                queue: ShortString(truncating: kind.name), durable: kind.isDurable, autoDelete: kind.autoDelete,
                arguments: spoil(kind.arguments)))
        model.declare(kind, actor.channel)
    }

    func deleteQueue(_ actor: Actor) {
        guard let queue = pickQueue(actor) else { return }
        note("\(actor.channel.path) deletes \(queue.kind.name)")
        actor.send(QueueDelete(queue: ShortString(truncating: queue.kind.name)))
        // A stream says nothing of what was in it.
        actor.expect(QueueDeleteOk.id, queue.ready.count)
        model.delete(queue)
    }

    func purge(_ actor: Actor) {
        guard let queue = pickQueue(actor) else { return }
        // It would cost the whole connection.
        if queue.kind.isStream { return read(queue, actor) }
        note("\(actor.channel.path) purges \(queue.kind.name)")
        actor.send(QueuePurge(queue: ShortString(truncating: queue.kind.name)))
        model.purge(queue, actor.channel)
    }

    func declareExchange(_ actor: Actor) {
        let kind = random.pick(exchangeKinds)
        note("\(actor.channel.path) declares exchange \(kind.name)")
        actor.send(
            ExchangeDeclare(
                exchange: ShortString(truncating: kind.name), type: ShortString(truncating: kind.type),
                durable: kind.isDurable, arguments: spoil(kind.arguments)))
        model.declare(kind, actor.channel)
    }

    func deleteExchange(_ actor: Actor) {
        guard let exchange = model.exchanges[random.pick(exchangeKinds).name],
            !exchange.kind.name.hasPrefix("amq.")
        else { return declareExchange(actor) }
        note("\(actor.channel.path) deletes exchange \(exchange.kind.name)")
        actor.send(ExchangeDelete(exchange: ShortString(truncating: exchange.kind.name)))
        model.delete(exchange)
        actor.expect(ExchangeDeleteOk.id)
    }

    func bind(_ actor: Actor) {
        guard let exchange = model.exchanges[random.pick(exchangeKinds).name] else { return declareExchange(actor) }
        let kind = random.pick(exchange.kind.bindings)
        let end: ModelBinding.End
        if let name = exchange.kind.next, random.oneIn(3) {
            guard let next = model.exchanges[name] else { return declareExchange(actor) }
            end = .exchange(next)
        } else {
            guard let queue = pickQueue(actor), queue.kind.isBound else { return }
            end = .queue(queue)
        }
        if model.mayComeBack(exchange, end, kind) { return }
        note("\(actor.channel.path) binds \(end.name) to \(exchange.kind.name) \(kind)")
        model.bind(exchange, to: end, kind, actor.channel)
        var isLost = false
        let (name, key) = (ShortString(truncating: end.name), ShortString(truncating: kind.key))
        switch (end, defect) {
        case (.queue, .losesABinding): isLost = random.oneIn(10)
        case (.exchange, .losesAnExchangeBinding): isLost = true
        default: break
        }
        // To another place.
        let source = isLost ? "amq.fanout" : ShortString(truncating: exchange.kind.name)
        switch end {
        case .queue: actor.send(QueueBind(queue: name, exchange: source, routingKey: key, arguments: kind.arguments))
        case .exchange:
            actor.send(
                ExchangeBind(destination: name, source: source, routingKey: key, arguments: kind.arguments))
        }
    }

    func unbind(_ actor: Actor) {
        guard !model.bindings.isEmpty else { return bind(actor) }
        let binding = random.pick(model.bindings)
        note("\(actor.channel.path) unbinds \(binding.end.name) from \(binding.exchange.kind.name) \(binding.kind)")
        let source = ShortString(truncating: binding.exchange.kind.name)
        let (name, key) = (ShortString(truncating: binding.end.name), ShortString(truncating: binding.kind.key))
        model.unbind { $0 === binding }
        switch binding.end {
        case .queue:
            actor.send(QueueUnbind(queue: name, exchange: source, routingKey: key, arguments: binding.kind.arguments))
            actor.expect(QueueUnbindOk.id)
        case .exchange:
            actor.send(
                ExchangeUnbind(destination: name, source: source, routingKey: key, arguments: binding.kind.arguments))
            actor.expect(ExchangeUnbindOk.id)
        }
    }
}
