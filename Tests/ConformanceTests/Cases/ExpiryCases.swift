import AMQPWire
import Testing

@Suite("Time to live") struct ExpiryCases {
    @Test(
        "A message vanishes when the queue's x-message-ttl has passed",
        .proves(
            "ttl.queue-argument", ["rabbitmq/message-ttl/queue-argument", "rabbitmq/message-ttl/never-delivered-late"]))
    func queueArgument() async throws {
        let channel = try await Probe.openChannel()
        let short = try await channel.declareQueue(arguments: ["x-message-ttl": 200])
        let long = try await channel.declareQueue(arguments: ["x-message-ttl": 3_600_000])
        try await channel.confirmSelect()
        for queue in [short, long] {
            channel.publish("ephemeral", to: "", queue, mandatory: true)
            #expect(try await channel.confirm().isAck)
        }
        try await elapse(milliseconds: 200)
        #expect(try await channel.drain(short) == [])
        #expect(try await channel.drain(long) == ["ephemeral"])
    }
}
