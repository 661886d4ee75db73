import AMQPWire
import Testing

@Suite("Binding queues") struct BindingCases {
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
        "Binding a missing queue closes the channel with 404",
        .proves("bindings.missing-queue", ["queue.bind.queue/must-exist"]))
    func bindMissingQueue() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            QueueBind(queue: unique("missing"), exchange: "amq.direct"), expecting: .channelClose(.notFound))
    }

    @Test(
        "Binding twice is binding once: one copy comes, and one unbind undoes it",
        .proves("bindings.same-again", ["queue.bind/duplicates", "queue.bind/unique"]))
    func sameAgain() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        for _ in 1...3 { try await channel.bind(queue, to: exchange, "key") }
        channel.publish("bound", to: exchange, "key")
        _ = try await channel.call(QueueUnbind(queue: queue, exchange: exchange, routingKey: "key"), QueueUnbindOk.self)
        channel.publish("unbound", to: exchange, "key")
        #expect(try await channel.drain(queue) == ["bound"])
    }

    @Test(
        "However many of its bindings match, a queue gets one copy",
        .proves("bindings.one-copy", ["queue.bind/unique"]))
    func oneCopy() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("topic")
        let queue = try await channel.declareQueue()
        for key: ShortString in ["a.b", "a.*", "#", "*.b"] { try await channel.bind(queue, to: exchange, key) }
        channel.publish("once", to: exchange, "a.b")
        #expect(try await channel.drain(queue) == ["once"])
    }

    @Test(
        "Bindings with the same key and other arguments are two, and each has to be undone",
        .proves("bindings.arguments-tell-apart", ["queue.bind/duplicates", "queue.bind/unique"]))
    func argumentsTellApart() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: exchange, "key", arguments: ["note": 1])
        try await channel.bind(queue, to: exchange, "key", arguments: ["note": 2])
        for (note, text) in [(1 as FieldValue, "one left"), (2, "none left")] {
            let unbind = QueueUnbind(queue: queue, exchange: exchange, routingKey: "key", arguments: ["note": note])
            _ = try await channel.call(unbind, QueueUnbindOk.self)
            channel.publish(text, to: exchange, "key")
        }
        #expect(try await channel.drain(queue) == ["one left"])
    }

    @Test(
        "An unbind with other arguments leaves the binding as it is",
        .proves(
            "bindings.unbind-with-other-arguments", ["queue.unbind/01"],
            rabbitmq: "Undoing a binding that is not there is unbind-ok."))
    func unbindWithOtherArguments() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: exchange, "key", arguments: ["note": 1])
        try await channel.send(
            QueueUnbind(queue: queue, exchange: exchange, routingKey: "key"),
            expecting: [.connectionClose(.notFound), .channelClose(.notFound)], rabbitmq: .ok)
        channel.publish("still bound", to: exchange, "key")
        #expect(try await channel.drain(queue) == ["still bound"])
    }

    @Test(
        "Undoing a binding that is not there",
        .proves(
            "bindings.unbind-missing-binding", ["queue.unbind/01"],
            rabbitmq: "Undoing a binding that is not there is unbind-ok."))
    func unbindMissingBinding() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.send(
            QueueUnbind(queue: queue, exchange: "amq.direct", routingKey: "never bound"),
            expecting: .connectionClose(.notFound), rabbitmq: .ok)
    }

    @Test(
        "Unbinding a missing queue",
        .proves(
            "bindings.unbind-missing-queue", ["queue.unbind.queue/must-exist"],
            rabbitmq: "A binding that cannot be there is as good as undone: unbind-ok."))
    func unbindMissingQueue() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            QueueUnbind(queue: unique("missing"), exchange: "amq.direct", routingKey: "key"),
            expecting: .channelClose(.notFound), rabbitmq: .ok)
    }

    @Test(
        "Unbinding from a missing exchange",
        .proves(
            "bindings.unbind-missing-exchange", ["queue.unbind.exchange/must-exist"],
            rabbitmq: "A binding that cannot be there is as good as undone: unbind-ok."))
    func unbindMissingExchange() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.send(
            QueueUnbind(queue: queue, exchange: unique("missing"), routingKey: "key"),
            expecting: .channelClose(.notFound), rabbitmq: .ok)
    }

    @Test(
        "A queue can have many bindings",
        .proves("bindings.many", ["queue.bind/binding-count", "spec/3.2.1/generous-minima"]))
    func many() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        let keys = (1...20).map { ShortString(truncating: "key \($0)") }
        for key in keys { try await channel.bind(queue, to: exchange, key) }
        for key in keys { channel.publish(key.text, to: exchange, key) }
        #expect(try await channel.drain(queue) == keys.map(\.text))
    }

    @Test(
        "A durable queue can be bound to a transient exchange",
        .proves("bindings.durable-to-transient", ["queue.bind/transient-exchange"]))
    func durableToTransient() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct", durable: false)
        let queue = try await channel.declareQueue(durable: true, exclusive: false)
        try await channel.bind(queue, to: exchange, "key")
        channel.publish("hello", to: exchange, "key")
        #expect(try await channel.drain(queue) == ["hello"])
    }

    @Test(
        "A binding between a durable queue and a durable exchange survives a restart",
        .proves("bindings.durable-survives-restart", ["queue.bind/durable-exchange"], needs: [.restart]))
    func durableSurvivesRestart() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct", durable: true)
        let queue = try await channel.declareQueue(durable: true, exclusive: false)
        try await channel.bind(queue, to: exchange, "key", arguments: ["note": "kept"])
        try await restartBroker()
        let after = try await Probe.openChannel()
        after.publish("bound still", to: exchange, "key")
        _ = try await after.call(
            QueueUnbind(queue: queue, exchange: exchange, routingKey: "key", arguments: ["note": "kept"]),
            QueueUnbindOk.self)
        after.publish("unbound", to: exchange, "key")
        #expect(try await after.drain(queue) == ["bound still"])
    }

    @Test(
        "Deleting a queue deletes its bindings: a new queue of its name is not bound",
        .proves("bindings.go-with-queue", ["spec/4.6/visibility"]))
    func goWithQueue() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("fanout")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: exchange)
        _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self)
        try await channel.declareQueue(queue)
        channel.publish("not for the new one", to: exchange)
        #expect(try await channel.drain(queue) == [])
        try await channel.send(ExchangeDelete(exchange: exchange, ifUnused: true), expecting: .ok)
    }

    @Test(
        "Deleting an exchange deletes its bindings: a new exchange of its name has none",
        .proves("bindings.go-with-exchange", ["spec/4.6/visibility"]))
    func goWithExchange() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("fanout")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: exchange)
        _ = try await channel.call(ExchangeDelete(exchange: exchange), ExchangeDeleteOk.self)
        try await channel.declareExchange("fanout", exchange)
        channel.publish("for nobody", to: exchange)
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "With no-wait a bind works without an answer",
        .proves("bindings.without-wait", ["spec/4.6/visibility"]))
    func withoutWait() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        channel.send(QueueBind(queue: queue, exchange: exchange, routingKey: "key", noWait: true))
        channel.publish("hello", to: exchange, "key")
        channel.send(BasicGet(queue: queue, noAck: true))
        #expect(Received(try await channel.next())?.text == "hello")
    }

    @Test(
        "Unbinding a missing destination exchange",
        .proves(
            "bindings.unbind-missing-destination", ["exchange.unbind.destination/must-exist", "exchange.unbind/01"],
            rabbitmq: "A binding that cannot be there is as good as undone: unbind-ok."))
    func unbindMissingDestination() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            ExchangeUnbind(destination: unique("missing"), source: "amq.fanout"),
            expecting: [.channelClose(.notFound), .connectionClose(.notFound)], rabbitmq: .ok)
    }

    @Test(
        "Unbinding from a missing source exchange",
        .proves(
            "bindings.unbind-missing-source", ["exchange.unbind.source/must-exist", "exchange.unbind/01"],
            rabbitmq: "A binding that cannot be there is as good as undone: unbind-ok."))
    func unbindMissingSource() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            ExchangeUnbind(destination: "amq.fanout", source: unique("missing")),
            expecting: [.channelClose(.notFound), .connectionClose(.notFound)], rabbitmq: .ok)
    }

    @Test(
        "Unbinding the default exchange as a destination",
        .proves(
            "bindings.unbind-default-destination", ["exchange.unbind.destination/default-exchange"],
            rabbitmq: "The default exchange takes part in no exchange binding, and an unbind gets 403 like a bind."))
    func unbindDefaultDestination() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            ExchangeUnbind(destination: "", source: "amq.fanout"),
            expecting: [.ok, .channelClose(.notFound), .connectionClose(.notFound)],
            rabbitmq: .channelClose(.accessRefused))
    }

    @Test(
        "Unbinding the default exchange as a source",
        .proves(
            "bindings.unbind-default-source", ["exchange.unbind.source/default-exchange"],
            rabbitmq: "The default exchange takes part in no exchange binding, and an unbind gets 403 like a bind."))
    func unbindDefaultSource() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            ExchangeUnbind(destination: "amq.fanout", source: ""),
            expecting: [.ok, .channelClose(.notFound), .connectionClose(.notFound)],
            rabbitmq: .channelClose(.accessRefused))
    }
}
