import AMQPWire
import Testing

@Suite("A limit for lingering acknowledgements") struct ConsumerTimeoutCases {
    @Test(
        "x-consumer-timeout is an argument that a queue may have",
        .proves(
            "consumer-timeout.queue-argument", ["rabbitmq/consumer-timeout/queue-argument"],
            rabbitmq: .from("4.3", "It is an argument of quorum queues alone: 406.")))
    func queueArgument() async throws {
        let channel = try await Probe.openChannel()
        let queue = unique("queue")
        try await channel.send(
            QueueDeclare(queue: queue, exclusive: true, arguments: ["x-consumer-timeout": 60_000]), expecting: .ok,
            rabbitmq: .channelClose(.preconditionFailed), from: "4.3")
        if isRabbitMQ(from: "4.3") { return }
        channel.publish("taken", to: "", queue)
        try await channel.consume(queue)
        #expect(try await channel.delivery().text == "taken")
    }

    @Test(
        "x-consumer-timeout is an argument that a consumer may have",
        .proves(
            "consumer-timeout.consumer-argument", ["rabbitmq/consumer-timeout/consumer-argument"],
            rabbitmq: .from("4.3", "It is an argument for consumers of quorum queues alone: 406.")))
    func consumerArgument() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.send(
            BasicConsume(queue: queue, arguments: ["x-consumer-timeout": 60_000]), expecting: .ok,
            rabbitmq: .channelClose(.preconditionFailed), from: "4.3")
    }

    @Test(
        "A delivery that is not settled within half an hour closes its channel",
        .proves(
            "consumer-timeout.closes-the-channel", ["rabbitmq/consumer-timeout/closes-channel"],
            needs: [.movableClock], rabbitmq: .from("4.3", "Classic queues know no such limit.")))
    func closesTheChannel() async throws {
        let channel = try await holding("held")
        try await elapse(milliseconds: 29 * 60_000)
        try await channel.barrier()
        // It is looked at once a minute.
        try await elapse(milliseconds: 2 * 60_000)
        expect(try await channel.outcome(), .channelClose(.preconditionFailed), rabbitmq: .ok, from: "4.3")
    }

    @Test(
        "A message held for too long goes back to its queue",
        .proves(
            "consumer-timeout.requeues", ["rabbitmq/consumer-timeout/requeues"], needs: [.movableClock],
            rabbitmq: .from("4.3", "Classic queues know no such limit.")))
    func requeues() async throws {
        let queue = unique("queue")
        let channel = try await holding("held", from: queue)
        try await elapse(milliseconds: 31 * 60_000)
        expect(try await channel.outcome(), .channelClose(.preconditionFailed), rabbitmq: .ok, from: "4.3")
        if isRabbitMQ(from: "4.3") { return }
        let message = try #require(try await channel.get(queue))
        #expect(message.text == "held")
        #expect(message.redelivered)
    }

    @Test(
        "A fetched message that is not settled closes its channel after half an hour, too",
        .proves(
            "consumer-timeout.fetched", ["rabbitmq/consumer-timeout/closes-channel"], needs: [.movableClock],
            rabbitmq: .from("4.3", "Classic queues know no such limit.")))
    func fetched() async throws {
        let channel = try await Probe.connect { $0.heartbeat = 0 }.openChannel()
        _ = try await channel.probe.openChannel()
        let queue = try await channel.declareQueue()
        for text in ["settled", "held"] { channel.publish(text, to: "", queue) }
        channel.ack(try #require(try await channel.get(queue, noAck: false)))
        try await channel.barrier()
        try await elapse(milliseconds: 31 * 60_000)
        #expect(try await channel.get(queue, noAck: false)?.text == "held")
        try await elapse(milliseconds: 31 * 60_000)
        expect(try await channel.outcome(), .channelClose(.preconditionFailed), rabbitmq: .ok, from: "4.3")
    }

    /// A channel with a consumer that does not acknowledge.
    private func holding(_ text: String, from queue: ShortString = unique("queue")) async throws -> ProbeChannel {
        let channel = try await Probe.connect { $0.heartbeat = 0 }.openChannel()
        // The channel's number is opened again, and its connection has another channel to show that it lives.
        _ = try await channel.probe.openChannel()
        try await channel.declareQueue(queue)
        channel.publish(text, to: "", queue)
        try await channel.consume(queue)
        #expect(try await channel.delivery().text == text)
        return channel
    }
}
