import AMQPWire
import Testing

/// What a restart has to remember of things that changed, and the second one too.
@Suite("Restarts: several things at once") struct CombinedRestartCases {
    private static let persistent = BasicProperties(deliveryMode: 2)

    /// A durable queue for everybody.
    private func declareQueue(_ channel: ProbeChannel) async throws -> ShortString {
        try await channel.declareQueue(unique("durable"), durable: true, exclusive: false)
    }

    @Test(
        "A durable queue stays bound to the exchanges that every broker has, over two restarts",
        .proves(
            "durability.bound-to-predeclared", ["queue.bind/durable-exchange", "rabbitmq/restart/second"],
            needs: [.restart]))
    func boundToPredeclared() async throws {
        let before = try await Probe.openChannel()
        let queue = try await declareQueue(before)
        let exchanges: [ShortString] = ["amq.direct", "amq.fanout", "amq.topic", "amq.headers", "amq.match"]
        let key = unique("key")
        let arguments: FieldTable = ["only": .longString(key.octets)]
        for exchange in exchanges { try await before.bind(queue, to: exchange, key, arguments: arguments) }
        // Taken again, so that there is something in the log that a start need not keep.
        before.publish(String(repeating: "x", count: 5_000), to: "", queue, Self.persistent)
        _ = try #require(try await before.get(queue))
        for restart in 1...2 {
            try await restartBroker()
            let after = try await Probe.openChannel()
            for exchange in exchanges {
                after.publish(exchange.text, to: exchange, key, BasicProperties(headers: arguments))
            }
            #expect(try await after.drain(queue) == exchanges.map(\.text), "after restart \(restart)")
            try await after.probe.close()
        }
    }

    @Test(
        "A binding that was made, removed and made again is there after a restart",
        .proves(
            "durability.bound-again", ["queue.bind/durable-exchange", "rabbitmq/restart/declarations"],
            needs: [.restart]))
    func boundAgain() async throws {
        let before = try await Probe.openChannel()
        let queue = try await declareQueue(before)
        let exchange = try await before.declareExchange("direct", durable: true)
        let source = try await before.declareExchange("direct", durable: true)
        let bind = ExchangeBind(destination: exchange, source: source, routingKey: "k")
        let unbind = ExchangeUnbind(destination: exchange, source: source, routingKey: "k")
        for _ in 1...2 {
            try await before.bind(queue, to: exchange, "k")
            _ = try await before.call(
                QueueUnbind(queue: queue, exchange: exchange, routingKey: "k"), QueueUnbindOk.self)
            _ = try await before.call(bind, ExchangeBindOk.self)
            _ = try await before.call(unbind, ExchangeUnbindOk.self)
        }
        try await before.bind(queue, to: exchange, "k")
        _ = try await before.call(bind, ExchangeBindOk.self)
        try await restartBroker()
        let after = try await Probe.openChannel()
        after.publish("direct", to: exchange, "k")
        after.publish("by way of the other", to: source, "k")
        #expect(try await after.drain(queue) == ["direct", "by way of the other"])
    }

    @Test(
        "A restart keeps the bindings of an exchange that was deleted and declared again, and not those of the first",
        .proves(
            "durability.bound-to-a-second", ["queue.bind/durable-exchange", "rabbitmq/restart/declarations"],
            needs: [.restart]))
    func boundToASecond() async throws {
        let before = try await Probe.openChannel()
        let queue = try await declareQueue(before)
        let exchange = try await before.declareExchange("direct", durable: true)
        for key: ShortString in ["k", "first"] { try await before.bind(queue, to: exchange, key) }
        _ = try await before.call(ExchangeDelete(exchange: exchange), ExchangeDeleteOk.self)
        try await before.declareExchange("direct", exchange, durable: true)
        try await before.bind(queue, to: exchange, "k")
        try await restartBroker()
        let after = try await Probe.openChannel()
        for key in ["k", "first"] { after.publish(key, to: exchange, ShortString(truncating: key)) }
        #expect(try await after.drain(queue) == ["k"])
    }

    @Test(
        "A persistent message that a waiting consumer was handed at once and never acknowledged is there after a kill",
        .proves(
            "durability.handed-out-at-once",
            ["rabbitmq/publisher-confirms/persistent-after-disk", "domain.redelivered/implementation"],
            needs: [.kill]))
    func handedOutAtOnce() async throws {
        let before = try await Probe.openChannel()
        let queue = try await declareQueue(before)
        // RabbitMQ 3.10.8, killed within moments of a queue's declare-ok, has now and then forgotten the queue itself.
        try await restartBroker()
        let consumer = try await Probe.openChannel()
        try await consumer.consume(queue)
        let publisher = try await Probe.openChannel()
        try await publisher.confirmSelect()
        for text in ["held", "returned", "held again"] { publisher.publish(text, to: "", queue, Self.persistent) }
        let messages = try await consumer.deliveries(3)
        consumer.nack(messages[1])
        _ = try await consumer.delivery()
        var confirmed: UInt64 = 0
        while confirmed < 3 {
            let confirm = try await publisher.confirm()
            confirmed = confirm.multiple ? confirm.tag : confirmed + 1
        }
        try await killBroker()
        let after = try await Probe.openChannel()
        #expect(try await after.drain(queue).sorted() == ["held", "held again", "returned"])
    }
}
