import AMQPWire
import Testing

@Suite("A limit for lingering acknowledgements") struct ConsumerTimeoutCases {
    @Test(
        "x-consumer-timeout is an argument that a queue may have",
        .proves("consumer-timeout.queue-argument", ["rabbitmq/consumer-timeout/queue-argument"]))
    func queueArgument() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-consumer-timeout": 60_000])
        channel.publish("taken", to: "", queue)
        try await channel.consume(queue)
        #expect(try await channel.delivery().text == "taken")
    }
}
