import AMQPWire
import Testing

@Suite("Order of messages") struct OrderingCases {
    @Test(
        "One publisher's messages reach one consumer in order",
        .proves("ordering.first-in-first-out", ["rabbitmq/ordering/single-consumer", "spec/4.7/ordering"]))
    func firstInFirstOut() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue, noAck: true)
        let texts = (1...500).map { "\($0)" }
        for text in texts { channel.publish(text, to: "", queue) }
        #expect(try await channel.deliveries(500).map(\.text) == texts)
    }

    @Test(
        "A backlog reaches its consumer in order, and what is published meanwhile comes behind",
        .proves("ordering.backlog-first", ["rabbitmq/ordering/single-consumer", "spec/4.7/ordering"]))
    func backlogFirst() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let texts = (1...200).map { "\($0)" }
        for text in texts.prefix(100) { channel.publish(text, to: "", queue) }
        try await channel.qos(10)
        try await channel.consume(queue)
        for text in texts.suffix(100) { channel.publish(text, to: "", queue) }
        var seen: [String] = []
        while seen.count < 200 {
            let message = try await channel.delivery()
            seen.append(message.text)
            channel.ack(message)
        }
        #expect(seen == texts)
    }

    @Test(
        "Through an exchange each queue gets the messages in order, whatever key they had",
        .proves("ordering.through-an-exchange", ["spec/4.7/ordering"]))
    func throughAnExchange() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let all = try await channel.declareQueue()
        let odd = try await channel.declareQueue()
        for key: ShortString in ["even", "odd"] { try await channel.bind(all, to: exchange, key) }
        try await channel.bind(odd, to: exchange, "odd")
        for number in 1...20 { channel.publish("\(number)", to: exchange, number % 2 == 0 ? "even" : "odd") }
        #expect(try await channel.drain(all) == (1...20).map { "\($0)" })
        #expect(try await channel.drain(odd) == stride(from: 1, to: 20, by: 2).map { "\($0)" })
    }

    @Test(
        "Each of two publishers' messages stay in order among themselves",
        .proves("ordering.per-publisher", ["spec/4.7/ordering"]))
    func perPublisher() async throws {
        let reader = try await Probe.openChannel()
        let queue = try await reader.declareQueue(exclusive: false)
        let other = try await Probe.openChannel()
        for number in 0..<50 {
            reader.publish("a\(number)", to: "", queue)
            other.publish("b\(number)", to: "", queue)
        }
        try await reader.consume(queue, noAck: true)
        let texts = try await reader.deliveries(100).map(\.text)
        #expect(texts.filter { $0.hasPrefix("a") } == (0..<50).map { "a\($0)" })
        #expect(texts.filter { $0.hasPrefix("b") } == (0..<50).map { "b\($0)" })
    }

    @Test(
        "Persistent and transient messages stay in order among each other",
        .proves("ordering.persistent-and-transient", ["basic/08"]))
    func persistentAndTransient() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(durable: true, exclusive: false)
        let texts = (1...30).map { "\($0)" }
        for (index, text) in texts.enumerated() {
            let mode: UInt8 = index % 3 == 0 ? 2 : 1
            channel.publish(text, to: "", queue, BasicProperties(deliveryMode: mode, priority: 4))
        }
        #expect(try await channel.drain(queue) == texts)
    }

    @Test(
        "Of two messages the one with priority 9 comes before the one with priority 0",
        .proves(
            "ordering.two-bands-of-priority", ["basic/06"],
            rabbitmq: "A queue ignores priorities unless it was declared with x-max-priority."))
    func twoBandsOfPriority() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("low", to: "", queue, BasicProperties(priority: 0))
        channel.publish("high", to: "", queue, BasicProperties(priority: 9))
        expect(
            try await channel.drain(queue), spec: ["high", "low"], rabbitmq: ["low", "high"],
            "order by priority in a plain queue")
    }

    @Test("Ten priorities may be told apart", .proves("ordering.ten-priorities", ["basic/07"]))
    func tenPriorities() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-max-priority": 9])
        for priority in UInt8(0)...9 {
            channel.publish("\(priority)", to: "", queue, BasicProperties(priority: priority))
        }
        #expect(try await channel.drain(queue) == (0...9).reversed().map { "\($0)" })
    }
}

@Suite("When an effect can be seen") struct VisibilityCases {
    @Test(
        "Behind bind-ok a message is routed; before the bind it is not",
        .proves("ordering.bind-is-visible", ["spec/4.6/visibility"]))
    func bindIsVisible() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        channel.publish("before", to: exchange, "key")
        try await channel.bind(queue, to: exchange, "key")
        channel.publish("behind", to: exchange, "key")
        #expect(try await channel.drain(queue) == ["behind"])
    }

    @Test(
        "Methods take effect in the order in which they were sent, waited for or not",
        .proves("ordering.methods-in-order", ["spec/4.6/visibility"]))
    func methodsInOrder() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let exchange = unique("exchange")
        // All in one breath, no reply awaited.
        channel.send(ExchangeDeclare(exchange: exchange, type: "direct"))
        channel.publish("unbound", to: exchange, "key")
        channel.send(QueueBind(queue: queue, exchange: exchange, routingKey: "key"))
        channel.publish("bound", to: exchange, "key")
        channel.send(QueueUnbind(queue: queue, exchange: exchange, routingKey: "key"))
        channel.publish("unbound again", to: exchange, "key")
        channel.send(ExchangeDelete(exchange: exchange))
        #expect(try await channel.drain(queue) == ["bound"])
    }

    @Test(
        "Behind delete-ok the queue is gone, for other connections as well",
        .proves("ordering.delete-is-visible", ["spec/4.6/visibility"]))
    func deleteIsVisible() async throws {
        let channel = try await Probe.openChannel()
        let other = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: false)
        #expect(try await other.exists(queue: queue))
        _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self)
        #expect(try await !other.exists(queue: queue))
        #expect(try await !channel.exists(queue: queue))
    }

    @Test(
        "Behind cancel-ok nothing more is delivered",
        .proves("ordering.cancel-is-visible", ["spec/4.6/visibility"]))
    func cancelIsVisible() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let tag = try await channel.consume(queue, noAck: true)
        for number in 1...20 { channel.publish("\(number)", to: "", queue) }
        try await channel.cancel(tag)
        let before = channel.deliveriesSoFar().map(\.text)
        channel.publish("behind", to: "", queue)
        let left = try await channel.drain(queue)
        #expect(before + left == (1...20).map { "\($0)" } + ["behind"], "each message once, the last by a fetch")
        #expect(channel.deliveriesSoFar().isEmpty)
    }

    @Test(
        "Deliveries start behind consume-ok", .proves("ordering.consume-ok-comes-first", ["spec/4.6/visibility"]))
    func consumeOkComesFirst() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for number in 1...3 { channel.publish("\(number)", to: "", queue) }
        try await channel.barrier(behind: queue)
        channel.send(BasicConsume(queue: queue, noAck: true))
        #expect(try await channel.next().method?.id == BasicConsumeOk.id)
        #expect(Received(try await channel.next())?.text == "1")
    }
}
