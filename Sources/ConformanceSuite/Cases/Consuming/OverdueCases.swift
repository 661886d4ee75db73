import AMQPWire
import Testing

@Suite("A limit for lingering acknowledgements: what quorum queues do") struct OverdueCases {
    /// A consumer of a quorum queue, and so many messages that it holds.
    private func holding(
        _ texts: [String], _ queueArguments: FieldTable = [:], _ consumerArguments: FieldTable = [:],
        isTold: Bool = true
    ) async throws -> (channel: ProbeChannel, queue: ShortString, held: [Received]) {
        let probe = isTold ? try await Probe.connect() : try await Probe.connect { $0.capabilities = [:] }
        // Its connection has another channel to show that it lives.
        let channel = try await probe.openChannel()
        _ = try await probe.openChannel()
        let queue = try await channel.declareQuorumQueue(queueArguments)
        for text in texts { channel.publish(text, to: "", queue) }
        try await channel.consume(queue, tag: "slow", arguments: consumerArguments)
        return (channel, queue, try await channel.deliveries(texts.count))
    }

    /// Whether so many messages have come back, as they have from 4.3 on.
    private func haveComeBack(_ count: Int, to queue: ShortString, _ channel: ProbeChannel) async throws -> Bool {
        let ready = try await channel.counts(of: queue).messages
        expect(ready, spec: count, rabbitmq: 0, before: "4.3", "messages that have come back")
        return !isRabbitMQ(before: "4.3")
    }

    @Test(
        "A consumer of a quorum queue that holds a message for longer than x-consumer-timeout is cancelled",
        .proves(
            "consumer-timeout.cancels", ["rabbitmq/consumer-timeout/quorum-cancels"], needs: [.quorumQueues],
            rabbitmq: .before("4.3", "Nothing happens before the channel's next look, once a minute.")))
    func cancels() async throws {
        let (channel, queue, _) = try await holding(["held"], ["x-consumer-timeout": 500])
        try await elapse(milliseconds: 600)
        guard try await haveComeBack(1, to: queue, channel) else { return }
        let cancel = try await channel.receive(BasicCancel.self)
        #expect(cancel.consumerTag == "slow" && cancel.noWait)
        let message = try #require(try await channel.get(queue))
        #expect(message.redelivered)
        #expect(message.headers["x-delivery-count"] == nil, "it has not failed")
    }

    @Test(
        "Only what is overdue comes back; the rest may still be acknowledged",
        .proves(
            "consumer-timeout.only-overdue", ["rabbitmq/consumer-timeout/quorum-cancels"], needs: [.quorumQueues],
            rabbitmq: .before("4.3", "Nothing happens before the channel's next look, once a minute.")))
    func onlyOverdue() async throws {
        let (channel, queue, _) = try await holding(["early"], ["x-consumer-timeout": 5000])
        // Seconds lie between one and the other: a broker with a clock of its own may be kept waiting.
        try await elapse(milliseconds: 2000)
        channel.publish("late", to: "", queue)
        let late = try await channel.delivery()
        try await elapse(milliseconds: 3010)
        guard try await haveComeBack(1, to: queue, channel) else { return }
        channel.ack(late)
        #expect(try await channel.drainWhole(queue) == ["early"])
    }

    @Test(
        "An acknowledgement that comes too late is let pass, once",
        .proves(
            "consumer-timeout.late-ack", ["rabbitmq/consumer-timeout/late-ack"], needs: [.quorumQueues],
            rabbitmq: .before("4.3", "Nothing happens before the channel's next look, once a minute.")))
    func lateAck() async throws {
        let (channel, queue, held) = try await holding(["held"], ["x-consumer-timeout": 500])
        try await elapse(milliseconds: 600)
        guard try await haveComeBack(1, to: queue, channel) else { return }
        _ = try await channel.receive(BasicCancel.self)
        channel.ack(held[0])
        try await channel.barrier(behind: queue)
        try await channel.expectReady(1, in: queue)
        channel.ack(held[0])
        expect(try await channel.outcome(cause: BasicAck.id), .channelClose(.preconditionFailed))
    }

    @Test(
        "A consumer's own timeout counts more than its queue's",
        .proves(
            "consumer-timeout.of-the-consumer", ["rabbitmq/consumer-timeout/consumer-argument"], needs: [.quorumQueues],
            rabbitmq: .before("4.3", "It means nothing.")))
    func ofTheConsumer() async throws {
        let short: FieldTable = ["x-consumer-timeout": 400]
        let long: FieldTable = ["x-consumer-timeout": 600_000]
        let (channel, queue, _) = try await holding(["held"], long, short)
        let (patient, other, _) = try await holding(["held"], short, long)
        try await elapse(milliseconds: 500)
        _ = try await haveComeBack(1, to: queue, channel)
        try await patient.expectReady(0, in: other)
    }

    @Test(
        "A fetched message of a quorum queue that is held for too long closes its channel",
        .proves(
            "consumer-timeout.fetched-from-quorum", ["rabbitmq/consumer-timeout/quorum-fetched"],
            needs: [.quorumQueues],
            rabbitmq: .before("4.3", "Nothing happens before the channel's next look, once a minute.")))
    func fetchedFromQuorum() async throws {
        let channel = try await Probe.connect().openChannel()
        _ = try await channel.probe.openChannel()
        let queue = try await channel.declareQuorumQueue(["x-consumer-timeout": 500])
        channel.publish(1...2, toQueue: queue)
        _ = try await channel.hold(2, of: queue)
        try await elapse(milliseconds: 600)
        expect(try await channel.outcome(), .channelClose(.preconditionFailed), rabbitmq: .ok, before: "4.3")
        if isRabbitMQ(before: "4.3") { return }
        #expect(try await channel.drainWhole(queue) == ["1", "2"])
    }

    @Test(
        "A client that can't be told of a cancel loses its channel instead",
        .proves(
            "consumer-timeout.without-notice", ["rabbitmq/consumer-timeout/quorum-fetched"], needs: [.quorumQueues],
            rabbitmq: .before("4.3", "Nothing happens before the channel's next look, once a minute.")))
    func withoutNotice() async throws {
        let (channel, queue, _) = try await holding(["held"], ["x-consumer-timeout": 500], isTold: false)
        try await elapse(milliseconds: 600)
        expect(try await channel.outcome(), .channelClose(.preconditionFailed), rabbitmq: .ok, before: "4.3")
        if isRabbitMQ(before: "4.3") { return }
        #expect(try await channel.drainWhole(queue) == ["held"])
    }

    @Test(
        "consumer-timeout of a policy holds, and of it and the queue's argument the smaller",
        .proves(
            "consumer-timeout.of-a-policy", ["rabbitmq/consumer-timeout/policy"], needs: [.quorumQueues, .policies],
            rabbitmq: .before("4.3", "Nothing happens before the channel's next look; 3.10 has no such key.")))
    func ofAPolicy() async throws {
        for (policy, argument) in [(400, nil), (400, 600_000), (600_000, 400)] as [(Int32, Int32?)] {
            let (channel, name) = (try await Probe.openChannel(), unique("quorum"))
            if !isRabbitMQ(before: "4.0") {
                try await setPolicy(["consumer-timeout": .int32(policy)], on: exactly(name))
            }
            var arguments: FieldTable = ["x-queue-type": "quorum"]
            if let argument { arguments["x-consumer-timeout"] = .int32(argument) }
            try await channel.declareQueue(name, durable: true, exclusive: false, arguments: arguments)
            channel.publish("held", to: "", name)
            try await channel.consume(name, tag: "slow")
            _ = try await channel.delivery()
            try await elapse(milliseconds: 500)
            if !isRabbitMQ(before: "4.3") {
                let cancel = try await channel.receive(BasicCancel.self)
                #expect(cancel.consumerTag == "slow", "\(policy), \(argument ?? 0)")
                continue
            }
            try await channel.barrier()
            let arrived = channel.probe.arrived(on: channel.number)
            expect(
                arrived.contains { $0.method?.id == BasicCancel.id }, spec: true, rabbitmq: false, before: "4.3",
                "cancelled:")
        }
    }

    @Test(
        "A delivery that is not settled in the time that its queue or a policy says closes its channel",
        .proves(
            "consumer-timeout.of-a-queue", ["rabbitmq/consumer-timeout/queue-argument"],
            needs: [.movableClock, .policies],
            rabbitmq: .before("4.0", "It means nothing.").from("4.3", "It is for quorum queues alone.")))
    func ofAQueue() async throws {
        for (argument, policy) in [(300_000, nil), (nil, 300_000), (3_000_000, 300_000)] as [(Int32?, Int32?)] {
            if argument != nil, isRabbitMQ(from: "4.3") { continue }
            if policy != nil, isRabbitMQ(before: "4.0") { continue }
            let channel = try await Probe.connect { $0.heartbeat = 0 }.openChannel()
            _ = try await channel.probe.openChannel()
            let name = unique("queue")
            if let policy { try await setPolicy(["consumer-timeout": .int32(policy)], on: exactly(name)) }
            try await channel.declareQueue(name, arguments: argument.map { ["x-consumer-timeout": .int32($0)] } ?? [:])
            channel.publish("held", to: "", name)
            try await channel.consume(name)
            _ = try await channel.delivery()
            try await elapse(milliseconds: 4 * 60_000)
            try await channel.barrier()
            try await elapse(milliseconds: 2 * 60_000)
            let outcome = try await channel.outcome()
            if isRabbitMQ(before: "4.0") || isRabbitMQ(from: "4.3") {
                expect(outcome, .channelClose(.preconditionFailed), rabbitmq: .ok)
            } else {
                expect(outcome, .channelClose(.preconditionFailed))
            }
        }
    }
}
