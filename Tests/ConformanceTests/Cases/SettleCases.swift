import AMQPWire
import Testing

@Suite("Acknowledging and rejecting") struct SettleCases {
    @Test(
        "What comes back is marked as redelivered",
        .proves(
            "settle.requeued-is-redelivered", ["domain.redelivered/implementation", "rabbitmq/basic.nack/requeue-true"])
    )
    func requeuedIsRedelivered() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue)
        channel.publish("task", to: "", queue)
        let first = try await channel.delivery()
        #expect(!first.redelivered)
        channel.nack(first, requeue: true)
        let second = try await channel.delivery()
        #expect(second.text == "task")
        #expect(second.redelivered)
    }

    @Test(
        "Acknowledging an unknown tag closes the channel",
        .proves("settle.ack-of-unknown-tag", ["basic.ack.multiple/exists"]))
    func ackOfUnknownTag() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(BasicAck(deliveryTag: 7), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "With a window of two the third message waits for an ack",
        .proves(
            "dispatch.window-limits-unacked",
            ["basic.qos.prefetch-count/01", "rabbitmq/consumer-prefetch/per-consumer"]))
    func windowLimitsUnacked() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(2)
        try await channel.consume(queue)
        for number in 1...3 { channel.publish("\(number)", to: "", queue) }
        let two = try await channel.deliveries(2)
        try await channel.barrier(behind: queue)
        #expect(channel.deliveriesSoFar().isEmpty, "a third message came although two are unacknowledged")
        channel.ack(two[0])
        #expect(try await channel.delivery().text == "3")
    }
}
