import AMQPWire
import Testing

/// What is declared, bound and deleted, in the corners that no other case looks into.
@Suite("Corner cases of what is declared") struct CornerDeclareCases {
    @Test(
        "With no-wait, a method that fails closes the channel all the same",
        .proves("declare.no-wait-failures", ["domain.no-wait/failure"]))
    func noWaitFailures() async throws {
        let channel = try await Probe.openChannel()
        let (queue, exchange) = (try await channel.declareQueue(), try await channel.declareExchange("direct"))
        try await channel.bind(queue, to: exchange, "key")
        channel.publish("in the way", to: "", queue)
        try await channel.barrier(behind: queue)
        let missing = unique("missing")
        try await channel.send(
            QueueDeclare(queue: queue, exclusive: true, noWait: true, arguments: ["x-max-length": 1]),
            expecting: .channelClose(.preconditionFailed))
        try await channel.send(
            QueueDelete(queue: queue, ifEmpty: true, noWait: true), expecting: .channelClose(.preconditionFailed))
        try await channel.send(QueuePurge(queue: missing, noWait: true), expecting: .channelClose(.notFound))
        try await channel.send(
            QueueBind(queue: queue, exchange: missing, noWait: true), expecting: .channelClose(.notFound))
        try await channel.send(
            ExchangeDeclare(exchange: exchange, type: "fanout", noWait: true),
            expecting: .channelClose(.preconditionFailed))
        try await channel.send(
            ExchangeDelete(exchange: exchange, ifUnused: true, noWait: true),
            expecting: .channelClose(.preconditionFailed))
        try await channel.send(
            ExchangeBind(destination: exchange, source: missing, noWait: true), expecting: .channelClose(.notFound))
        try await channel.send(
            BasicConsume(queue: missing, consumerTag: "nobody", noWait: true), expecting: .channelClose(.notFound))
        // None of them has done anything.
        channel.publish("behind it", to: exchange, "key")
        #expect(try await channel.drain(queue) == ["in the way", "behind it"])
    }

    @Test(
        "The order of the arguments is not compared when a queue is declared again",
        .proves("declare.arguments-in-any-order", ["rabbitmq/queue.declare/arguments-in-any-order"]))
    func argumentsInAnyOrder() async throws {
        let channel = try await Probe.openChannel()
        let arguments: [FieldTable.Field] = [
            .init("x-max-length", 10), .init("x-overflow", "drop-head"), .init("x-message-ttl", 60_000),
        ]
        let queue = try await channel.declareQueue(arguments: FieldTable(arguments))
        for order in [[2, 1, 0], [1, 0, 2], [0, 2, 1]] {
            let again = FieldTable(order.map { arguments[$0] })
            try await channel.send(QueueDeclare(queue: queue, exclusive: true, arguments: again), expecting: .ok)
        }
        try await channel.send(
            QueueDeclare(queue: queue, exclusive: true, arguments: FieldTable(Array(arguments.dropFirst()))),
            expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "An auto-delete queue stays while a consumer of any connection is there",
        .proves("pubsub.auto-delete-across-connections", ["rabbitmq/queue.declare/auto-delete-any-consumer"]))
    func autoDeleteAcrossConnections() async throws {
        for end in OtherEndsCases.End.allCases {
            let (first, second) = (try await Probe.openChannel(), try await Probe.openChannel())
            let queue = try await first.declareQueue(exclusive: false, autoDelete: true)
            try await first.consume(queue, noAck: true)
            let tag = try await second.consume(queue, noAck: true)
            try await end.befall(first)
            var consumers: UInt32 = 0
            let hasLeft = try await eventually {
                let passive = QueueDeclare(queue: queue, passive: true)
                consumers = try await second.call(passive, QueueDeclareOk.self).consumerCount
                return consumers == 1
            }
            #expect(hasLeft, "\(consumers) consumers, \(end)")
            for number in 1...2 { second.publish("\(number)", to: "", queue) }
            #expect(try await second.deliveries(2).map(\.text) == ["1", "2"], "\(end)")
            try await second.cancel(tag)
            try await second.awaitGone(queue: queue)
        }
    }

    @Test(
        "Unbinding what is not bound does not end an auto-delete exchange that was never bound",
        .proves(
            "declare.auto-delete-unbind-of-nothing", ["rabbitmq/exchange.declare/auto-delete-unbind-of-nothing"]))
    func unbindOfNothing() async throws {
        let channel = try await Probe.openChannel()
        let (queue, other) = (try await channel.declareQueue(), try await channel.declareExchange("fanout"))
        let exchange = try await channel.declareExchange("direct", autoDelete: true)
        _ = try await channel.call(QueueUnbind(queue: queue, exchange: exchange, routingKey: "key"), QueueUnbindOk.self)
        _ = try await channel.call(
            ExchangeUnbind(destination: other, source: exchange, routingKey: "key"), ExchangeUnbindOk.self)
        #expect(try await channel.exists(exchange: exchange))
        try await channel.bind(queue, to: exchange, "key")
        channel.publish("bound at last", to: exchange, "key")
        #expect(try await channel.drain(queue) == ["bound at last"])
        _ = try await channel.call(QueueUnbind(queue: queue, exchange: exchange, routingKey: "key"), QueueUnbindOk.self)
        #expect(try await !channel.exists(exchange: exchange))
    }

    @Test(
        "When a queue with a single active consumer is deleted, those that wait are told as well",
        .proves("cancel-notify.waiting-consumers", ["rabbitmq/consumer-cancel-notify/waiting"]))
    func waitingConsumers() async throws {
        let (active, waiting) = (try await Probe.openChannel(), try await Probe.openChannel())
        let queue = try await active.declareQueue(exclusive: false, arguments: ["x-single-active-consumer": true])
        try await active.consume(queue, tag: "active")
        try await active.consume(queue, tag: "second")
        try await waiting.consume(queue, tag: "third")
        active.publish("held", to: "", queue)
        #expect(try await active.delivery().consumerTag == "active")
        let other = try await Probe.openChannel()
        _ = try await other.call(QueueDelete(queue: queue), QueueDeleteOk.self)
        let told = [try await active.receive(BasicCancel.self), try await active.receive(BasicCancel.self)]
        #expect(Set(told.map(\.consumerTag)) == ["active", "second"])
        #expect(try await waiting.receive(BasicCancel.self).consumerTag == "third")
    }

    @Test(
        "A queue and an exchange may have the same name, and are bound, unbound and deleted each by itself",
        .proves("declare.queue-and-exchange-of-a-name", ["rabbitmq/names/queue-and-exchange"]))
    func queueAndExchange() async throws {
        let channel = try await Probe.openChannel()
        let name = unique("both")
        try await channel.declareQueue(name)
        try await channel.declareExchange("fanout", name)
        let (behind, source) = (try await channel.declareQueue(), try await channel.declareExchange("direct"))
        try await channel.bind(behind, to: name)
        try await channel.bind(name, to: source, "key")
        _ = try await channel.call(
            ExchangeBind(destination: name, source: source, routingKey: "key"), ExchangeBindOk.self)
        channel.publish("to both", to: source, "key")
        #expect(try await channel.drain(name) == ["to both"])
        #expect(try await channel.drain(behind) == ["to both"])
        _ = try await channel.call(
            ExchangeUnbind(destination: name, source: source, routingKey: "key"), ExchangeUnbindOk.self)
        channel.publish("to the queue", to: source, "key")
        #expect(try await channel.drain(name) == ["to the queue"])
        #expect(try await channel.drain(behind) == [])
        _ = try await channel.call(QueueDelete(queue: name), QueueDeleteOk.self)
        channel.publish("to the exchange", to: name)
        #expect(try await channel.drain(behind) == ["to the exchange"])
    }

    @Test(
        "The types of exchanges are named with their case",
        .proves(
            "declare.exchange-type-case", ["rabbitmq/exchange.declare/type-case"],
            rabbitmq: .from("3.13", "It is an error of the channel, 406.")))
    func exchangeTypeCase() async throws {
        for type: ShortString in ["Direct", "FANOUT", "Topic", "headerS"] {
            let channel = try await Probe.openChannel()
            try await channel.send(
                ExchangeDeclare(exchange: unique("exchange"), type: type), expecting: .connectionClose(.commandInvalid),
                rabbitmq: .channelClose(.preconditionFailed), from: "3.13")
        }
    }

    @Test(
        "A channel that is opened again after an error has no confirms, no transaction, no window and no last queue",
        .proves("channel.anew-after-an-error", ["rabbitmq/channel.open/anew"]))
    func anewAfterAnError() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let error = QueuePurge(queue: unique("missing"))
        try await channel.confirmSelect()
        try await channel.qos(1)
        try await channel.send(error, expecting: .channelClose(.notFound))
        // Neither confirmed nor held back.
        for number in 1...3 { channel.publish("\(number)", to: "", queue) }
        try await channel.consume(queue)
        let messages = try await channel.deliveries(3)
        #expect(messages.map(\.deliveryTag) == [1, 2, 3])
        channel.ack(messages[2], multiple: true)
        try await channel.barrier(behind: queue)
        #expect(channel.probe.arrived(on: channel.number).isEmpty)
        // In confirm mode this would be refused.
        _ = try await channel.call(TxSelect(), TxSelectOk.self)
        try await channel.send(error, expecting: .channelClose(.notFound))
        try await channel.awaitNoConsumers(of: queue)
        channel.publish("at once", to: "", queue)
        #expect(try await channel.drain(queue) == ["at once"])
        try await channel.declareQueue()
        try await channel.send(error, expecting: .channelClose(.notFound))
        try await channel.send(QueuePurge(), expecting: .channelClose(.notFound))
    }
}
