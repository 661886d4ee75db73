import AMQPWire
import Testing

@Suite("Binding arguments, in any order") struct BindingArgumentCases {
    private static let oneWay: FieldTable = ["format": "pdf", "type": "report"]
    private static let otherWay: FieldTable = ["type": "report", "format": "pdf"]

    private func unbind(
        _ queue: ShortString, from exchange: ShortString, _ arguments: FieldTable, on channel: ProbeChannel
    ) async throws {
        _ = try await channel.call(
            QueueUnbind(queue: queue, exchange: exchange, routingKey: "key", arguments: arguments), QueueUnbindOk.self)
    }

    @Test(
        "The same arguments in another order make the same binding",
        .proves("bindings.arguments-in-any-order", ["rabbitmq/bindings/arguments-in-any-order"]))
    func anyOrder() async throws {
        for type: ShortString in ["direct", "fanout", "topic", "headers"] {
            let channel = try await Probe.openChannel()
            // It goes with its last binding: that shows that there was no second one.
            let exchange = try await channel.declareExchange(type, autoDelete: true)
            let queue = try await channel.declareQueue()
            try await channel.bind(queue, to: exchange, "key", arguments: Self.oneWay)
            try await channel.bind(queue, to: exchange, "key", arguments: Self.otherWay)
            try await unbind(queue, from: exchange, Self.otherWay, on: channel)
            #expect(try await !channel.exists(exchange: exchange))
        }
    }

    @Test(
        "The same arguments in another order make the same binding between exchanges",
        .proves("exchange-bindings.arguments-in-any-order", ["rabbitmq/bindings/arguments-in-any-order"]))
    func betweenExchanges() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("headers", autoDelete: true)
        let destination = try await channel.declareExchange("fanout")
        try await channel.bind(exchange: destination, to: source, arguments: Self.oneWay)
        try await channel.bind(exchange: destination, to: source, arguments: Self.otherWay)
        _ = try await channel.call(
            ExchangeUnbind(destination: destination, source: source, arguments: Self.otherWay), ExchangeUnbindOk.self)
        #expect(try await !channel.exists(exchange: source))
    }

    @Test(
        "The same value of another type makes another binding, and so does another order within a table",
        .proves("bindings.arguments-by-type", ["rabbitmq/bindings/arguments-in-any-order"]))
    func byType() async throws {
        let others: [(FieldValue, FieldValue)] = [
            (.int32(1), .int64(1)), (.int32(1), .double(1)), ("1", .bytes([49])),
            (["a": 1, "b": 2], ["b": 2, "a": 1]),
        ]
        let channel = try await Probe.openChannel()
        for (value, other) in others {
            let exchange = try await channel.declareExchange("direct", autoDelete: true)
            let queue = try await channel.declareQueue()
            try await channel.bind(queue, to: exchange, "key", arguments: ["value": value])
            try await unbind(queue, from: exchange, ["value": other], on: channel)
            #expect(try await channel.exists(exchange: exchange), "\(value) was unbound as \(other)")
        }
    }
}
