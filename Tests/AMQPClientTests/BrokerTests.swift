import AMQPClient
import Testing

/// The whole way, with a broker at the other end.
@Suite struct BrokerTests {
    @Test func aMessageTravels() async throws {
        let connection = try await TestBroker.connect()
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue(exclusive: true)
        try await queue.publish(Message("Hello World!"))
        for try await delivery in try await queue.consume() {
            #expect(delivery.text == "Hello World!")
            #expect(delivery.deliveryTag == 1)
            #expect(!delivery.redelivered)
            #expect(delivery.routingKey == queue.name)
            #expect(delivery.exchange.isEmpty)
            try await delivery.ack()
            break
        }
        try await connection.close()
        #expect(!connection.isOpen)
        #expect(connection.closeReason?.kind == .closedByClient)
    }
}
