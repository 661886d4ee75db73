import AMQPWire
import Testing

@Suite("Exchanges bound to exchanges: binding and unbinding") struct ExchangeBindingLifeCases {
    @Test(
        "Binding twice is binding once: one unbind removes it",
        .proves(
            "exchange-bindings.bound-twice",
            ["rabbitmq/exchange-to-exchange/idempotent-bind", "exchange.bind/duplicates"]))
    func boundTwice() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("direct")
        let (destination, queue) = try await channel.declareFanoutAndQueue()
        for _ in 1...2 { try await channel.bind(exchange: destination, to: source, "key") }
        channel.publish("once", to: source, "key")
        try await channel.unbind(exchange: destination, from: source, "key")
        channel.publish("unbound", to: source, "key")
        #expect(try await channel.drain(queue) == ["once"])
    }

    @Test(
        "An unbind removes the binding with its key, and no other",
        .proves("exchange-bindings.unbind", ["rabbitmq/exchange-to-exchange/unbind", "spec/4.6/visibility"]))
    func unbind() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("direct")
        let (destination, queue) = try await channel.declareFanoutAndQueue()
        for key: ShortString in ["a", "b"] { try await channel.bind(exchange: destination, to: source, key) }
        try await channel.unbind(exchange: destination, from: source, "a")
        for key: ShortString in ["a", "b"] { channel.publish(key.text, to: source, key) }
        #expect(try await channel.drain(queue) == ["b"])
    }

    @Test(
        "Unbinding source and destination the wrong way round removes nothing",
        .proves("exchange-bindings.unbind-reversed", ["rabbitmq/exchange-to-exchange/direction"]))
    func unbindReversed() async throws {
        let channel = try await Probe.openChannel()
        let (source, _) = try await channel.declareFanoutAndQueue()
        let (destination, queue) = try await channel.declareFanoutAndQueue()
        try await channel.bind(exchange: destination, to: source)
        channel.send(ExchangeUnbind(destination: source, source: destination))
        // What a broker makes of an unbind without a binding has cases of its own.
        _ = try await channel.outcome()
        channel.publish("still bound", to: source)
        #expect(try await channel.drain(queue) == ["still bound"])
    }

    @Test(
        "A source that is not there closes the channel",
        .proves(
            "exchange-bindings.missing-source",
            ["rabbitmq/exchange-to-exchange/missing", "exchange.bind.source/exchange-existence"]))
    func missingSource() async throws {
        let channel = try await Probe.openChannel()
        let destination = try await channel.declareExchange("fanout")
        try await channel.send(
            ExchangeBind(destination: destination, source: unique("missing")), expecting: .channelClose(.notFound))
    }

    @Test(
        "A destination that is not there closes the channel",
        .proves(
            "exchange-bindings.missing-destination",
            ["rabbitmq/exchange-to-exchange/missing", "exchange.bind.destination/exchange-existence"]))
    func missingDestination() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("fanout")
        try await channel.send(
            ExchangeBind(destination: unique("missing"), source: source), expecting: .channelClose(.notFound))
    }

    @Test(
        "The default exchange as source",
        .proves(
            "exchange-bindings.default-source",
            ["rabbitmq/exchange-to-exchange/default-refused", "exchange.bind.source/default-exchange"],
            rabbitmq: "The default exchange takes no bindings of any kind: 403."))
    func defaultSource() async throws {
        let channel = try await Probe.openChannel()
        let destination = try await channel.declareExchange("fanout")
        try await channel.send(
            ExchangeBind(destination: destination, source: "", routingKey: "key"), expecting: .ok,
            rabbitmq: .channelClose(.accessRefused))
    }

    @Test(
        "The default exchange as destination",
        .proves(
            "exchange-bindings.default-destination",
            ["rabbitmq/exchange-to-exchange/default-refused", "exchange.bind.destination/default-exchange"],
            rabbitmq: "The default exchange takes no bindings of any kind: 403."))
    func defaultDestination() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("fanout")
        try await channel.send(
            ExchangeBind(destination: "", source: source, routingKey: "key"), expecting: .ok,
            rabbitmq: .channelClose(.accessRefused))
    }

    @Test(
        "Deleting the source removes its bindings: an exchange of its name begins with none",
        .proves("exchange-bindings.source-deleted", ["rabbitmq/exchange-to-exchange/delete-cascades"]))
    func sourceDeleted() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("fanout")
        let (destination, queue) = try await channel.declareFanoutAndQueue()
        try await channel.bind(exchange: destination, to: source)
        try await recreate(source, on: channel)
        channel.publish("not bound any more", to: source)
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "Deleting the destination removes its bindings: an exchange of its name begins with none",
        .proves("exchange-bindings.destination-deleted", ["rabbitmq/exchange-to-exchange/delete-cascades"]))
    func destinationDeleted() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("fanout")
        let (destination, queue) = try await channel.declareFanoutAndQueue()
        try await channel.bind(exchange: destination, to: source)
        try await recreate(destination, on: channel)
        try await channel.bind(queue, to: destination)
        channel.publish("not bound any more", to: source)
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "When a destination is deleted its source is as if it had never been bound",
        .proves(
            "exchange-bindings.destination-deleted-for-good",
            ["rabbitmq/exchange-to-exchange/delete-cascades", "rabbitmq/exchange-to-exchange/in-use"]))
    func destinationDeletedForGood() async throws {
        let channel = try await Probe.openChannel()
        let (alternate, unrouted) = try await channel.declareFanoutAndQueue()
        let source = try await channel.declareExchange(
            "fanout", arguments: ["alternate-exchange": .longString(alternate.octets)])
        let leaving = try await channel.declareExchange("fanout", autoDelete: true)
        let (destination, queue) = try await channel.declareFanoutAndQueue()
        for exchange in [source, leaving] { try await channel.bind(exchange: destination, to: exchange) }
        channel.publish("through", to: source)
        #expect(try await channel.drain(queue) == ["through"])
        _ = try await channel.call(ExchangeDelete(exchange: destination), ExchangeDeleteOk.self)
        channel.publish("unrouted", to: source)
        #expect(try await channel.drain(unrouted) == ["unrouted"])
        try await channel.send(ExchangeDelete(exchange: source, ifUnused: true), expecting: .ok)
        #expect(try await !channel.exists(exchange: leaving))
    }

    private func recreate(_ exchange: ShortString, on channel: ProbeChannel) async throws {
        _ = try await channel.call(ExchangeDelete(exchange: exchange), ExchangeDeleteOk.self)
        try await channel.declareExchange("fanout", exchange)
    }

    @Test(
        "if-unused spares an exchange that is the source of a binding",
        .proves(
            "exchange-bindings.source-is-in-use",
            ["rabbitmq/exchange-to-exchange/in-use", "exchange.delete.if-unused/in-use"]))
    func sourceIsInUse() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("fanout")
        let destination = try await channel.declareExchange("fanout")
        try await channel.bind(exchange: destination, to: source)
        try await channel.send(
            ExchangeDelete(exchange: source, ifUnused: true), expecting: .channelClose(.preconditionFailed))
        #expect(try await channel.exists(exchange: source))
    }

    @Test(
        "if-unused does not spare an exchange that is only a destination",
        .proves("exchange-bindings.destination-is-not-in-use", ["rabbitmq/exchange-to-exchange/in-use"]))
    func destinationIsNotInUse() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("fanout")
        let destination = try await channel.declareExchange("fanout")
        try await channel.bind(exchange: destination, to: source)
        try await channel.send(ExchangeDelete(exchange: destination, ifUnused: true), expecting: .ok)
    }

    @Test(
        "An auto-delete exchange goes when the last binding goes that it is the source of",
        .proves("exchange-bindings.auto-delete-source", ["rabbitmq/exchange-to-exchange/auto-delete-source"]))
    func autoDeleteSource() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("direct", autoDelete: true)
        let destination = try await channel.declareExchange("fanout")
        for key: ShortString in ["a", "b"] { try await channel.bind(exchange: destination, to: source, key) }
        try await channel.unbind(exchange: destination, from: source, "a")
        #expect(try await channel.exists(exchange: source), "one binding is left")
        try await channel.unbind(exchange: destination, from: source, "b")
        #expect(try await !channel.exists(exchange: source))
    }

    @Test(
        "An auto-delete exchange goes when what it was bound to is deleted",
        .proves(
            "exchange-bindings.auto-delete-cascade",
            ["rabbitmq/exchange-to-exchange/auto-delete-source", "rabbitmq/exchange-to-exchange/delete-cascades"]))
    func autoDeleteCascade() async throws {
        let channel = try await Probe.openChannel()
        let first = try await channel.declareExchange("fanout", autoDelete: true)
        let second = try await channel.declareExchange("fanout", autoDelete: true)
        let queue = try await channel.declareQueue()
        try await channel.bind(exchange: second, to: first)
        try await channel.bind(queue, to: second)
        _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self)
        #expect(try await !channel.exists(exchange: second), "its last queue has gone")
        #expect(try await !channel.exists(exchange: first), "what it led to has gone")
    }

    @Test(
        "An auto-delete exchange stays when bindings go that it is only the destination of",
        .proves(
            "exchange-bindings.auto-delete-destination", ["rabbitmq/exchange-to-exchange/auto-delete-destination"]))
    func autoDeleteDestination() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("fanout")
        let destination = try await channel.declareExchange("fanout", autoDelete: true)
        try await channel.bind(exchange: destination, to: source)
        try await channel.unbind(exchange: destination, from: source)
        #expect(try await channel.exists(exchange: destination))
    }

    @Test(
        "A binding between durable exchanges survives a restart",
        .proves("exchange-bindings.durable", ["rabbitmq/exchange-to-exchange/durable"], needs: [.restart]))
    func durable() async throws {
        let before = try await Probe.openChannel()
        let source = try await before.declareExchange("direct", durable: true)
        let destination = try await before.declareExchange("fanout", durable: true)
        try await before.bind(exchange: destination, to: source, "key")
        try await restartBroker()
        let after = try await Probe.openChannel()
        let queue = try await after.declareQueue()
        try await after.bind(queue, to: destination)
        after.publish("through", to: source, "key")
        after.publish("another key", to: source, "other")
        #expect(try await after.drain(queue) == ["through"])
    }

    @Test(
        "Of two bindings between two exchanges that differ in arguments alone, each is unbound by its own",
        .proves(
            "exchange-bindings.unbind-by-arguments", ["exchange.unbind/01", "rabbitmq/exchange-to-exchange/unbind"]))
    func unbindByArguments() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("headers")
        let (destination, queue) = try await channel.declareFanoutAndQueue()
        let formats: [FieldTable] = [["format": "pdf"], ["format": "zip"]]
        for arguments in formats { try await channel.bind(exchange: destination, to: source, arguments: arguments) }
        for (round, expected) in [["pdf", "zip"], ["zip"], []].enumerated() {
            for arguments in formats {
                channel.publish(
                    arguments["format"]?.text ?? "", to: source, "", BasicProperties(headers: arguments))
            }
            #expect(try await channel.drain(queue) == expected)
            guard round < formats.count else { continue }
            _ = try await channel.call(
                ExchangeUnbind(destination: destination, source: source, arguments: formats[round]),
                ExchangeUnbindOk.self)
        }
    }
}
