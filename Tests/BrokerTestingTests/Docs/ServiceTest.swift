import AMQPClient
import BrokerTesting
import Testing

/// An order that comes after the connection was lost is mailed too.
@Test func itComesBack() async throws {
    let broker = TestBroker()
    let service = Task { try await Mailer(hosts: [broker.uri], send: { _ in }).run() }
    try await broker.wait { broker.queue("orders")?.consumers == 1 }

    broker.cutAll()
    try await broker.advance { broker.queue("orders")?.consumers == 1 }

    let channel = try await broker.connect().openChannel()
    try await channel.publishAndConfirm(Message("chair"), routingKey: "orders")
    try await broker.wait { broker.queue("mailed")?.ready == 1 }
    service.cancel()
    try await service.value
    #expect(broker.recorded.acknowledged.map(\.text) == ["chair"])
}
