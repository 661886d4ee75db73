import AMQPWire
import Testing

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
        "The source's type says which arguments a binding may have, whatever the destination's type",
        .proves(
            "exchange-bindings.source-checks",
            ["rabbitmq/exchange-to-exchange/source-type-rules", "rabbitmq/headers-exchange/bad-x-match"]))
    func sourceChecks() async throws {
        let channel = try await Probe.openChannel()
        let headers = try await channel.declareExchange("headers")
        for type in ["direct", "fanout", "topic"] as [ShortString] {
            let other = try await channel.declareExchange(type)
            for (source, destination, outcome) in [
                (other, headers, Outcomes.ok), (headers, other, .channelClose(.preconditionFailed)),
            ] {
                try await channel.send(
                    ExchangeBind(destination: destination, source: source, arguments: ["x-match": "some"]),
                    expecting: outcome)
            }
        }
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
        "Exchanges may be bound in a cycle: each queue on it gets one copy",
        .proves("exchange-bindings.ring", ["rabbitmq/exchange-to-exchange/cycle", "exchange.bind/cyclical"]))
    func cycle() async throws {
        let channel = try await Probe.openChannel()
        var cycle: [(exchange: ShortString, queue: ShortString)] = []
        for _ in 1...3 { cycle.append(try await channel.declareFanoutAndQueue()) }
        for (index, place) in cycle.enumerated() {
            try await channel.bind(exchange: cycle[(index + 1) % 3].exchange, to: place.exchange)
        }
        channel.publish("round", to: cycle[1].exchange)
        for place in cycle { #expect(try await channel.drain(place.queue) == ["round"]) }
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
