import AMQPWire
import Testing

/// RabbitMQ's message tracing, seen by somebody who may not switch it on.
@Suite("Firehose") struct FirehoseCases {
    @Test(
        "amq.rabbitmq.trace is there, a topic exchange",
        .proves("firehose.exchange", ["rabbitmq/firehose/exchange"]))
    func exchange() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            ExchangeDeclare(exchange: "amq.rabbitmq.trace", type: "topic", durable: true, internal: true),
            expecting: .ok)
    }

    @Test(
        "Clients may bind to amq.rabbitmq.trace, and not publish to it",
        .proves("firehose.internal", ["rabbitmq/firehose/exchange-internal"]))
    func isInternal() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: "amq.rabbitmq.trace", "#")
        channel.publish("forged", to: "amq.rabbitmq.trace", "publish.forged")
        expect(try await channel.outcome(cause: BasicPublish.id), .channelClose(.accessRefused))
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "Nothing arrives at amq.rabbitmq.trace unless tracing is switched on",
        .proves("firehose.off", ["rabbitmq/firehose/off-by-default"]))
    func off() async throws {
        let channel = try await Probe.openChannel()
        let traced = try await channel.declareQueue()
        try await channel.bind(traced, to: "amq.rabbitmq.trace", "#")
        let queue = try await channel.declareQueue()
        channel.publish("hello", to: "", queue)
        #expect(try await channel.drain(queue) == ["hello"])
        #expect(try await channel.drain(traced) == [])
    }

    @Test(
        "A restart switches tracing off",
        .proves("firehose.off-after-a-restart", ["rabbitmq/firehose/off-by-default"], needs: [.admin, .restart]))
    func offAfterARestart() async throws {
        let before = try await Probe.openChannel()
        let traced = try await before.declareQueue(durable: true, exclusive: false)
        try await before.bind(traced, to: "amq.rabbitmq.trace", "publish.amq.fanout")
        try await administer("trace_on")
        let witness = try await Probe.openChannel()
        witness.publish("while it is on", to: "amq.fanout")
        try await witness.barrier()
        #expect(try await witness.drain(traced) == ["while it is on"])
        try await restartBroker()
        let after = try await Probe.openChannel()
        after.publish("after the restart", to: "amq.fanout")
        try await after.barrier()
        #expect(try await after.drain(traced) == [])
    }
}
