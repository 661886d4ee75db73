import AMQPWire
import Testing

@Suite("What a restart leaves") struct DurabilityCases {
    @Test(
        "A durable queue and the persistent messages in it survive a restart",
        .proves(
            "durability.persistent-message-survives", ["queue.declare.durable/persistence", "basic/01"],
            needs: [.restart]))
    func persistentMessageSurvives() async throws {
        let (before, queue) = try await open()
        try await publish(before, queue, ["persistent"], transient: ["transient"])
        try await restartBroker()
        let after = try await Probe.openChannel()
        #expect(try await after.exists(queue: queue))
        #expect(try await after.drain(queue) == ["persistent"])
    }

    @Test(
        "Messages come back whole and in order",
        .proves("durability.whole-and-in-order", ["basic/01"], needs: [.restart]))
    func wholeAndInOrder() async throws {
        let (before, queue) = try await open()
        let properties = BasicProperties(
            contentType: "text/plain", headers: ["CC": ["copy"], "number": 1], deliveryMode: 2, priority: 3,
            correlationID: "c", expiration: "600000", messageID: "m", timestamp: 4)
        before.publish("first", to: "", queue, properties)
        try await publish(before, queue, ["second", "third"])
        try await restartBroker()
        let after = try await Probe.openChannel()
        let first = try #require(try await after.get(queue))
        #expect(first.text == "first")
        #expect(first.properties == properties)
        #expect(first.routingKey == queue)
        #expect(try await after.drain(queue) == ["second", "third"])
    }

    @Test(
        "An acknowledgement of many keeps what another channel holds between them",
        .proves("durability.acks-around-others", ["rabbitmq/restart/settled"], needs: [.restart]))
    func acksAroundOthers() async throws {
        let (before, queue) = try await open()
        let other = try await before.probe.openChannel()
        try await publish(before, queue, (1...7).map { "\($0)" })
        for number in 1...6 { _ = try await (number.isMultiple(of: 2) ? other : before).get(queue, noAck: false) }
        before.ack(try #require(try await before.get(queue, noAck: false)), multiple: true)
        try await before.barrier(behind: queue)
        try await restartBroker()
        #expect(try await Probe.openChannel().drain(queue) == ["2", "4", "6"])
    }

    @Test(
        "A transient queue, and an exclusive one that was declared durable, are gone",
        .proves(
            "durability.transient-queue-goes", ["queue.declare.durable/types", "queue.declare.exclusive/types"],
            needs: [.restart]))
    func transientQueueGoes() async throws {
        let before = try await Probe.openChannel()
        let transient = try await before.declareQueue(durable: false, exclusive: false)
        let exclusive = try await before.declareQueue(durable: true, exclusive: true)
        try await restartBroker()
        let after = try await Probe.openChannel()
        #expect(try await !after.exists(queue: transient))
        #expect(try await !after.exists(queue: exclusive))
    }

    @Test(
        "A durable exchange survives a restart, a transient one does not",
        .proves("durability.exchanges", ["exchange.declare.durable/support"], needs: [.restart]))
    func exchanges() async throws {
        let before = try await Probe.openChannel()
        let durable = try await before.declareExchange("topic", durable: true)
        let transient = try await before.declareExchange("topic")
        try await restartBroker()
        let after = try await Probe.openChannel()
        // With its type.
        try await after.send(ExchangeDeclare(exchange: durable, type: "topic", durable: true), expecting: .ok)
        #expect(try await !after.exists(exchange: transient))
    }

    @Test(
        "A binding between a durable exchange and a durable queue survives a restart",
        .proves("durability.binding", ["queue.bind/durable-exchange"], needs: [.restart]))
    func binding() async throws {
        let (before, queue) = try await open()
        let exchange = try await before.declareExchange("topic", durable: true)
        try await before.bind(queue, to: exchange, "orders.*")
        try await restartBroker()
        let after = try await Probe.openChannel()
        after.publish("bound", to: exchange, "orders.eu")
        after.publish("not bound", to: exchange, "offers.eu")
        #expect(try await after.drain(queue) == ["bound"])
    }

    @Test(
        "A binding between two durable exchanges survives a restart",
        .proves("durability.exchange-binding", ["rabbitmq/exchange-to-exchange/durable"], needs: [.restart]))
    func exchangeBinding() async throws {
        let (before, queue) = try await open()
        let source = try await before.declareExchange("direct", durable: true)
        let destination = try await before.declareExchange("fanout", durable: true)
        _ = try await before.call(
            ExchangeBind(destination: destination, source: source, routingKey: "key"), ExchangeBindOk.self)
        try await before.bind(queue, to: destination)
        try await restartBroker()
        let after = try await Probe.openChannel()
        after.publish("bound", to: source, "key")
        after.publish("not bound", to: source, "other")
        #expect(try await after.drain(queue) == ["bound"])
    }

    @Test(
        "An unacknowledged message is there again after the restart, marked as redelivered",
        .proves(
            "durability.unacknowledged-comes-back", ["basic/01", "domain.redelivered/implementation"],
            needs: [.restart]))
    func unacknowledgedComesBack() async throws {
        let (before, queue) = try await open()
        try await publish(before, queue, ["unacknowledged", "never delivered"])
        #expect(try await before.get(queue, noAck: false)?.text == "unacknowledged")
        try await restartBroker()
        let after = try await Probe.openChannel()
        let messages = try await [after.get(queue), after.get(queue)].compactMap(\.self)
        #expect(messages.map(\.text) == ["unacknowledged", "never delivered"])
        #expect(messages.first?.redelivered == true)
        if messages.last?.redelivered == true { inform("what was never delivered is marked as redelivered, too") }
    }

    @Test(
        "A message acknowledged before the restart does not come back",
        .proves("durability.acknowledged-stays-gone", ["basic/01"], needs: [.restart]))
    func acknowledgedStaysGone() async throws {
        let (before, queue) = try await open()
        try await publish(before, queue, ["acknowledged", "kept"])
        before.ack(try #require(try await before.get(queue, noAck: false)))
        try await before.expectReady(1, in: queue)
        try await restartBroker()
        let after = try await Probe.openChannel()
        #expect(try await after.drain(queue) == ["kept"])
    }

    @Test(
        "A persistent message that was confirmed is there after a kill",
        .proves(
            "durability.confirmed-survives-a-kill", ["rabbitmq/publisher-confirms/persistent-after-disk"],
            needs: [.kill]))
    func confirmedSurvivesAKill() async throws {
        let queue = try await openSettled()
        let before = try await Probe.openChannel()
        let texts = (1...50).map { "\($0)" }
        try await publish(before, queue, texts)
        try await killBroker()
        let after = try await Probe.openChannel()
        #expect(try await after.drain(queue) == texts)
    }

    @Test(
        "A message committed in a transaction is there after a kill",
        .proves("durability.committed-survives-a-kill", ["basic/01"], needs: [.kill]))
    func committedSurvivesAKill() async throws {
        let queue = try await openSettled()
        let before = try await Probe.openChannel()
        _ = try await before.call(TxSelect(), TxSelectOk.self)
        before.publish("committed", to: "", queue, BasicProperties(deliveryMode: 2))
        _ = try await before.call(TxCommit(), TxCommitOk.self)
        before.publish("not committed", to: "", queue, BasicProperties(deliveryMode: 2))
        try await before.barrier()
        try await killBroker()
        let after = try await Probe.openChannel()
        #expect(try await after.drain(queue) == ["committed"])
    }

    @Test(
        "The time to live of a message passes while the broker is down, too",
        .proves("durability.expiry-goes-on", ["rabbitmq/message-ttl/queue-argument"], needs: [.restart]))
    func expiryGoesOn() async throws {
        let (before, queue) = try await open(["x-message-ttl": 500])
        try await publish(before, queue, ["ephemeral"])
        try await restartBroker()
        try await elapse(milliseconds: 500)
        let after = try await Probe.openChannel()
        #expect(try await after.drain(queue) == [])
    }

    @Test(
        "A deleted queue, and what was purged, stay gone",
        .proves("durability.deleted-stays-gone", ["queue.declare.durable/persistence"], needs: [.restart]))
    func deletedStaysGone() async throws {
        let (before, deleted) = try await open()
        let purged = try await before.declareQueue(durable: true, exclusive: false)
        for queue in [deleted, purged] {
            before.publish("gone", to: "", queue, BasicProperties(deliveryMode: 2))
        }
        _ = try await before.call(QueueDelete(queue: deleted), QueueDeleteOk.self)
        _ = try await before.call(QueuePurge(queue: purged), QueuePurgeOk.self)
        try await restartBroker()
        let after = try await Probe.openChannel()
        #expect(try await !after.exists(queue: deleted))
        #expect(try await after.drain(purged) == [])
    }

    @Test(
        "Messages that were put back and then purged stay gone",
        .proves("durability.purged-after-return", ["rabbitmq/restart/settled"], needs: [.restart]))
    func purgedAfterReturn() async throws {
        let (before, queue) = try await open()
        try await publish(before, queue, ["1", "2", "3"])
        for _ in 1...2 {
            let message = try #require(try await before.get(queue, noAck: false))
            before.reject(message)
            try await before.barrier(behind: queue)
        }
        #expect(try await before.call(QueuePurge(queue: queue), QueuePurgeOk.self).messageCount == 3)
        try await restartBroker()
        #expect(try await Probe.openChannel().drain(queue) == [])
    }

    @Test(
        "A message that expires while the broker is down is dead-lettered",
        .proves(
            "durability.expired-while-down", ["rabbitmq/restart/expiry", "rabbitmq/dead-letter/expired"],
            needs: [.restart]))
    func expiredWhileDown() async throws {
        let (before, dead) = try await open()
        let queue = try await before.declareQueue(
            unique("durable"), durable: true, exclusive: false,
            arguments: [
                "x-message-ttl": 900, "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": .longString(dead.octets),
            ])
        try await publish(before, queue, ["1", "2"])
        try await restartBroker(lasting: 1000)
        try await elapse(milliseconds: 1000)
        let after = try await Probe.openChannel()
        try await after.awaitReady(2, in: dead)
        #expect(try await after.drain(dead) == ["1", "2"])
    }

    /// A durable queue that has lived through a restart. These rules are about messages; RabbitMQ 3.10.8, killed within
    /// moments of a queue's declare-ok, has now and then forgotten the queue itself.
    private func openSettled() async throws -> ShortString {
        let (_, queue) = try await open()
        try await restartBroker()
        return queue
    }

    private func open(_ arguments: FieldTable = [:]) async throws -> (ProbeChannel, ShortString) {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(
            unique("durable"), durable: true, exclusive: false, arguments: arguments)
        return (channel, queue)
    }

    /// Publishes persistent and transient messages, and waits until all are confirmed.
    private func publish(
        _ channel: ProbeChannel, _ queue: ShortString, _ persistent: [String], transient: [String] = []
    ) async throws {
        try await channel.confirmSelect()
        for text in persistent { channel.publish(text, to: "", queue, BasicProperties(deliveryMode: 2)) }
        for text in transient { channel.publish(text, to: "", queue, BasicProperties(deliveryMode: 1)) }
        try await channel.awaitConfirms(1...UInt64(persistent.count + transient.count))
    }
}
