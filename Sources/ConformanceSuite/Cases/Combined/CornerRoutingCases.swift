import AMQPWire
import Testing

@Suite("Routing: where two features meet") struct CornerRoutingCases {
    @Test(
        "A dead letter that its exchange cannot route goes to the alternate",
        .proves("alternate.dead-letters", ["rabbitmq/alternate-exchange/unroutable-goes-there"]))
    func deadLettersToTheAlternate() async throws {
        let channel = try await Probe.openChannel()
        let (alternate, target) = try await channel.declareFanoutAndQueue()
        let exchange = try await channel.declareExchange(
            "direct", arguments: ["alternate-exchange": .longString(alternate.octets)])
        let queue = try await channel.declareQueue(arguments: ["x-dead-letter-exchange": .longString(exchange.octets)])
        channel.publish("refused", to: "", queue)
        channel.reject(try #require(try await channel.get(queue, noAck: false)), requeue: false)
        try await channel.awaitReady(1, in: target)
        #expect(try await channel.drain(target) == ["refused"])
    }

    @Test(
        "A pattern that comes where another went takes nothing over from it",
        .proves("topic.word-in-anothers-place", ["spec/3.1.3.3/topic-key-words"]))
    func wordInAnothersPlace() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("topic")
        let (first, second) = (try await channel.declareQueue(), try await channel.declareQueue())
        for key: ShortString in ["a.x", "a.y"] { try await channel.bind(first, to: exchange, key) }
        _ = try await channel.call(
            QueueUnbind(queue: first, exchange: exchange, routingKey: "a.y"), QueueUnbindOk.self)
        try await channel.bind(second, to: exchange, "b.x")
        for key in ["a.b.x", "a.x", "b.x", "a.y", "b", "a"] {
            channel.publish(key, to: exchange, ShortString(truncating: key))
        }
        #expect(try await channel.drain(first) == ["a.x"])
        #expect(try await channel.drain(second) == ["b.x"])
    }

    @Test(
        "A single active consumer that a declare denies is not one that it leaves out",
        .proves("single-active.denied", ["rabbitmq/single-active-consumer/equivalence"]))
    func singleActiveConsumerDenied() async throws {
        for (first, second) in [(["x-single-active-consumer": false], [:]), ([:], ["x-single-active-consumer": false])]
            as [(FieldTable, FieldTable)]
        {
            let channel = try await Probe.openChannel()
            let queue = try await channel.declareQueue(arguments: first)
            let again = QueueDeclare(queue: queue, exclusive: true, arguments: second)
            #expect(try await channel.outcome(of: again) == .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "An empty user-id is another's",
        .proves("connection.empty-user-id", ["rabbitmq/validated-user-id/mismatch"]))
    func emptyUserID() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("nobody's", to: "", queue, BasicProperties(userID: ""))
        #expect(try await channel.outcome(cause: BasicPublish.id) == .channelClose(.preconditionFailed))
    }

    @Test(
        "A queue with a name of 255 octets can be named in CC and in BCC",
        .proves("copies.longest-name", ["rabbitmq/sender-selected/cc"]))
    func longestNameInCC() async throws {
        let channel = try await Probe.openChannel()
        let elsewhere = try await channel.declareQueue()
        for (header, length) in [("CC", 255), ("BCC", 255), ("CC", 254)] {
            let start = unique("longest").text
            let name = ShortString(truncating: start + String(repeating: "n", count: length - start.utf8.count))
            try await channel.declareQueue(name)
            let headers = FieldTable([.init(ShortString(truncating: header), .array([.longString(name.octets)]))])
            channel.publish("copied", to: "", elsewhere, BasicProperties(headers: headers))
            #expect(try await channel.drain(name) == ["copied"], "\(header), \(length) octets")
        }
    }

    @Test(
        "Bindings to an exchange that was deleted are not there after a restart, though it was declared again",
        .proves("durability.bindings-of-a-deleted-destination", ["rabbitmq/restart/declarations"], needs: [.restart]))
    func bindingsOfADeletedDestination() async throws {
        let before = try await Probe.openChannel()
        let source = try await before.declareExchange("fanout", durable: true)
        let destination = try await before.declareExchange("fanout", durable: true)
        try await before.bind(exchange: destination, to: source)
        _ = try await before.call(ExchangeDelete(exchange: destination), ExchangeDeleteOk.self)
        try await before.declareExchange("fanout", destination, durable: true)
        let queue = try await before.declareQueue(durable: true, exclusive: false)
        try await before.bind(queue, to: destination)
        before.publish("before", to: source, "")
        #expect(try await before.drain(queue) == [])
        try await restartBroker()
        let after = try await Probe.openChannel()
        after.publish("after", to: source, "")
        #expect(try await after.drain(queue) == [])
        after.publish("there", to: destination, "")
        #expect(try await after.drain(queue) == ["there"])
    }

    @Test(
        "A cycle of two queues in which messages only expire is cut at the first of them",
        .proves("dead-letter.ring-of-two", ["rabbitmq/dead-letter/automatic-cycle"]))
    func ringOfTwo() async throws {
        let channel = try await Probe.openChannel()
        let (first, second) = (unique("first"), unique("second"))
        for (queue, next) in [(first, second), (second, first)] {
            try await channel.declareQueue(
                queue,
                arguments: [
                    "x-message-ttl": 50, "x-dead-letter-exchange": "",
                    "x-dead-letter-routing-key": .longString(next.octets),
                ])
        }
        channel.publish("too old", to: "", first)
        try await channel.barrier(behind: first)
        // Once through each, and as long again.
        for _ in 1...6 {
            try await elapse(milliseconds: 60)
            for queue in [first, second] { try await channel.barrier(behind: queue) }
        }
        for queue in [first, second] { try await channel.expectReady(0, in: queue) }
        // What went round would leave each of them empty in turn, but not both of them time and again.
        for _ in 1...4 {
            try await elapse(milliseconds: 60)
            for queue in [first, second] { #expect(try await channel.counts(of: queue).messages == 0) }
        }
    }
}
