import AMQPClient
import BrokerTesting
import Synchronization
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

/// A service that is stopped mails the order that it has in hand, and leaves the next to others.
@Test func itFinishesWhatItHasBegun() async throws {
    let broker = TestBroker()
    let begun = Atomic(0)
    let (permits, permit) = AsyncStream<Void>.makeStream()
    let mailer = Mailer(hosts: [broker.uri]) { _ in
        begun.add(1, ordering: .relaxed)
        for await _ in permits { break }
    }
    let service = Task { try await mailer.run() }
    try await broker.wait { broker.queue("orders")?.consumers == 1 }
    let channel = try await broker.connect().openChannel()
    for order in ["chair", "table"] { try await channel.publishAndConfirm(Message(order), routingKey: "orders") }
    try await broker.wait { begun.load(ordering: .relaxed) == 1 }

    service.cancel()
    try await broker.wait { broker.queue("orders")?.consumers == 0 }
    permit.yield()
    try await service.value
    #expect(broker.recorded.acknowledged.map(\.text) == ["chair"])
    #expect(broker.queue("orders")?.ready == 1)
}
