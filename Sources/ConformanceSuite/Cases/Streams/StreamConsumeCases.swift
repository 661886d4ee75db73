import AMQPWire
import Testing

@Suite("Streams: how they are consumed") struct StreamConsumeCases {
    private func open(
        _ numbers: ClosedRange<Int>, _ arguments: FieldTable = [:]
    ) async throws -> (channel: ProbeChannel, stream: ShortString) {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream(arguments)
        try await channel.fill(stream, numbers)
        return (channel, stream)
    }

    // MARK: What is refused

    @Test(
        "A consumer of a stream has to have a prefetch limit",
        .proves("stream.prefetch-required", ["rabbitmq/stream/prefetch-required"], needs: [.streams]))
    func prefetchRequired() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        try await channel.send(
            BasicConsume(queue: stream, consumerTag: "greedy"), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A consumer of a stream has to acknowledge",
        .proves("stream.no-ack", ["rabbitmq/stream/acknowledgements"], needs: [.streams]))
    func noAck() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        try await channel.qos(10)
        try await channel.send(
            BasicConsume(queue: stream, consumerTag: "silent", noAck: true),
            expecting: .connectionClose(.notImplemented))
    }

    @Test(
        "A prefetch limit that consumers share is refused",
        .proves(
            "stream.global-qos", ["rabbitmq/stream/global-qos"], needs: [.streams],
            rabbitmq: .from("4.3", "There is no shared limit: it holds for each consumer.")))
    func globalQos() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        try await channel.qos(10)
        try await channel.qos(5, global: true)
        try await channel.send(
            BasicConsume(queue: stream, consumerTag: "all"), expecting: .connectionClose(.notImplemented),
            rabbitmq: .ok, from: "4.3")
    }

    @Test(
        "A consumer has no priority",
        .proves("stream.consumer-priority", ["rabbitmq/stream/consumer-priority"], needs: [.streams]))
    func consumerPriority() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        try await channel.qos(10)
        try await channel.send(
            BasicConsume(queue: stream, consumerTag: "first", arguments: ["x-priority": 5]),
            expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "An offset that makes no sense is refused",
        .proves("stream.bad-offset", ["rabbitmq/stream/offset-checked"], needs: [.streams]))
    func badOffset() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        for offset in ["1x", "1h1m", "0s", "3"] as [FieldValue] {
            try await channel.qos(10)
            try await channel.send(
                BasicConsume(queue: stream, consumerTag: "lost", arguments: ["x-stream-offset": offset]),
                expecting: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "The exclusive bit has no effect",
        .proves("stream.exclusive-consumer", ["rabbitmq/stream/exclusive-consumer"], needs: [.streams]))
    func exclusiveConsumer() async throws {
        let (channel, stream) = try await open(1...1)
        try await channel.qos(10)
        try await channel.consume(stream, exclusive: true, arguments: ["x-stream-offset": "first"])
        #expect(try await channel.delivery().text == "1")
        let other = try await Probe.openChannel()
        try await other.qos(10)
        try await other.consume(stream, exclusive: true, arguments: ["x-stream-offset": "first"])
        #expect(try await other.delivery().text == "1")
    }

    // MARK: Credit

    @Test(
        "A consumer is handed no more than its prefetch limit, and one for each that it acknowledges",
        .proves("stream.credit", ["rabbitmq/stream/credit"], needs: [.streams]))
    func credit() async throws {
        let (channel, stream) = try await open(1...6)
        try await channel.read(stream, from: "first", prefetch: 2)
        let held = try await channel.deliveries(2)
        try await channel.barrier(behind: stream)
        #expect(channel.deliveriesSoFar().isEmpty, "more than the prefetch limit was handed out")
        channel.ack(held[1])
        #expect(try await channel.delivery().text == "3")
        try await channel.barrier(behind: stream)
        #expect(channel.deliveriesSoFar().isEmpty, "more was handed out than was acknowledged")
    }

    @Test(
        "An acknowledgement of several makes room for as many",
        .proves("stream.credit-of-several", ["rabbitmq/stream/credit"], needs: [.streams]))
    func creditOfSeveral() async throws {
        let (channel, stream) = try await open(1...9)
        try await channel.read(stream, from: "first", prefetch: 3)
        channel.ack(try await channel.deliveries(3)[2], multiple: true)
        #expect(try await channel.deliveries(3).map(\.text) == ["4", "5", "6"])
        try await channel.barrier(behind: stream)
        #expect(channel.deliveriesSoFar().isEmpty)
    }

    @Test(
        "A refusal makes room as an acknowledgement does, and brings nothing back",
        .proves(
            "stream.nack", ["rabbitmq/stream/refusals"], needs: [.streams],
            rabbitmq: .before("4.0", "It is answered with 540 on the connection.")))
    func nack() async throws {
        let (channel, stream) = try await open(1...5)
        try await channel.read(stream, from: "first", prefetch: 1)
        channel.nack(try await channel.delivery())
        let outcome = try await channel.outcome(cause: BasicNack.id)
        expect(outcome, .ok, rabbitmq: .connectionClose(.notImplemented), before: "4.0")
        guard outcome == .ok else { return }
        #expect(try await channel.delivery().text == "2")
    }

    @Test(
        "A rejection makes room as an acknowledgement does, requeued or not",
        .proves(
            "stream.reject", ["rabbitmq/stream/refusals"], needs: [.streams],
            rabbitmq: .before("4.0", "It is answered with 540 on the connection.")))
    func reject() async throws {
        let (channel, stream) = try await open(1...5)
        try await channel.read(stream, from: "first", prefetch: 1)
        for requeue in [true, false] {
            channel.reject(try await channel.delivery(), requeue: requeue)
            let outcome = try await channel.outcome(cause: BasicReject.id)
            expect(outcome, .ok, rabbitmq: .connectionClose(.notImplemented), before: "4.0")
            guard outcome == .ok else { return }
        }
        #expect(try await channel.delivery().text == "3")
    }

    @Test(
        "Deliveries that a closed channel held do not come back: the next consumer is where it says",
        .proves("stream.no-redelivery", ["rabbitmq/stream/no-redelivery"], needs: [.streams]))
    func noRedelivery() async throws {
        let (channel, stream) = try await open(1...4)
        let other = try await channel.probe.openChannel()
        try await other.read(stream, from: "first", prefetch: 2)
        _ = try await other.deliveries(2)
        try await other.close()
        try await channel.read(stream, from: 1)
        let seen = try await channel.deliveries(3)
        #expect(seen.map(\.text) == ["2", "3", "4"])
        #expect(seen.allSatisfy { !$0.redelivered })
    }

    @Test(
        "A cancelled consumer's deliveries can still be acknowledged, and it gets no more",
        .proves("stream.cancel", ["rabbitmq/stream/cancel"], needs: [.streams]))
    func cancel() async throws {
        let (channel, stream) = try await open(1...5)
        let tag = try await channel.read(stream, from: "first", prefetch: 2)
        let held = try await channel.deliveries(2)
        try await channel.cancel(tag)
        channel.ack(held[1], multiple: true)
        try await channel.barrier(behind: stream)
        #expect(channel.deliveriesSoFar().isEmpty)
    }

    // MARK: What is handed out

    @Test(
        "A delivery says its offset in a header, beside the client's own, and in place of the client's x-stream-offset",
        .proves("stream.offset-header", ["rabbitmq/stream/offset-header"], needs: [.streams]))
    func offsetHeader() async throws {
        let (channel, stream) = try await open(1...1)
        channel.publish(
            "own", to: "", stream, BasicProperties(headers: ["x-stream-offset": 77, "kept": "yes", "a": 1]))
        try await channel.read(stream, from: "first")
        let messages = try await channel.deliveries(2)
        #expect(messages.map(\.offset) == [0, 1])
        #expect(messages[0].headers.count == 1)
        #expect(messages[1].headers["kept"]?.text == "yes" && messages[1].headers["a"]?.integer == 1)
        if case .int64? = messages[0].headers["x-stream-offset"] {} else { Issue.record("it is no long") }
    }

    @Test(
        "Exchange, key, properties and body are those that were published",
        .proves("stream.content", ["rabbitmq/stream/content"], needs: [.streams]))
    func content() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        let topics = try await channel.declareExchange("topic")
        try await channel.bind(stream, to: topics, "orders.#")
        try await channel.confirmSelect()
        let properties = BasicProperties(
            contentType: "text/plain", contentEncoding: "utf-8", deliveryMode: 2, priority: 7, correlationID: "c",
            replyTo: "r", messageID: "m", timestamp: 1_700_000_000, type: "t", appID: "a")
        channel.publish("eu", to: topics, "orders.eu", properties)
        channel.publish("", to: topics, "orders")
        let large = String(repeating: "x", count: 300_000)
        channel.publish(large, to: topics, "orders.large")
        try await channel.read(stream, from: "first")
        let messages = try await channel.deliveries(3)
        #expect(messages.map(\.routingKey) == ["orders.eu", "orders", "orders.large"])
        #expect(messages.allSatisfy { $0.exchange == topics })
        let hasArrived = messages[0].text == "eu" && messages[1].text == "" && messages[2].text == large
        #expect(hasArrived, "the bodies are not those that were published")
        var expected = properties
        expected.headers = ["x-stream-offset": .int64(0)]
        #expect(messages[0].properties == expected)
    }

    @Test(
        "A stream and another queue both get a message that is routed to both",
        .proves("stream.beside-a-queue", ["rabbitmq/stream/declare"], needs: [.streams]))
    func besideAQueue() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        let queue = try await channel.declareQueue()
        let exchange = try await channel.declareExchange("fanout")
        try await channel.bind(stream, to: exchange)
        try await channel.bind(queue, to: exchange)
        try await channel.confirmSelect()
        channel.publish("both", to: exchange)
        #expect(try await channel.confirm().isAck)
        #expect(try await channel.drain(queue) == ["both"])
        try await channel.read(stream, from: "first")
        #expect(try await channel.delivery().text == "both")
    }

    @Test(
        "A message's own expiration does not count",
        .proves("stream.expiration", ["rabbitmq/stream/no-expiration"], needs: [.streams]))
    func expiration() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        try await channel.confirmSelect()
        channel.publish("short", to: "", stream, BasicProperties(expiration: "50"))
        #expect(try await channel.confirm().isAck)
        try await elapse(milliseconds: 100)
        try await channel.read(stream, from: "first")
        #expect(try await channel.delivery().text == "short")
    }

    @Test(
        "A consumer with a filter is handed what has one of its values",
        .proves(
            "stream.filter", ["rabbitmq/stream/filter"], needs: [.streams],
            rabbitmq: .before("4.0", "There are no filters: it is handed everything.")))
    func filter() async throws {
        let (channel, stream) = try await openFiltered()
        try await channel.read(stream, from: "first", ["x-stream-filter": ["eu", "us"]])
        let first = try await channel.deliveries(2).map(\.text)
        expect(first, spec: ["eu", "us"], rabbitmq: ["eu", "asia"], before: "4.0", "what is handed out")
    }

    @Test(
        "With x-stream-match-unfiltered it is handed what has no value, too",
        .proves(
            "stream.filter-unfiltered", ["rabbitmq/stream/filter"], needs: [.streams],
            rabbitmq: .before("4.0", "There are no filters: it is handed everything.")))
    func filterUnfiltered() async throws {
        let (channel, stream) = try await openFiltered()
        try await channel.read(
            stream, from: "first", ["x-stream-filter": "us", "x-stream-match-unfiltered": true])
        let first = try await channel.deliveries(2).map(\.text)
        expect(first, spec: ["us", "none"], rabbitmq: ["eu", "asia"], before: "4.0", "what is handed out")
    }

    /// A stream of messages that say what they are about, each confirmed: so none stands in a run with others, which
    /// RabbitMQ would hand out together.
    private func openFiltered() async throws -> (channel: ProbeChannel, stream: ShortString) {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        try await channel.confirmSelect()
        for value in ["eu", "asia", "us", nil] as [String?] {
            let headers = value.map { FieldTable([.init("x-stream-filter-value", .string($0))]) }
            channel.publish(value ?? "none", to: "", stream, BasicProperties(headers: headers))
            #expect(try await channel.confirm().isAck)
        }
        return (channel, stream)
    }
}
