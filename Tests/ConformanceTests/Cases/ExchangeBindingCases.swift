import AMQPWire
import Testing

extension ProbeChannel {
    /// Binds an exchange to another: what `source` routes to it goes on from `destination`.
    fileprivate func bind(
        exchange destination: ShortString, to source: ShortString, _ key: ShortString = "", arguments: FieldTable = [:],
        at place: SourceLocation = #_sourceLocation
    ) async throws {
        let bind = ExchangeBind(destination: destination, source: source, routingKey: key, arguments: arguments)
        _ = try await call(bind, ExchangeBindOk.self, at: place)
    }

    fileprivate func unbind(
        exchange destination: ShortString, from source: ShortString, _ key: ShortString = "",
        at place: SourceLocation = #_sourceLocation
    ) async throws {
        let unbind = ExchangeUnbind(destination: destination, source: source, routingKey: key)
        _ = try await call(unbind, ExchangeUnbindOk.self, at: place)
    }

    /// A queue bound to a fanout exchange.
    fileprivate func declareFanoutAndQueue() async throws -> (exchange: ShortString, queue: ShortString) {
        let exchange = try await declareExchange("fanout")
        let queue = try await declareQueue()
        try await bind(queue, to: exchange)
        return (exchange, queue)
    }
}

@Suite("Exchanges bound to exchanges: routing") struct ExchangeBindingCases {
    @Test(
        "A message published to the source reaches the queues of the destination, with its key and exchange",
        .proves("exchange-bindings.route-through", ["rabbitmq/exchange-to-exchange/routes-through"]))
    func routeThrough() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("direct")
        let (destination, queue) = try await channel.declareFanoutAndQueue()
        try await channel.bind(exchange: destination, to: source, "key")
        channel.publish("through", to: source, "key")
        let message = try #require(try await channel.get(queue))
        #expect(message.text == "through")
        #expect(message.routingKey == "key")
        #expect(message.exchange == source, "the delivery names the exchange that was published to")
    }

    @Test(
        "The way leads from source to destination only",
        .proves("exchange-bindings.one-way", ["rabbitmq/exchange-to-exchange/direction"]))
    func oneWay() async throws {
        let channel = try await Probe.openChannel()
        let (source, before) = try await channel.declareFanoutAndQueue()
        let (destination, behind) = try await channel.declareFanoutAndQueue()
        try await channel.bind(exchange: destination, to: source)
        channel.publish("at the source", to: source)
        channel.publish("at the destination", to: destination)
        #expect(try await channel.drain(before) == ["at the source"])
        #expect(try await channel.drain(behind) == ["at the source", "at the destination"])
    }

    @Test(
        "First the source's type decides, then the destination's",
        .proves("exchange-bindings.each-type-decides", ["rabbitmq/exchange-to-exchange/source-type-rules"]))
    func eachTypeDecides() async throws {
        let channel = try await Probe.openChannel()
        let topics = try await channel.declareExchange("topic")
        let direct = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        try await channel.bind(exchange: direct, to: topics, "orders.#")
        try await channel.bind(queue, to: direct, "orders.eu")
        for key: ShortString in ["orders.eu", "orders.us", "offers.eu", "orders.#"] {
            channel.publish(key.text, to: topics, key)
        }
        #expect(try await channel.drain(queue) == ["orders.eu"])
    }

    @Test(
        "A headers exchange as source compares headers with the binding's arguments",
        .proves("exchange-bindings.headers-source", ["rabbitmq/exchange-to-exchange/source-type-rules"]))
    func headersSource() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("headers")
        let (destination, queue) = try await channel.declareFanoutAndQueue()
        try await channel.bind(exchange: destination, to: source, arguments: ["format": "pdf"])
        channel.publish("pdf", to: source, "", BasicProperties(headers: ["format": "pdf"]))
        channel.publish("zip", to: source, "", BasicProperties(headers: ["format": "zip"]))
        #expect(try await channel.drain(queue) == ["pdf"])
    }

    @Test(
        "Messages pass a chain of exchanges",
        .proves("exchange-bindings.chain", ["rabbitmq/exchange-to-exchange/chain"]))
    func chain() async throws {
        let channel = try await Probe.openChannel()
        let (last, queue) = try await channel.declareFanoutAndQueue()
        var first = last
        for _ in 1...5 {
            let before = try await channel.declareExchange("direct")
            try await channel.bind(exchange: first, to: before, "key")
            first = before
        }
        channel.publish("through six", to: first, "key")
        channel.publish("another key", to: first, "other")
        #expect(try await channel.drain(queue) == ["through six"])
    }

    @Test(
        "Exchanges may be bound in a ring: each queue on it gets one copy",
        .proves("exchange-bindings.ring", ["rabbitmq/exchange-to-exchange/cycle", "exchange.bind/cyclical"]))
    func ring() async throws {
        let channel = try await Probe.openChannel()
        var ring: [(exchange: ShortString, queue: ShortString)] = []
        for _ in 1...3 { ring.append(try await channel.declareFanoutAndQueue()) }
        for (index, place) in ring.enumerated() {
            try await channel.bind(exchange: ring[(index + 1) % 3].exchange, to: place.exchange)
        }
        channel.publish("round", to: ring[1].exchange)
        for place in ring { #expect(try await channel.drain(place.queue) == ["round"]) }
    }

    @Test(
        "An exchange may be bound to itself",
        .proves("exchange-bindings.to-itself", ["exchange.bind/cyclical", "rabbitmq/exchange-to-exchange/cycle"]))
    func toItself() async throws {
        let channel = try await Probe.openChannel()
        let (exchange, queue) = try await channel.declareFanoutAndQueue()
        try await channel.bind(exchange: exchange, to: exchange)
        channel.publish("once", to: exchange)
        #expect(try await channel.drain(queue) == ["once"])
    }

    @Test(
        "With no-wait a bind and an unbind between exchanges work without an answer",
        .proves("exchange-bindings.without-wait", ["spec/4.6/visibility"]))
    func withoutWait() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("fanout")
        let (destination, queue) = try await channel.declareFanoutAndQueue()
        channel.send(ExchangeBind(destination: destination, source: source, noWait: true))
        channel.publish("bound", to: source)
        channel.send(ExchangeUnbind(destination: destination, source: source, noWait: true))
        channel.publish("unbound", to: source)
        channel.send(BasicGet(queue: queue, noAck: true))
        #expect(Received(try await channel.next())?.text == "bound")
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "However many ways lead to a queue, it gets one copy",
        .proves(
            "exchange-bindings.one-copy", ["rabbitmq/exchange-to-exchange/one-copy", "exchange.bind/unique"]))
    func oneCopy() async throws {
        let channel = try await Probe.openChannel()
        let (source, queue) = try await channel.declareFanoutAndQueue()
        let last = try await channel.declareExchange("fanout")
        try await channel.bind(queue, to: last)
        // Two ways that join in one exchange before the queue, and the queue is bound to the source as well.
        for _ in 1...2 {
            let middle = try await channel.declareExchange("fanout")
            try await channel.bind(exchange: middle, to: source)
            try await channel.bind(exchange: last, to: middle)
            try await channel.bind(queue, to: middle)
        }
        channel.publish("once", to: source)
        #expect(try await channel.drain(queue) == ["once"])
    }

    @Test(
        "A topic source passes the original key on, and each destination takes its part",
        .proves("exchange-bindings.two-destinations", ["rabbitmq/exchange-to-exchange/source-type-rules"]))
    func twoDestinations() async throws {
        let channel = try await Probe.openChannel()
        let topics = try await channel.declareExchange("topic")
        let (europe, eu) = try await channel.declareFanoutAndQueue()
        let (orders, new) = try await channel.declareFanoutAndQueue()
        try await channel.bind(exchange: europe, to: topics, "*.eu")
        try await channel.bind(exchange: orders, to: topics, "orders.*")
        for key: ShortString in ["orders.eu", "offers.eu", "orders.us"] { channel.publish(key.text, to: topics, key) }
        #expect(try await channel.drain(eu) == ["orders.eu", "offers.eu"])
        #expect(try await channel.drain(new) == ["orders.eu", "orders.us"])
    }

    @Test(
        "A mandatory message that reaches a queue by way of another exchange is not returned",
        .proves(
            "exchange-bindings.mandatory",
            ["rabbitmq/exchange-to-exchange/routes-through", "basic.publish.mandatory/01"]))
    func mandatory() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("fanout")
        let (destination, queue) = try await channel.declareFanoutAndQueue()
        let nowhere = try await channel.declareExchange("fanout")
        try await channel.bind(exchange: destination, to: source)
        try await channel.bind(exchange: destination, to: nowhere, "key")
        channel.publish("arrives", to: source, mandatory: true)
        _ = try await channel.call(QueueUnbind(queue: queue, exchange: destination), QueueUnbindOk.self)
        channel.publish("comes back", to: source, mandatory: true)
        #expect(try await channel.returned().text == "comes back")
        #expect(try await channel.drain(queue) == ["arrives"])
    }
}

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
}
