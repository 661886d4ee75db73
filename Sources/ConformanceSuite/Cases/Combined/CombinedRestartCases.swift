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
        try await publisher.awaitConfirms(1...3)
        try await killBroker()
        let after = try await Probe.openChannel()
        #expect(try await after.drain(queue).sorted() == ["held", "held again", "returned"])
    }

    @Test(
        "A queue that was deleted with many messages and declared again has after a restart what it got since",
        .proves(
            "durability.declared-again-while-messages-go", ["rabbitmq/restart/settled", "rabbitmq/restart/messages"],
            needs: [.restart]))
    func declaredAgainWhileMessagesGo() async throws {
        let before = try await Probe.openChannel()
        let queue = try await declareQueue(before)
        try await before.confirmSelect()
        for _ in 1...2 {
            for number in 1...600 { before.publish("\(number)", to: "", queue, Self.persistent) }
            try await before.awaitReady(600, in: queue)
            before.send(QueueDelete(queue: queue))
            before.send(QueueDeclare(queue: queue, durable: true))
            #expect(try await before.receive(QueueDeleteOk.self).messageCount == 600)
            #expect(try await before.receive(QueueDeclareOk.self).messageCount == 0)
        }
        before.publish("of today", to: "", queue, Self.persistent)
        try await before.awaitReady(1, in: queue)
        try await restartBroker()
        let after = try await Probe.openChannel()
        #expect(try await after.drain(queue) == ["of today"])
    }

    @Test(
        "Many messages that were purged from a quorum queue stay away after a restart",
        .proves(
            "quorum.many-purged", ["rabbitmq/quorum/purge", "rabbitmq/quorum/gone-for-good"],
            needs: [.quorumQueues, .restart]))
    func manyPurged() async throws {
        let before = try await Probe.openChannel()
        let queue = try await before.declareQuorumQueue()
        before.publish(1...600, toQueue: queue)
        try await before.awaitReady(600, in: queue)
        #expect(try await before.call(QueuePurge(queue: queue), QueuePurgeOk.self).messageCount == 600)
        try await before.confirmSelect()
        before.publish("behind", to: "", queue)
        #expect(try await before.confirm().isAck)
        try await restartBroker()
        let after = try await Probe.openChannel()
        try await after.awaitReady(1, in: queue)
        #expect(try await after.drainWhole(queue) == ["behind"])
    }

    @Test(
        "A durable queue whose messages have died can be deleted, and they are where they went, after a restart, too",
        .proves(
            "durability.deleted-behind-dead-letters", ["rabbitmq/dead-letter/rejected", "rabbitmq/restart/messages"],
            needs: [.restart]))
    func deletedBehindDeadLetters() async throws {
        let before = try await Probe.openChannel()
        let dead = try await declareQueue(before)
        let queue = try await before.declareQueue(
            unique("dying"), durable: true, exclusive: false,
            arguments: ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(dead.octets)])
        for number in 1...3 { before.publish("\(number)", to: "", queue, Self.persistent) }
        try await before.consume(queue)
        for message in try await before.deliveries(3) { before.reject(message, requeue: false) }
        try await before.awaitReady(3, in: dead)
        _ = try await before.call(QueueDelete(queue: queue), QueueDeleteOk.self)
        try await restartBroker()
        let after = try await Probe.openChannel()
        #expect(try await after.drain(dead) == ["1", "2", "3"])
        #expect(try await !after.exists(queue: queue))
    }

    @Test(
        "A message that was held when the broker was killed is given up by itself, if that was one failure too many",
        .proves("quorum.limit-at-a-kill", ["rabbitmq/quorum/limit-at-a-restart"], needs: [.quorumQueues, .kill]))
    func limitAtAKill() async throws {
        let before = try await Probe.openChannel()
        // A classic queue: a quorum queue may not be there yet when the letter comes, and RabbitMQ sends it at most once.
        let dead = try await declareQueue(before)
        let queue = try await before.declareQuorumQueue([
            "x-delivery-limit": 0, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(dead.octets),
        ])
        try await before.confirmSelect()
        before.publish("held", to: "", queue)
        try await before.awaitConfirms(1...1)
        // RabbitMQ writes down a moment later that there is such a queue.
        try await elapse(milliseconds: 2000)
        _ = try await before.hold(1, of: queue)
        before.publish("ready", to: "", queue)
        try await before.awaitConfirms(2...2)
        try await killBroker()
        let after = try await Probe.openChannel()
        try await after.awaitReady(1, in: dead)
        let letter = try #require(try await after.fetch(dead, noAck: true))
        #expect(letter.text == "held")
        #expect(letter.deaths.first?["reason"] == "delivery_limit")
        #expect(try await after.drainWhole(queue) == ["ready"])
    }
}
