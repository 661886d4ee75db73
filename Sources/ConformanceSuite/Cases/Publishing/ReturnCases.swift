import AMQPWire
import Testing

@Suite("Returned messages") struct ReturnCases {
    @Test(
        "A mandatory message without a queue comes back whole: 312, exchange, key, properties and body",
        .proves("returns.comes-back-whole", ["basic.publish.mandatory/01", "spec/3.1.1/body-untouched"]))
    func comesBackWhole() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let properties = BasicProperties(
            contentType: "text/plain", headers: ["kept": "yes"], deliveryMode: 2, correlationID: "17")
        channel.publish("nobody wants it", to: exchange, "no.queue", properties, mandatory: true)
        guard case .method(.basicReturn(let returned), let content?) = try await channel.next() else {
            return note(.failed, "the first thing to come is not a basic.return")
        }
        #expect(returned.replyCode == .noRoute)
        #expect(returned.exchange == exchange)
        #expect(returned.routingKey == "no.queue")
        #expect(content.properties == properties)
        #expect(content.text == "nobody wants it")
    }

    @Test(
        "A mandatory message that a queue takes does not come back",
        .proves("returns.not-when-routed", ["basic.publish.mandatory/01"]))
    func notWhenRouted() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("routed", to: "", queue, mandatory: true)
        channel.publish("lost", to: "", unique("nobody"), mandatory: true)
        #expect(try await channel.returned().text == "lost")
        #expect(try await channel.drain(queue) == ["routed"])
    }

    @Test(
        "A message that is not mandatory is dropped in silence when it has no queue",
        .proves("returns.not-when-not-mandatory", ["basic.publish.mandatory/01"]))
    func notWhenNotMandatory() async throws {
        let channel = try await Probe.openChannel()
        channel.publish("dropped", to: "", unique("nobody"))
        channel.publish("returned", to: "", unique("nobody"), mandatory: true)
        #expect(Received(try await channel.next())?.text == "returned")
    }

    @Test(
        "A mandatory message comes back when the exchange has queues, but none for its key",
        .proves("returns.no-queue-for-the-key", ["basic.publish.mandatory/01"]))
    func noQueueForTheKey() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("topic")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: exchange, "orders.*")
        channel.publish("offer", to: exchange, "offers.new", mandatory: true)
        channel.publish("order", to: exchange, "orders.new", mandatory: true)
        #expect(try await channel.returned().routingKey == "offers.new")
        #expect(try await channel.drain(queue) == ["order"])
        #expect(channel.probe.arrived(on: channel.number).isEmpty, "the routed one came back, too")
    }

    @Test(
        "An empty message comes back as well",
        .proves("returns.empty-body", ["basic.publish.mandatory/01", "spec/3.1.1/body-untouched"]))
    func emptyBody() async throws {
        let channel = try await Probe.openChannel()
        channel.publish("", to: "", unique("nobody"), BasicProperties(type: "empty"), mandatory: true)
        let message = try await channel.returned()
        #expect(message.text == "")
        #expect(message.properties.type == "empty")
    }

    @Test(
        "Returned messages come back to the channel that published them",
        .proves("returns.to-the-publishing-channel", ["basic.publish.mandatory/01", "spec/4.3/many-channels"]))
    func toThePublishingChannel() async throws {
        let first = try await Probe.openChannel()
        let second = try await first.probe.openChannel()
        first.publish("of the first", to: "", unique("nobody"), mandatory: true)
        second.publish("of the second", to: "", unique("nobody"), mandatory: true)
        #expect(Received(try await first.next())?.text == "of the first")
        #expect(Received(try await second.next())?.text == "of the second")
    }

    @Test(
        "Publishing to a missing exchange closes the channel, mandatory or not",
        .proves("returns.missing-exchange", ["basic.publish.exchange/must-exist"]))
    func missingExchange() async throws {
        let channel = try await Probe.openChannel()
        for mandatory in [false, true] {
            channel.publish("hello", to: unique("missing"), "key", mandatory: mandatory)
            expect(try await channel.outcome(cause: BasicPublish.id), .channelClose(.notFound))
        }
    }

    @Test(
        "An immediate message that no consumer waits for",
        .proves(
            "returns.immediate", ["basic.publish.immediate/01"],
            rabbitmq: "The flag was dropped in RabbitMQ 3.0: it closes the connection with 540."))
    func immediate() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("now or never", to: "", queue, immediate: true)
        channel.send(ProbeChannel.barrierMethod)
        let seen = try await channel.probe.outcome(
            on: channel.number, until: { $0.method?.id == BasicReturn.id }, cause: BasicPublish.id,
            at: #_sourceLocation)
        expect(seen, .ok, rabbitmq: .connectionClose(.notImplemented))
    }

    @Test(
        "A mandatory message to an internal exchange is refused, and does not come back",
        .proves("returns.internal-exchange", ["basic.publish.exchange/02"]))
    func internalExchange() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("fanout", internal: true)
        channel.publish("hello", to: exchange, mandatory: true)
        let first = try await channel.probe.event(on: channel.number, "channel.close") { _ in true }
        guard case .method(.channelClose(let close), _) = first else {
            return note(.failed, "expected a channel.close, got \(first)")
        }
        #expect(close.replyCode == .accessRefused)
        #expect(close.cause == BasicPublish.id)
    }

    @Test(
        "An empty exchange name in basic.publish means the default exchange",
        .proves("returns.default-exchange", ["basic.publish.exchange/default-exchange", "exchange/default-exchange"]))
    func defaultExchange() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("there", to: "", queue, mandatory: true)
        channel.publish("not there", to: "", unique("nobody"), mandatory: true)
        #expect(try await channel.returned().exchange == "")
        #expect(try await channel.get(queue)?.exchange == "")
    }
}
