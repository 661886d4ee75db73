import AMQPWire
import Testing

@Suite("Declaring queues") struct DeclareCases {
    @Test(
        "An empty queue name makes the broker invent one, another each time, from its reserved range",
        .proves(
            "declare.name-from-the-broker",
            ["queue.declare.queue/default-name", "queue.declare.queue/reserved", "spec/3.1.10/naming-conventions"]))
    func nameFromTheBroker() async throws {
        let channel = try await Probe.openChannel()
        let first = try await channel.declareQueue("")
        let second = try await channel.declareQueue("")
        #expect(first != second)
        #expect(first.hasPrefix("amq."))
        channel.publish("for the first", to: "", first)
        #expect(try await channel.drain(first) == ["for the first"])
    }

    @Test(
        "A queue name of 255 octets, not all of them ASCII, names one queue",
        .proves("declare.longest-name", ["rabbitmq/queue.declare/name-length"]))
    func longestName() async throws {
        let channel = try await Probe.openChannel()
        let start = unique("café").text
        let filled = start + String(repeating: "q", count: 254 - start.utf8.count)
        let first = try await channel.declareQueue(ShortString(filled + "1"))
        let second = try await channel.declareQueue(ShortString(filled + "2"))
        #expect(first.count == 255 && first.text == filled + "1")
        channel.publish("hello", to: "", second)
        #expect(try await channel.drain(first) == [])
        #expect(try await channel.drain(second) == ["hello"])
    }

    @Test(
        "A queue name may not hold a space, a slash or another sign outside of the alphabet",
        .proves(
            "declare.queue-name-alphabet", ["queue.declare.queue/syntax"],
            rabbitmq: "Any name of valid UTF-8 is taken."))
    func queueNameAlphabet() async throws {
        let channel = try await Probe.openChannel()
        let name = ShortString(truncating: unique("a queue/of").text + "?")
        try await channel.send(
            QueueDeclare(queue: name, exclusive: true), expecting: .channelClose(.preconditionFailed), rabbitmq: .ok)
    }

    @Test(
        "A new queue may not have a name that begins with amq.",
        .proves(
            "declare.reserved-queue-name", ["queue.declare.queue/reserved", "spec/3.1.10/naming-conventions"]))
    func reservedQueueName() async throws {
        let channel = try await Probe.openChannel()
        let name = ShortString(truncating: "amq.\(unique("mine"))")
        try await channel.send(QueueDeclare(queue: name), expecting: .channelClose(.accessRefused))
        #expect(try await !channel.exists(queue: name))
    }

    @Test(
        "Declaring a queue again is fine where its name begins with amq.",
        .proves(
            "declare.reserved-queue-that-exists", ["queue.declare.queue/reserved"],
            rabbitmq: "A queue that the broker has named can only be declared again passively; else it is 403."))
    func reservedQueueThatExists() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue("")
        try await channel.send(
            QueueDeclare(queue: queue, exclusive: true), expecting: .ok, rabbitmq: .channelClose(.accessRefused))
        try await channel.send(QueueDeclare(queue: queue, passive: true), expecting: .ok)
    }

    @Test(
        "Declaring an exchange again is fine where its name begins with amq.",
        .proves("declare.reserved-exchange-that-exists", ["exchange.declare.exchange/reserved"]))
    func reservedExchangeThatExists() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(ExchangeDeclare(exchange: "amq.topic", type: "topic", durable: true), expecting: .ok)
        try await channel.send(ExchangeDeclare(exchange: "amq.topic", passive: true), expecting: .ok)
    }

    @Test(
        "A passive declare of a reserved name that is not there is not found, rather than refused",
        .proves(
            "declare.reserved-name-passively", ["queue.declare.queue/reserved", "rabbitmq/passive-declare/missing"])
    )
    func reservedNamePassively() async throws {
        let channel = try await Probe.openChannel()
        let name = ShortString(truncating: "amq.\(unique("missing"))")
        try await channel.send(QueueDeclare(queue: name, passive: true), expecting: .channelClose(.notFound))
    }

    @Test(
        "A known argument of a wrong type is refused, and no queue is made",
        .proves("declare.argument-of-a-wrong-type", ["rabbitmq/limits/argument-type"]))
    func argumentOfAWrongType() async throws {
        let channel = try await Probe.openChannel()
        for name: ShortString in ["x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes", "x-max-priority"]
        {
            let queue = unique("queue")
            try await channel.send(
                QueueDeclare(queue: queue, exclusive: true, arguments: [name: "ten"]),
                expecting: .channelClose(.preconditionFailed))
            #expect(try await !channel.exists(queue: queue), "a queue was made in spite of a bad \(name)")
        }
    }

    @Test(
        "A word is refused where an argument of basic.consume is a number",
        .proves("declare.consume-argument-of-a-wrong-type", ["rabbitmq/limits/argument-type"]))
    func consumeArgumentOfAWrongType() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.send(
            BasicConsume(queue: queue, arguments: ["x-priority": "high"]),
            expecting: .channelClose(.preconditionFailed))
        #expect(try await channel.counts(of: queue).consumers == 0)
    }

    @Test(
        "declare-ok counts the messages that wait and the consumers, not what is unacknowledged",
        .proves("declare.counts", ["rabbitmq/queue.declare/counts", "rabbitmq/passive-declare/counts"]))
    func counts() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: false)
        for number in 1...3 { channel.publish("\(number)", to: "", queue) }
        _ = try #require(try await channel.get(queue, noAck: false))
        try await channel.barrier(behind: queue)
        let ok = try await channel.call(QueueDeclare(queue: queue), QueueDeclareOk.self)
        #expect(ok.messageCount == 2)
        #expect(ok.consumerCount == 0)
        let other = try await channel.probe.openChannel()
        try await other.qos(1)
        try await other.consume(queue)
        try await other.consume(queue)
        let counts = try await channel.counts(of: queue)
        #expect(counts.messages == 0)
        #expect(counts.consumers == 2)
    }

    @Test(
        "With no-wait a queue is declared without an answer",
        .proves("declare.queue-without-wait", ["spec/4.6/visibility", "queue.declare/default-binding"]))
    func queueWithoutWait() async throws {
        let channel = try await Probe.openChannel()
        let queue = unique("queue")
        channel.send(QueueDeclare(queue: queue, exclusive: true, noWait: true))
        channel.publish("hello", to: "", queue)
        // Whatever the broker said to the declare would come before its answer to the get.
        channel.send(BasicGet(queue: queue, noAck: true))
        #expect(Received(try await channel.next())?.text == "hello")
    }

    @Test(
        "At least 256 queues fit in one virtual host",
        .proves("declare.many-queues", ["queue.declare/minimum-queues", "spec/3.2.1/generous-minima"]))
    func manyQueues() async throws {
        let channel = try await Probe.openChannel()
        for _ in 1...300 { channel.send(QueueDeclare(exclusive: true)) }
        var names: Set<ShortString> = []
        for _ in 1...300 { names.insert(try await channel.receive(QueueDeclareOk.self).queue) }
        #expect(names.count == 300)
        let last = try #require(names.max())
        channel.publish("hello", to: "", last)
        #expect(try await channel.drain(last) == ["hello"])
    }

    @Test(
        "A declaration that is refused makes no queue",
        .proves("declare.refused-makes-none", ["rabbitmq/max-length/invalid"]))
    func refusedMakesNone() async throws {
        let channel = try await Probe.openChannel()
        let name = unique("queue")
        try await channel.send(
            QueueDeclare(queue: name, arguments: ["x-max-length": -1]), expecting: .channelClose(.preconditionFailed))
        #expect(try await !channel.exists(queue: name))
    }
}
