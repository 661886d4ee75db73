import AMQPWire
import Testing

@Suite("Declaring and deleting exchanges") struct ExchangeCases {
    @Test(
        "Direct, fanout, topic and headers exchanges can be declared, durable and transient",
        .proves(
            "declare.exchange-types",
            ["exchange/required-types", "exchange/recommended-types", "exchange.declare.durable/support"]))
    func exchangeTypes() async throws {
        let channel = try await Probe.openChannel()
        for type: ShortString in ["direct", "fanout", "topic", "headers"] {
            for durable in [false, true] {
                let exchange = try await channel.declareExchange(type, durable: durable)
                // It is what was asked for: a declare that says the opposite is refused.
                try await channel.send(
                    ExchangeDeclare(exchange: exchange, type: type, durable: !durable),
                    expecting: .channelClose(.preconditionFailed))
                #expect(try await channel.exists(exchange: exchange))
            }
        }
    }

    @Test(
        "amq.direct, amq.fanout, amq.topic, amq.headers and amq.match are there, durable and of their types",
        .proves(
            "declare.predeclared-exchanges",
            [
                "exchange/required-instances", "spec/3.1.3.1/direct-and-default", "spec/3.1.3.3/topic-instance",
                "spec/3.1.3.4/headers-instance",
            ]))
    func predeclaredExchanges() async throws {
        let channel = try await Probe.openChannel()
        let types: [(ShortString, ShortString)] = [
            ("amq.direct", "direct"), ("amq.fanout", "fanout"), ("amq.topic", "topic"), ("amq.headers", "headers"),
            ("amq.match", "headers"),
        ]
        for (name, type) in types {
            try await channel.send(ExchangeDeclare(exchange: name, type: type, durable: true), expecting: .ok)
        }
    }

    @Test(
        "A new exchange may not have a name that begins with amq.",
        .proves(
            "declare.reserved-exchange-name",
            ["exchange.declare.exchange/reserved", "spec/3.1.10/naming-conventions"]))
    func reservedExchangeName() async throws {
        let channel = try await Probe.openChannel()
        let name = ShortString(truncating: "amq.\(unique("mine"))")
        try await channel.send(ExchangeDeclare(exchange: name), expecting: .channelClose(.accessRefused))
        #expect(try await !channel.exists(exchange: name))
    }

    @Test(
        "An exchange name may not hold a space, a slash or another sign outside of the alphabet",
        .proves(
            "declare.exchange-name-alphabet", ["exchange.declare.exchange/syntax"],
            rabbitmq: "Any name of valid UTF-8 is taken."))
    func exchangeNameAlphabet() async throws {
        let channel = try await Probe.openChannel()
        let name = ShortString(truncating: unique("an exchange/of").text + "?")
        try await channel.send(
            ExchangeDeclare(exchange: name), expecting: .channelClose(.preconditionFailed), rabbitmq: .ok)
    }

    @Test(
        "Exchange names differ by the case of a letter, and by the last of 255 octets",
        .proves("declare.exchange-names-compared", ["exchange.declare.exchange/syntax"]))
    func namesCompared() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let start = unique("exchange").text
        let long = start + String(repeating: "e", count: 254 - start.utf8.count)
        for (name, other) in [(start + "-a", start + "-A"), (long + "a", long + "b")] {
            let exchange = try await channel.declareExchange("fanout", ShortString(name))
            try await channel.bind(queue, to: exchange)
            channel.publish("to \(name)", to: exchange)
            #expect(try await channel.drain(queue) == ["to \(name)"])
            #expect(try await !channel.exists(exchange: ShortString(other)))
        }
    }

    @Test(
        "Line breaks are dropped from the names of queues and exchanges",
        .proves(
            "declare.line-breaks-in-names", ["exchange.declare.exchange/syntax", "queue.declare.queue/syntax"],
            rabbitmq: "CR and LF are dropped from a name before anything else looks at it."))
    func lineBreaksInNames() async throws {
        let channel = try await Probe.openChannel()
        let name = unique("name")
        let broken = ShortString(truncating: "\r\n" + name.text + "\n")
        try await channel.send(
            ExchangeDeclare(exchange: broken), expecting: .channelClose(.preconditionFailed), rabbitmq: .ok)
        #expect(try await channel.exists(exchange: name))
        channel.send(QueueDeclare(queue: broken, exclusive: true))
        #expect(try await channel.receive(QueueDeclareOk.self).queue == name)
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

    @Test(
        "An exchange of a type that the broker does not know is an error of the connection",
        .proves(
            "declare.unknown-exchange-type", ["exchange.declare.type/support"],
            rabbitmq: .from("3.13", "It is an error of the channel, 406.")))
    func unknownExchangeType() async throws {
        let channel = try await Probe.openChannel()
        let exchange = unique("exchange")
        try await channel.send(
            ExchangeDeclare(exchange: exchange, type: "x-nonesuch"), expecting: .connectionClose(.commandInvalid),
            rabbitmq: .channelClose(.preconditionFailed), from: "3.13")
        #expect(try await !Probe.openChannel().exists(exchange: exchange))
    }

    @Test(
        "Declaring an exchange again as it is changes nothing, and its bindings stay",
        .proves("declare.exchange-again", ["exchange.declare.passive/equivalent"]))
    func exchangeAgain() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("topic", durable: true)
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: exchange, "#")
        try await channel.declareExchange("topic", exchange, durable: true)
        channel.publish("hello", to: exchange, "key")
        #expect(try await channel.drain(queue) == ["hello"])
    }

    @Test(
        "An exchange cannot be redeclared with another durability",
        .proves("declare.exchange-of-another-durability", ["exchange.declare.passive/equivalent"]))
    func exchangeOfAnotherDurability() async throws {
        let channel = try await Probe.openChannel()
        for isDurable in [true, false] {
            let exchange = try await channel.declareExchange("direct", durable: isDurable)
            try await channel.send(
                ExchangeDeclare(exchange: exchange, durable: !isDurable), expecting: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "An argument without a meaning counts for nothing when an exchange is redeclared",
        .proves(
            "declare.exchange-with-unknown-argument", ["exchange.declare.passive/equivalent"],
            rabbitmq: "Of an exchange's arguments only alternate-exchange is compared."))
    func exchangeWithUnknownArgument() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct", arguments: ["x-unheard-of": 1])
        try await channel.send(
            ExchangeDeclare(exchange: exchange), expecting: .channelClose(.preconditionFailed), rabbitmq: .ok)
    }

    @Test(
        "Redeclaring an existing exchange with another auto-delete flag changes nothing",
        .proves(
            "declare.exchange-auto-delete-differs", ["exchange.declare.auto-delete/amq_exchange_25"],
            rabbitmq: "The flag is part of equivalence: another one is 406."))
    func exchangeAutoDeleteDiffers() async throws {
        let channel = try await Probe.openChannel()
        for isAutoDelete in [false, true] {
            let exchange = unique("exchange")
            try await channel.send(ExchangeDeclare(exchange: exchange, autoDelete: isAutoDelete), expecting: .ok)
            try await channel.send(
                ExchangeDeclare(exchange: exchange, autoDelete: !isAutoDelete), expecting: .ok,
                rabbitmq: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "An auto-delete exchange that was never bound stays",
        .proves(
            "declare.auto-delete-never-bound",
            ["exchange.declare.auto-delete/amq_exchange_02", "rabbitmq/exchange.declare/auto-delete-never-bound"]))
    func autoDeleteNeverBound() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct", autoDelete: true)
        channel.publish("to nobody", to: exchange)
        try await channel.close()
        try await channel.probe.close()
        let later = try await Probe.openChannel()
        let queue = try await later.declareQueue()
        try await later.bind(queue, to: exchange, "key")
        later.publish("bound at last", to: exchange, "key")
        #expect(try await later.drain(queue) == ["bound at last"])
    }

    @Test(
        "An auto-delete exchange goes with its last binding, and not before",
        .proves(
            "declare.auto-delete-last-unbind", ["rabbitmq/exchange.declare/auto-delete-last-binding"]))
    func autoDeleteLastUnbind() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct", autoDelete: true)
        let queue = try await channel.declareQueue()
        for key: ShortString in ["one", "two"] { try await channel.bind(queue, to: exchange, key) }
        _ = try await channel.call(QueueUnbind(queue: queue, exchange: exchange, routingKey: "one"), QueueUnbindOk.self)
        #expect(try await channel.exists(exchange: exchange))
        _ = try await channel.call(QueueUnbind(queue: queue, exchange: exchange, routingKey: "two"), QueueUnbindOk.self)
        #expect(try await !channel.exists(exchange: exchange))
    }

    @Test(
        "An auto-delete exchange goes with the last queue that is bound to it",
        .proves("declare.auto-delete-last-queue", ["rabbitmq/exchange.declare/auto-delete-last-binding"]))
    func autoDeleteLastQueue() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("fanout", autoDelete: true)
        let queues = [try await channel.declareQueue(), try await channel.declareQueue()]
        for queue in queues { try await channel.bind(queue, to: exchange) }
        _ = try await channel.call(QueueDelete(queue: queues[0]), QueueDeleteOk.self)
        #expect(try await channel.exists(exchange: exchange))
        _ = try await channel.call(QueueDelete(queue: queues[1]), QueueDeleteOk.self)
        #expect(try await !channel.exists(exchange: exchange))
    }

    @Test(
        "Nothing can be published to an internal exchange",
        .proves(
            "declare.internal-exchange-refuses-publish",
            ["rabbitmq/exchange.declare/internal-publish", "basic.publish.exchange/02"]))
    func internalExchangeRefusesPublish() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("fanout", internal: true)
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: exchange)
        channel.publish("hello", to: exchange)
        expect(try await channel.outcome(cause: BasicPublish.id), .channelClose(.accessRefused))
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "An internal exchange routes what another exchange hands it",
        .proves("declare.internal-exchange-routes", ["rabbitmq/exchange.declare/internal-routes"]))
    func internalExchangeRoutes() async throws {
        let channel = try await Probe.openChannel()
        let entrance = try await channel.declareExchange("fanout")
        let exchange = try await channel.declareExchange("direct", internal: true)
        let queue = try await channel.declareQueue()
        _ = try await channel.call(ExchangeBind(destination: exchange, source: entrance), ExchangeBindOk.self)
        try await channel.bind(queue, to: exchange, "key")
        channel.publish("hello", to: entrance, "key")
        #expect(try await channel.drain(queue) == ["hello"])
    }

    @Test(
        "An exchange cannot be redeclared as internal, nor an internal one as an ordinary one",
        .proves("declare.internal-differs", ["rabbitmq/exchange.declare/internal-equivalence"]))
    func internalDiffers() async throws {
        let channel = try await Probe.openChannel()
        for isInternal in [false, true] {
            let exchange = try await channel.declareExchange("direct", internal: isInternal)
            try await channel.send(
                ExchangeDeclare(exchange: exchange, internal: !isInternal),
                expecting: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "With no-wait an exchange is declared without an answer",
        .proves("declare.exchange-without-wait", ["spec/4.6/visibility"]))
    func exchangeWithoutWait() async throws {
        let channel = try await Probe.openChannel()
        let exchange = unique("exchange")
        channel.send(ExchangeDeclare(exchange: exchange, noWait: true))
        channel.send(QueueDeclare(exclusive: true))
        #expect(try await channel.next().method?.id == QueueDeclareOk.id)
        try await channel.send(ExchangeDeclare(exchange: exchange, passive: true), expecting: .ok)
    }

    @Test(
        "At least 16 exchanges fit in one virtual host",
        .proves("declare.many-exchanges", ["exchange.declare/minimum", "spec/3.2.1/generous-minima"]))
    func manyExchanges() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        var sent: [String] = []
        for number in 1...32 {
            let exchange = try await channel.declareExchange("fanout")
            try await channel.bind(queue, to: exchange)
            channel.publish("\(number)", to: exchange)
            sent.append("\(number)")
        }
        #expect(try await channel.drain(queue) == sent)
    }
}
