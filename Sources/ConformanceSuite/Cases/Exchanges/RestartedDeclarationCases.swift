import AMQPWire
import Testing

@Suite("Declarations after a restart") struct RestartedDeclarationCases {
    @Test(
        "Bindings that differ in their arguments alone are both there, with their arguments",
        .proves("durability.binding-arguments", ["rabbitmq/restart/declarations"], needs: [.restart]))
    func bindingArguments() async throws {
        let before = try await Probe.openChannel()
        let (pdf, zip) = (try await declareQueue(before), try await declareQueue(before))
        let exchange = try await before.declareExchange("headers", durable: true)
        try await before.bind(pdf, to: exchange, arguments: ["x-match": "any", "format": "pdf", "kind": "book"])
        try await before.bind(zip, to: exchange, arguments: ["format": "zip"])
        try await before.bind(zip, to: exchange, arguments: ["format": "tar"])
        try await restartBroker()
        let after = try await Probe.openChannel()
        for (text, headers) in [
            ("pdf", ["format": "pdf"]), ("zip", ["format": "zip"]), ("tar", ["format": "tar"]),
            ("book", ["kind": "book"]),
            ("txt", ["format": "txt"]),
        ] as [(String, FieldTable)] {
            after.publish(text, to: exchange, "", BasicProperties(headers: headers))
        }
        #expect(try await after.drain(pdf) == ["pdf", "book"])
        #expect(try await after.drain(zip) == ["zip", "tar"])
    }

    @Test(
        "Of two bindings the one that was unbound stays unbound, from an exchange that is always there too",
        .proves("durability.unbound-stays-unbound", ["rabbitmq/restart/deleted"], needs: [.restart]))
    func unboundStaysUnbound() async throws {
        let before = try await Probe.openChannel()
        let queue = try await declareQueue(before)
        let exchanges = [try await before.declareExchange("direct", durable: true), "amq.direct"]
        let (kept, unbound) = (unique("kept"), unique("unbound"))
        for exchange in exchanges {
            for key in [kept, unbound] { try await before.bind(queue, to: exchange, key) }
            let unbind = QueueUnbind(queue: queue, exchange: exchange, routingKey: unbound)
            _ = try await before.call(unbind, QueueUnbindOk.self)
        }
        try await restartBroker()
        let after = try await Probe.openChannel()
        for exchange in exchanges { for key in [kept, unbound] { after.publish(key.text, to: exchange, key) } }
        #expect(try await after.drain(queue) == [kept.text, kept.text])
    }

    @Test(
        "An exchange keeps its type, its flags and its arguments",
        .proves("durability.exchange-flags", ["rabbitmq/restart/declarations"], needs: [.restart]))
    func exchangeFlags() async throws {
        let declares = ["direct", "fanout", "topic", "headers"].flatMap { type -> [ExchangeDeclare] in
            let plain = ExchangeDeclare(exchange: "", type: ShortString(truncating: type), durable: true)
            var (autoDelete, hidden, alternate) = (plain, plain, plain)
            autoDelete.autoDelete = true
            hidden.internal = true
            alternate.arguments = ["alternate-exchange": "amq.fanout"]
            return [plain, autoDelete, hidden, alternate]
        }.map { declare in
            var declare = declare
            declare.exchange = unique("exchange")
            return declare
        }
        let before = try await Probe.openChannel()
        for declare in declares { try await before.send(declare, expecting: .ok) }
        try await restartBroker()
        let after = try await Probe.openChannel()
        for declare in declares {
            #expect(try await after.exists(exchange: declare.exchange))
            // As it was declared it is declared again; any other way it is refused.
            try await after.send(declare, expecting: .ok)
            var other = declare
            other.autoDelete.toggle()
            try await after.send(other, expecting: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "After the restart an alternate exchange is used, an internal one is closed to clients, and an auto-delete one goes with its last binding",
        .proves("durability.exchange-flags-count", ["rabbitmq/restart/declarations"], needs: [.restart]))
    func exchangeFlagsCount() async throws {
        let before = try await Probe.openChannel()
        let queue = try await declareQueue(before)
        let last = try await before.declareExchange("fanout", durable: true, internal: true)
        let first = try await before.declareExchange(
            "direct", durable: true, arguments: ["alternate-exchange": .longString(last.octets)])
        let passing = try await before.declareExchange("fanout", durable: true, autoDelete: true)
        for exchange in [last, passing] { try await before.bind(queue, to: exchange) }
        try await restartBroker()
        let after = try await Probe.openChannel()
        after.publish("nobody else wants it", to: first, "key")
        after.publish("passing", to: passing)
        #expect(try await after.drain(queue) == ["nobody else wants it", "passing"])
        after.publish("closed to clients", to: last)
        expect(try await after.outcome(cause: BasicPublish.id), .channelClose(.accessRefused))
        _ = try await after.call(QueueUnbind(queue: queue, exchange: passing), QueueUnbindOk.self)
        #expect(try await !after.exists(exchange: passing))
    }

    @Test(
        "A queue keeps its arguments, and they count",
        .proves("durability.queue-arguments", ["rabbitmq/restart/declarations"], needs: [.restart]))
    func queueArguments() async throws {
        let cases: [FieldTable] = [
            ["x-max-length": 2], ["x-max-length-bytes": 2], ["x-max-length": 2, "x-overflow": "reject-publish"],
            ["x-max-priority": 4], ["x-message-ttl": 600_000], ["x-expires": 600_000],
            ["x-single-active-consumer": true],
            ["x-dead-letter-exchange": "amq.fanout", "x-dead-letter-routing-key": "key"], ["x-queue-mode": "lazy"],
        ]
        let before = try await Probe.openChannel()
        var queues: [ShortString] = []
        for arguments in cases { queues.append(try await declareQueue(before, arguments)) }
        try await restartBroker()
        let after = try await Probe.openChannel()
        for (queue, arguments) in zip(queues, cases) {
            try await after.send(QueueDeclare(queue: queue, durable: true, arguments: arguments), expecting: .ok)
            try await after.send(
                QueueDeclare(queue: queue, durable: true, arguments: ["x-max-length": 7]),
                expecting: .channelClose(.preconditionFailed))
        }
        for text in ["1", "2", "3"] {
            for queue in queues[..<4] {
                after.publish(text, to: "", queue, BasicProperties(priority: UInt8(text) ?? 0))
            }
        }
        #expect(try await after.drain(queues[0]) == ["2", "3"])
        #expect(try await after.drain(queues[1]) == ["2", "3"])
        #expect(try await after.drain(queues[2]) == ["1", "2"])
        #expect(try await after.drain(queues[3]) == ["3", "2", "1"])
    }

    @Test(
        "A durable auto-delete queue is there after the restart, and goes with its last consumer",
        .proves("durability.auto-delete-queue", ["rabbitmq/restart/declarations"], needs: [.restart]))
    func autoDeleteQueue() async throws {
        let before = try await Probe.openChannel()
        let queue = try await before.declareQueue(durable: true, exclusive: false, autoDelete: true)
        try await restartBroker()
        let after = try await Probe.openChannel()
        let tag = try await after.consume(queue)
        try await after.cancel(tag)
        try await after.awaitGone(queue: queue)
    }

    @Test(
        "A lease starts over with the broker",
        .proves("durability.lease", ["rabbitmq/restart/declarations"], needs: [.restart]))
    func lease() async throws {
        let before = try await Probe.openChannel()
        let queue = try await declareQueue(before, ["x-expires": 500])
        try await restartBroker()
        try await elapse(milliseconds: 700)
        let after = try await Probe.openChannel()
        #expect(try await !after.exists(queue: queue))
    }

    @Test(
        "A deleted exchange stays gone, and one that is declared under its name has no bindings",
        .proves("durability.deleted-exchange", ["rabbitmq/restart/deleted"], needs: [.restart]))
    func deletedExchange() async throws {
        let before = try await Probe.openChannel()
        let queue = try await declareQueue(before)
        let gone = try await before.declareExchange("fanout", durable: true)
        let again = try await before.declareExchange("fanout", durable: true)
        for exchange in [gone, again] {
            try await before.bind(queue, to: exchange)
            _ = try await before.call(ExchangeDelete(exchange: exchange), ExchangeDeleteOk.self)
        }
        try await before.declareExchange("fanout", again, durable: true)
        try await restartBroker()
        let after = try await Probe.openChannel()
        #expect(try await !after.exists(exchange: gone))
        #expect(try await after.exists(exchange: again))
        after.publish("leads nowhere", to: again)
        #expect(try await after.drain(queue) == [])
    }

    @Test(
        "Queues, exchanges and bindings made between two restarts are there after the second, beside those made before",
        .proves("durability.two-restarts", ["rabbitmq/restart/second"], needs: [.restart]))
    func twoRestarts() async throws {
        let first = try await Probe.openChannel()
        let old = try await declareQueue(first)
        let exchange = try await first.declareExchange("direct", durable: true)
        try await first.bind(old, to: exchange, "old")
        try await restartBroker()
        let second = try await Probe.openChannel()
        let new = try await declareQueue(second)
        let other = try await second.declareExchange("direct", durable: true)
        for queue in [old, new] { try await second.bind(queue, to: exchange, "both") }
        try await second.bind(old, to: other, "other")
        let unbind = QueueUnbind(queue: old, exchange: exchange, routingKey: "old")
        _ = try await second.call(unbind, QueueUnbindOk.self)
        try await restartBroker()
        let third = try await Probe.openChannel()
        for (key, source) in [("old", exchange), ("both", exchange), ("other", other)] {
            third.publish(key, to: source, ShortString(truncating: key))
        }
        #expect(try await third.drain(old) == ["both", "other"])
        #expect(try await third.drain(new) == ["both"])
    }

    @Test(
        "Queues and exchanges deleted between two restarts stay gone after the second",
        .proves("durability.deleted-between-restarts", ["rabbitmq/restart/second"], needs: [.restart]))
    func deletedBetweenRestarts() async throws {
        let first = try await Probe.openChannel()
        let queue = try await declareQueue(first)
        let exchange = try await first.declareExchange("direct", durable: true)
        try await restartBroker()
        let second = try await Probe.openChannel()
        _ = try await second.call(QueueDelete(queue: queue), QueueDeleteOk.self)
        _ = try await second.call(ExchangeDelete(exchange: exchange), ExchangeDeleteOk.self)
        try await restartBroker()
        let third = try await Probe.openChannel()
        #expect(try await !third.exists(queue: queue))
        #expect(try await !third.exists(exchange: exchange))
    }

    @Test(
        "A queue of a second virtual host is there again, and there alone",
        .proves(
            "durability.second-virtual-host", ["rabbitmq/restart/declarations"], needs: [.restart, .secondVirtualHost]))
    func secondVirtualHost() async throws {
        let host = try await createVirtualHost()
        let before = try await Probe.connect { $0.login.virtualHost = host }.openChannel()
        let queue = try await declareQueue(before)
        before.publish("there", to: "", queue, BasicProperties(deliveryMode: 2))
        try await before.barrier(behind: queue)
        try await restartBroker()
        let (after, elsewhere) = (
            try await Probe.connect { $0.login.virtualHost = host }.openChannel(), try await Probe.openChannel()
        )
        #expect(try await after.drain(queue) == ["there"])
        #expect(try await !elsewhere.exists(queue: queue))
    }

    private func declareQueue(_ channel: ProbeChannel, _ arguments: FieldTable = [:]) async throws -> ShortString {
        try await channel.declareQueue(unique("durable"), durable: true, exclusive: false, arguments: arguments)
    }
}
