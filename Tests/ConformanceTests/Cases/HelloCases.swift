import AMQPWire
import Testing

@Suite("A message through the default exchange") struct HelloCases {
    @Test(
        "A new queue is reachable at once under its own name",
        .proves(
            "hello.queue-name-is-routing-key",
            ["queue.declare/default-binding", "exchange/default-exchange", "basic.publish.exchange/default-exchange"]))
    func queueNameIsRoutingKey() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("Hello World!", to: "", queue)
        let message = try #require(try await channel.get(queue))
        #expect(message.text == "Hello World!")
        #expect(message.exchange == "")
        #expect(message.routingKey == queue)
    }

    @Test(
        "Nothing can be bound to the default exchange",
        .proves(
            "hello.default-exchange-takes-no-binding",
            ["exchange/default-access", "queue.bind.exchange/default-exchange"],
            rabbitmq: "Publishing is all that the default exchange is for; a bind gets 403."))
    func defaultExchangeTakesNoBinding() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.send(
            QueueBind(queue: queue, exchange: "", routingKey: "other"), expecting: .ok,
            rabbitmq: .channelClose(.accessRefused))
    }
}
