import AMQPWire
import Testing

@Suite("Declaring, binding and deleting") struct DeclareCases {
    @Test(
        "Binding to a missing exchange closes the channel with 404",
        .proves("bindings.missing-exchange", ["queue.bind.exchange/exchange-existence"]))
    func bindToMissingExchange() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        // One call, the whole contract: code, class and method id, siblings alive, channel number usable again.
        try await channel.send(
            QueueBind(queue: queue, exchange: unique("missing")), expecting: .channelClose(.notFound))
    }

    @Test(
        "Deleting a missing queue",
        .proves(
            "declare.delete-missing-queue", ["queue.delete.queue/must-exist"],
            rabbitmq: "Delete makes sure that the queue is gone; when it already is, that is delete-ok."))
    func deleteMissingQueue() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            QueueDelete(queue: unique("missing")), expecting: .channelClose(.notFound), rabbitmq: .ok)
    }

    @Test(
        "An exchange cannot be redeclared as another type",
        .proves(
            "declare.exchange-of-another-type", ["exchange.declare.type/typed"],
            rabbitmq: "406 on the channel, where the specification has 530 on the connection."))
    func exchangeOfAnotherType() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("fanout")
        try await channel.send(
            ExchangeDeclare(exchange: exchange, type: "direct"), expecting: .connectionClose(.notAllowed),
            rabbitmq: .channelClose(.preconditionFailed))
    }
}
