import AMQPWire
import Testing

@Suite("Passive declares") struct PassiveDeclareCases {
    @Test(
        "A passive declare of a missing queue closes the channel",
        .proves(
            "declare.passive-missing-queue", ["queue.declare.passive/passive", "rabbitmq/passive-declare/missing"]))
    func missingQueue() async throws {
        let channel = try await Probe.openChannel()
        let name = unique("missing")
        for _ in 1...2 {
            // Twice, so that the first one has not made it.
            try await channel.send(QueueDeclare(queue: name, passive: true), expecting: .channelClose(.notFound))
        }
    }

    @Test(
        "A passive declare of a missing exchange closes the channel",
        .proves(
            "declare.passive-missing-exchange",
            ["exchange.declare.passive/not-found", "rabbitmq/passive-declare/missing"]))
    func missingExchange() async throws {
        let channel = try await Probe.openChannel()
        let name = unique("missing")
        for _ in 1...2 {
            try await channel.send(
                ExchangeDeclare(exchange: name, passive: true), expecting: .channelClose(.notFound))
        }
    }

    @Test(
        "A passive declare of a queue looks at nothing but its name",
        .proves(
            "declare.passive-queue-otherwise",
            ["rabbitmq/passive-declare/other-fields-ignored", "queue.declare.passive/passive"]))
    func queueOtherwise() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: false)
        let declare = QueueDeclare(
            queue: queue, passive: true, durable: true, autoDelete: true, arguments: ["x-max-length": "ten"])
        #expect(try await channel.call(declare, QueueDeclareOk.self).queue == queue)
    }

    @Test(
        "A passive declare of an exchange looks at nothing but its name",
        .proves("declare.passive-exchange-otherwise", ["rabbitmq/passive-declare/other-fields-ignored"]))
    func exchangeOtherwise() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        try await channel.send(
            ExchangeDeclare(
                exchange: exchange, type: "topic", passive: true, durable: true, autoDelete: true, internal: true,
                arguments: ["alternate-exchange": 7]),
            expecting: .ok)
    }

    @Test(
        "A passive declare tells how many messages wait now",
        .proves("declare.passive-counts", ["rabbitmq/passive-declare/counts"]))
    func counts() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for number in 1...3 { channel.publish("\(number)", to: "", queue) }
        try await channel.barrier(behind: queue)
        #expect(
            try await channel.call(QueueDeclare(queue: queue, passive: true), QueueDeclareOk.self).messageCount == 3)
        _ = try await channel.drain(queue)
        try await channel.consume(queue)
        let ok = try await channel.call(QueueDeclare(queue: queue, passive: true), QueueDeclareOk.self)
        #expect(ok.messageCount == 0)
        #expect(ok.consumerCount == 1)
    }

    @Test(
        "With no-wait a passive declare that succeeds is silent",
        .proves("declare.passive-without-wait", ["rabbitmq/passive-declare/nowait"]))
    func withoutWait() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.send(QueueDeclare(queue: queue, passive: true, noWait: true))
        channel.send(ExchangeDeclare(exchange: "amq.direct", passive: true, noWait: true))
        channel.send(QueuePurge(queue: queue))
        #expect(try await channel.next().method?.id == QueuePurgeOk.id)
    }

    @Test(
        "With no-wait a passive declare that fails closes the channel all the same",
        .proves("declare.passive-without-wait-missing", ["rabbitmq/passive-declare/nowait"]))
    func withoutWaitMissing() async throws {
        let channel = try await Probe.openChannel()
        channel.send(QueueDeclare(queue: unique("missing"), passive: true, noWait: true))
        expect(try await channel.outcome(cause: QueueDeclare.id), .channelClose(.notFound))
    }

    @Test(
        "A passive declare makes the queue the one that an empty name stands for",
        .proves("declare.passive-sets-last-declared", ["rabbitmq/passive-declare/sets-last-declared"]))
    func setsLastDeclared() async throws {
        let channel = try await Probe.openChannel()
        let first = try await channel.declareQueue()
        try await channel.declareQueue()
        _ = try await channel.call(QueueDeclare(queue: first, passive: true), QueueDeclareOk.self)
        channel.publish("in the first", to: "", first)
        #expect(try await channel.get("")?.text == "in the first")
    }

    @Test(
        "A passive declare without a name finds nothing",
        .proves("declare.passive-without-name", ["rabbitmq/passive-declare/without-name"]))
    func withoutName() async throws {
        let channel = try await Probe.openChannel()
        try await channel.declareQueue()
        try await channel.send(QueueDeclare(passive: true), expecting: .channelClose(.notFound))
    }

    @Test(
        "A queue that is exclusive to another connection is locked even for a passive declare",
        .proves("declare.passive-exclusive-elsewhere", ["rabbitmq/passive-declare/exclusive-elsewhere"]))
    func exclusiveElsewhere() async throws {
        let queue = try await Probe.openChannel().declareQueue(exclusive: true)
        let stranger = try await Probe.openChannel()
        try await stranger.send(
            QueueDeclare(queue: queue, passive: true), expecting: .channelClose(.resourceLocked))
    }

    @Test(
        "A refusal is told even if its reason names something too long for the text",
        .proves("declare.long-reason", ["queue.declare.passive/passive"]))
    func longReason() async throws {
        let channel = try await Probe.openChannel()
        let name = ShortString(truncating: unique("queue").text + String(repeating: "x", count: 255))
        channel.send(QueueDeclare(queue: name, passive: true))
        expect(try await channel.outcome(cause: QueueDeclare.id), .channelClose(.notFound))
    }
}
