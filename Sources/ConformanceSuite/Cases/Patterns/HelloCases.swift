import AMQPWire
import Testing

@Suite("A message through the default exchange") struct HelloCases {
    @Test(
        "A new queue is reachable at once under its own name",
        .proves(
            "hello.queue-name-is-routing-key",
            [
                "queue.declare/default-binding", "exchange/default-exchange", "basic.publish.exchange/default-exchange",
                "spec/3.1.3.1/direct-and-default",
            ]))
    func queueNameIsRoutingKey() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("Hello World!", to: "", queue)
        let message = try #require(try await channel.get(queue))
        #expect(message.text == "Hello World!")
        #expect(message.exchange == "")
        #expect(message.routingKey == queue)
    }

    @Test(
        "A message reaches the queue that its key names, and no other",
        .proves("hello.only-the-queue-named", ["exchange/default-exchange", "queue.declare/default-binding"]))
    func onlyTheQueueNamed() async throws {
        let channel = try await Probe.openChannel()
        let first = try await channel.declareQueue()
        let second = try await channel.declareQueue()
        channel.publish("for the second", to: "", second)
        #expect(try await channel.drain(first) == [])
        #expect(try await channel.drain(second) == ["for the second"])
    }

    @Test("A body may be empty", .proves("hello.empty-body", ["spec/3.1.1/body-untouched"]))
    func emptyBody() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue, noAck: true)
        channel.publish("", to: "", queue, BasicProperties(type: "empty"))
        channel.publish("next", to: "", queue)
        let empty = try await channel.delivery()
        #expect(empty.content.body == [])
        #expect(empty.properties.type == "empty")
        #expect(try await channel.delivery().text == "next")
    }

    @Test(
        "A body of a mebibyte arrives octet by octet",
        .proves("hello.large-body", ["spec/3.1.1/body-untouched", "spec/4.2.6.2/reassembly"]))
    func largeBody() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        // Every octet value occurs. What repeats is longer than they are many, so frames that change places differ.
        var body: [UInt8] = Array(0...255) + [0]
        while body.count < 1_048_576 { body += body }
        body.removeLast(body.count - 1_048_576)
        channel.publish(body: body, to: "", queue)
        let message = try #require(try await channel.get(queue))
        // Not compared within #expect: it would look for the differences, octet by octet, and take minutes.
        let isUntouched = message.content.body == body
        #expect(isUntouched, "the body was changed on the way")
    }

    @Test(
        "All properties arrive as they were sent",
        .proves("hello.properties-kept", ["spec/3.1.1/body-untouched", "spec/4.2.6.1/properties"]))
    func propertiesKept() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let user = try ShortString(try Probe.handshake().login.user)
        let properties = BasicProperties(
            contentType: "text/plain", contentEncoding: "identity", headers: ["a": "text", "b": 2, "c": ["d": true]],
            deliveryMode: 2, priority: 5, correlationID: "correlation", replyTo: "somewhere", expiration: "600000",
            messageID: "message", timestamp: 1_700_000_000, type: "greeting", userID: user, appID: "suite",
            clusterID: "cluster")
        channel.publish("all", to: "", queue, properties)
        channel.publish("none", to: "", queue)
        #expect(try await channel.get(queue)?.properties == properties)
        #expect(try await channel.get(queue)?.properties == BasicProperties())
    }

    @Test(
        "A fetched message is gone: fetch by fetch the queue gets emptier, until it is empty",
        .proves("hello.get-until-empty", ["spec/4.6/visibility"]))
    func getUntilEmpty() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for number in 1...3 { channel.publish("\(number)", to: "", queue) }
        _ = try await channel.counts(of: queue)
        for (text, left) in [("1", 2), ("2", 1), ("3", 0)] {
            let message = try #require(try await channel.get(queue))
            #expect(message.text == text)
            #expect(message.messageCount == left)
        }
        #expect(try await channel.get(queue) == nil, "the queue should be empty")
    }

    @Test(
        "A message for a queue that is not there is dropped without a word",
        .proves("hello.unroutable-is-dropped", ["basic.publish.mandatory/01", "exchange/default-exchange"]))
    func unroutableIsDropped() async throws {
        let channel = try await Probe.openChannel()
        let later = unique("later")
        channel.publish("too early", to: "", later)
        try await channel.declareQueue(later)
        channel.publish("in time", to: "", later)
        #expect(try await channel.drain(later) == ["in time"])
        #expect(channel.probe.arrived(on: channel.number).isEmpty, "nothing should come back")
    }

    @Test(
        "Nothing can be bound to the default exchange",
        .proves(
            "hello.default-exchange-takes-no-binding",
            ["exchange/default-access", "queue.bind.exchange/default-exchange"],
            rabbitmq: "Publishing is all that the default exchange is for; a bind gets 403."))
    func defaultExchangeTakesNoBinding() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.send(
            QueueBind(queue: queue, exchange: "", routingKey: "other"), expecting: .ok,
            rabbitmq: .channelClose(.accessRefused))
    }

    @Test(
        "A queue cannot be unbound from the default exchange",
        .proves(
            "hello.default-exchange-keeps-its-bindings", ["queue.unbind.exchange/default-exchange"],
            rabbitmq: "An unbind gets 403, as a bind does."))
    func defaultExchangeKeepsItsBindings() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.send(
            QueueUnbind(queue: queue, exchange: "", routingKey: queue), expecting: .ok,
            rabbitmq: .channelClose(.accessRefused))
    }

    @Test(
        "The default exchange cannot be declared",
        .proves("hello.default-exchange-not-declared", ["exchange/default-access"])
    )
    func defaultExchangeNotDeclared() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            ExchangeDeclare(exchange: "", type: "direct", durable: true), expecting: .channelClose(.accessRefused))
    }

    @Test(
        "The default exchange cannot be deleted",
        .proves("hello.default-exchange-not-deleted", ["exchange/default-access"]))
    func defaultExchangeNotDeleted() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.send(ExchangeDelete(exchange: ""), expecting: .channelClose(.accessRefused))
        channel.publish("still there", to: "", queue)
        #expect(try await channel.drain(queue) == ["still there"])
    }
}
