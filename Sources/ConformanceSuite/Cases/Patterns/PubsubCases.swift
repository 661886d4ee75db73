import AMQPClient
import Testing

@Suite("Publish and subscribe") struct PubsubCases {
    @Test(
        "Every subscriber gets its own copy of every message, whatever the routing key",
        .proves("pubsub.every-subscriber-gets-every-message", ["spec/3.1.3.2/fanout-ignores-key"]))
    func everySubscriberGetsEveryMessage() async throws {
        let publisher = try await openClientChannel()
        let logs = try await publisher.declareExchange(unique("logs").text, type: .fanout)
        let subscriptions = [try await openClientChannel(), try await openClientChannel()]
        var queues: [Queue] = []
        for channel in subscriptions {
            let queue = try await channel.declareQueue(exclusive: true)
            try await queue.bind(to: logs)
            queues.append(queue)
        }
        try await logs.publish(Message("first"), routingKey: "any")
        try await logs.publish(Message("second"))
        for queue in queues {
            var texts: [String] = []
            for try await message in try await queue.consume(noAck: true).prefix(2) { texts.append(message.text) }
            #expect(texts == ["first", "second"])
        }
    }
}
