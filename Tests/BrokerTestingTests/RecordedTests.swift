import AMQPClient
import BrokerTesting
import TestSupport
import Testing

/// What a broker says has passed.
@Suite(.watched) struct RecordedTests {
    private let broker = TestBroker()

    @Test func messagesAndWhatBecameOfThem() async throws {
        let channel = try await broker.connect().openChannel()
        let logs = try await channel.declareExchange("logs", type: .fanout)
        let queue = try await channel.declareQueue("q")
        try await queue.bind(to: logs)
        for text in ["1", "2", "3", "4"] { try await logs.publish(Message(text), routingKey: "key") }
        try await channel.publish(Message("nobody"), routingKey: "nowhere", mandatory: true)
        let deliveries = try await queue.consume()
        var iterator = deliveries.makeAsyncIterator()
        var taken: [Delivery] = []
        while taken.count < 4, let delivery = try await iterator.next() { taken.append(delivery) }
        try await taken[1].ack(multiple: true)
        try await taken[2].reject(requeue: false)
        try await deliveries.cancel()
        try await taken[3].nack(requeue: true)
        try await broker.wait { broker.recorded.requeued.count == 1 }
        let recorded = broker.recorded
        #expect(recorded.published.map(\.text) == ["1", "2", "3", "4", "nobody"])
        #expect(recorded.published.map(\.exchange) == ["logs", "logs", "logs", "logs", ""])
        #expect(recorded.returned.map(\.routingKey) == ["nowhere"])
        #expect(recorded.delivered.map(\.queue) == ["q", "q", "q", "q"])
        #expect(recorded.delivered.map(\.routingKey) == ["key", "key", "key", "key"])
        #expect(recorded.acknowledged.map(\.text) == ["1", "2"])
        #expect(recorded.rejected.map(\.text) == ["3"])
        #expect(recorded.requeued.map(\.text) == ["4"])
        try await broker.wait { broker.queue("q")?.ready == 1 }
        let again = try #require(try await queue.get(noAck: true))
        #expect(again.redelivered)
        #expect(broker.recorded.delivered.last?.noAck == true)
        #expect(broker.recorded.delivered.last?.redelivered == true)
        #expect(broker.recorded.delivered.last?.queue == "q")
    }

    @Test func largeMessagesToo() async throws {
        let channel = try await broker.connect().openChannel()
        try await channel.declareQueue("q")
        let body = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0) }
        try await channel.publishAndConfirm(Message(body: body), routingKey: "q")
        #expect(try await channel.queue("q").get(noAck: true)?.body == body)
        #expect(broker.recorded.published.first?.message.body == body)
        #expect(broker.recorded.delivered.first?.message.body == body)
    }
}
