import AMQPWire
import BrokerCore

// What clients do to queues, exchanges and bindings.

extension Simulation {
    func declareQueue(_ actor: Actor) {
        let missing = QueueKind.all.filter { model.queues[$0.name] == nil }
        let kind = random.pick(missing.isEmpty || random.oneIn(4) ? QueueKind.all : missing)
        note("\(actor.channel.path) declares \(kind.name)")
        actor.send(
            QueueDeclare(
                queue: ShortString(truncating: kind.name), durable: kind.isDurable, autoDelete: kind.autoDelete,
                arguments: kind.arguments))
        model.declare(kind, actor.channel)
    }

    func deleteQueue(_ actor: Actor) {
        guard let queue = pickQueue(actor) else { return }
        note("\(actor.channel.path) deletes \(queue.kind.name)")
        actor.send(QueueDelete(queue: ShortString(truncating: queue.kind.name)))
        actor.expect(QueueDeleteOk.id, queue.ready.count)
        model.delete(queue)
    }

    func purge(_ actor: Actor) {
        guard let queue = pickQueue(actor) else { return }
        note("\(actor.channel.path) purges \(queue.kind.name)")
        actor.send(QueuePurge(queue: ShortString(truncating: queue.kind.name)))
        model.purge(queue, actor.channel)
    }

    func declareExchange(_ actor: Actor) {
        let kind = random.pick(ExchangeKind.all)
        note("\(actor.channel.path) declares exchange \(kind.name)")
        actor.send(
            ExchangeDeclare(
                exchange: ShortString(truncating: kind.name), type: ShortString(truncating: kind.type),
                durable: kind.isDurable))
        model.declare(kind, actor.channel)
    }

    func deleteExchange(_ actor: Actor) {
        guard let exchange = model.exchanges[random.pick(ExchangeKind.all).name],
            !exchange.kind.name.hasPrefix("amq.")
        else { return declareExchange(actor) }
        note("\(actor.channel.path) deletes exchange \(exchange.kind.name)")
        actor.send(ExchangeDelete(exchange: ShortString(truncating: exchange.kind.name)))
        model.delete(exchange)
        actor.expect(ExchangeDeleteOk.id)
    }

    /// The exchange x is where queue g's dead letters go. Of the queues that are bound to it none gets dead letters of
    /// another queue's: which of two that expire in the same millisecond is first is not for a model to know.
    private static let boundToX = ["a", "b", "f", "h"]

    func bind(_ actor: Actor) {
        guard let queue = pickQueue(actor), let exchange = model.exchanges[random.pick(ExchangeKind.all).name],
            exchange.kind.name != "x" || Self.boundToX.contains(queue.kind.name)
        else { return declareExchange(actor) }
        let key = random.pick(exchange.kind.keys)
        note("\(actor.channel.path) binds \(queue.kind.name) to \(exchange.kind.name) \(key)")
        if defect == .losesABinding, random.oneIn(10) {
            actor.expect(QueueBindOk.id)
        } else {
            actor.send(
                QueueBind(
                    queue: ShortString(truncating: queue.kind.name),
                    exchange: ShortString(truncating: exchange.kind.name), routingKey: ShortString(truncating: key)))
        }
        model.bind(queue, to: exchange, key, actor.channel)
    }

    func unbind(_ actor: Actor) {
        guard !model.bindings.isEmpty else { return bind(actor) }
        let binding = random.pick(model.bindings)
        note("\(actor.channel.path) unbinds \(binding.queue.kind.name) from \(binding.exchange.kind.name)")
        actor.send(
            QueueUnbind(
                queue: ShortString(truncating: binding.queue.kind.name),
                exchange: ShortString(truncating: binding.exchange.kind.name),
                routingKey: ShortString(truncating: binding.key)))
        model.unbind { $0 === binding }
        actor.expect(QueueUnbindOk.id)
    }
}
