import AMQPWire
import Testing

@Suite("Time to live") struct ExpiryCases {
    @Test(
        "A message vanishes when the queue's x-message-ttl has passed",
        .proves(
            "ttl.queue-argument", ["rabbitmq/message-ttl/queue-argument", "rabbitmq/message-ttl/never-delivered-late"]))
    func queueArgument() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-message-ttl": 200])
        channel.publish("ephemeral", to: "", queue)
        #expect(try await channel.counts(of: queue).messages == 1)
        try await elapse(milliseconds: 200)
        #expect(try await channel.drain(queue) == [])
    }
}
