import AMQPClient
import BrokerTesting
import Testing

/// A code is good for half a minute.
@Test func aCodeExpires() async throws {
    let broker = TestBroker()
    let channel = try await Connection.open(broker.uri).openChannel()  // what your app does
    let codes = try await channel.declareQueue("codes", with: .messageTTL(.seconds(30)))
    try await channel.publishAndConfirm(Message("1234"), routingKey: "codes")
    await broker.advance(by: .seconds(29))
    #expect(broker.queue("codes")?.ready == 1)
    await broker.advance(by: .seconds(2))
    #expect(try await codes.get() == nil)
}
