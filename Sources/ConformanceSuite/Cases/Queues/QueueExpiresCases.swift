import AMQPWire
import Testing

@Suite("Queues that go when nobody uses them") struct QueueExpiresCases {
    @Test(
        "A queue that nobody uses goes after x-expires, and not before",
        .proves(
            "expires.unused", ["rabbitmq/queue-expires/unused", "rabbitmq/queue-expires/not-before"], needs: [.quiet]))
    func unused() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-expires": 700])
        let other = try await channel.declareQueue()
        try await elapse(milliseconds: 300)
        // Purging needs the queue to be there, and does not count as use.
        expect(try await channel.outcome(of: QueuePurge(queue: queue)), .ok)
        try await elapse(milliseconds: 400)
        #expect(try await channel.exists(queue: other))
        #expect(try await !channel.exists(queue: queue))
    }

    @Test(
        "A consumer keeps the queue",
        .proves("expires.consumer-holds", ["rabbitmq/queue-expires/consumer-holds"], needs: [.quiet]))
    func consumerHolds() async throws {
        let channel = try await Probe.openChannel()
        // Long enough for the consumer to come, wherever the broker runs.
        let queue = try await channel.declareQueue(arguments: ["x-expires": 700])
        let tag = try await channel.consume(queue)
        try await elapse(milliseconds: 1000)
        expect(try await channel.outcome(of: QueuePurge(queue: queue)), .ok)
        try await channel.cancel(tag)
        try await elapse(milliseconds: 700)
        #expect(try await !channel.exists(queue: queue))
    }

    @Test(
        "A fetch counts as use", .proves("expires.get-renews", ["rabbitmq/queue-expires/get-renews"], needs: [.quiet]))
    func getRenews() async throws {
        try await isRenewed { channel, queue in _ = try await channel.get(queue) }
    }

    @Test(
        "A redeclare counts as use",
        .proves("expires.redeclare-renews", ["rabbitmq/queue-expires/redeclare-renews"], needs: [.quiet]))
    func redeclareRenews() async throws {
        try await isRenewed { channel, queue in
            let declare = QueueDeclare(queue: queue, exclusive: true, arguments: ["x-expires": 700])
            _ = try await channel.call(declare, QueueDeclareOk.self)
        }
    }

    @Test(
        "A passive declare counts as use",
        .proves("expires.passive-renews", ["rabbitmq/queue-expires/redeclare-renews"], needs: [.quiet]))
    func passiveRenews() async throws {
        try await isRenewed { channel, queue in
            _ = try await channel.call(QueueDeclare(queue: queue, passive: true), QueueDeclareOk.self)
        }
    }

    /// Uses a queue of 700 ms after 400 ms: after 800 ms it has to be there.
    private func isRenewed(
        _ use: (ProbeChannel, ShortString) async throws -> Void
    ) async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-expires": 700])
        try await elapse(milliseconds: 400)
        try await use(channel, queue)
        try await elapse(milliseconds: 400)
        expect(try await channel.outcome(of: QueuePurge(queue: queue)), .ok)
    }

    @Test(
        "An x-expires that is zero, negative or no integer fails the declare",
        .proves("expires.bad-argument", ["rabbitmq/queue-expires/zero"]))
    func badArgument() async throws {
        let channel = try await Probe.openChannel()
        for value in [0, -1, "100"] as [FieldValue] {
            let declare = QueueDeclare(queue: unique("queue"), exclusive: true, arguments: ["x-expires": value])
            try await channel.send(declare, expecting: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "Messages that arrive, or wait, do not count as use",
        .proves("expires.publish-is-no-use", ["rabbitmq/queue-expires/publish-does-not-renew"], needs: [.quiet]))
    func publishIsNoUse() async throws {
        let channel = try await Probe.openChannel()
        // The message has to come before the end, and the end before what would be a new one.
        let queue = try await channel.declareQueue(arguments: ["x-expires": 800])
        try await elapse(milliseconds: 400)
        channel.publish("waits", to: "", queue)
        try await channel.barrier()
        try await elapse(milliseconds: 400)
        #expect(try await !channel.exists(queue: queue))
    }

    @Test(
        "Messages of an expired queue are not dead-lettered",
        .proves("expires.no-dead-letters", ["rabbitmq/queue-expires/no-dead-letter"], needs: [.quiet]))
    func noDeadLetters() async throws {
        let letters = try await DeadLetters.open(["x-expires": 700])
        letters.publish("goes with its queue")
        try await letters.channel.barrier(behind: letters.queue)
        try await elapse(milliseconds: 700)
        // On a channel of its own, because the close would take the consumer along.
        let other = try await letters.channel.probe.openChannel()
        #expect(try await !other.exists(queue: letters.queue))
        letters.channel.publish("the marker", to: "", letters.dead)
        #expect(try await letters.next().text == "the marker")
    }

    @Test(
        "Many queues that are deleted before they expire take nobody else's time with them",
        .proves(
            "expires.beside-many-deleted-queues",
            ["rabbitmq/queue-expires/unused", "rabbitmq/dead-letter/expired"]))
    func besideManyDeletedQueues() async throws {
        let channel = try await Probe.openChannel()
        let (exchange, grave) = try await channel.declareFanoutAndQueue()
        let dying = try await channel.declareQueue(
            arguments: ["x-message-ttl": 700, "x-dead-letter-exchange": .longString(exchange.octets)])
        let leased = try await channel.declareQueue(exclusive: false, arguments: ["x-expires": 700])
        channel.publish("expired", to: "", dying)
        for _ in 1...100 {
            let queue = try await channel.declareQueue(arguments: ["x-expires": 600_000])
            channel.send(QueueDelete(queue: queue, noWait: true))
        }
        try await channel.barrier()
        try await elapse(milliseconds: 700)
        try await channel.awaitReady(1, in: grave)
        #expect(try await channel.drain(grave) == ["expired"])
        #expect(try await !channel.exists(queue: leased))
    }
}
