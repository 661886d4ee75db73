import AMQPWire
import Testing

/// RabbitMQ's message tracing, seen by somebody who may not switch it on.
@Suite("Firehose") struct FirehoseCases {
    @Test(
        "amq.rabbitmq.trace is there, a topic exchange",
        .proves("firehose.exchange", ["rabbitmq/firehose/exchange"]))
    func exchange() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            ExchangeDeclare(exchange: "amq.rabbitmq.trace", type: "topic", durable: true, internal: true),
            expecting: .ok)
    }

    @Test(
        "Clients may bind to amq.rabbitmq.trace, and not publish to it",
        .proves("firehose.internal", ["rabbitmq/firehose/exchange-internal"]))
    func isInternal() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: "amq.rabbitmq.trace", "#")
        channel.publish("forged", to: "amq.rabbitmq.trace", "publish.forged")
        expect(try await channel.outcome(cause: BasicPublish.id), .channelClose(.accessRefused))
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "Nothing arrives at amq.rabbitmq.trace unless tracing is switched on",
        .proves("firehose.off", ["rabbitmq/firehose/off-by-default"]))
    func off() async throws {
        let channel = try await Probe.openChannel()
        let traced = try await channel.declareQueue()
        try await channel.bind(traced, to: "amq.rabbitmq.trace", "#")
        let queue = try await channel.declareQueue()
        channel.publish("hello", to: "", queue)
        #expect(try await channel.drain(queue) == ["hello"])
        #expect(try await channel.drain(traced) == [])
    }

    @Test(
        "A copy of each publish says what was published where, and by whom",
        .proves(
            "firehose.publish",
            ["rabbitmq/firehose/publish-key", "rabbitmq/firehose/headers", "rabbitmq/firehose/body"], needs: [.admin]))
    func publish() async throws {
        let channel = try await Probe.openChannel()
        let (traced, queue) = (try await channel.declareQueue(), try await channel.declareQueue())
        try await channel.bind(queue, to: "amq.topic", "a.#")
        try await channel.bind(traced, to: "amq.rabbitmq.trace", "publish.amq.topic")
        try await administer("trace_on")
        channel.publish(
            "hello", to: "amq.topic", "a.b",
            BasicProperties(
                contentType: "text/plain", headers: ["CC": ["a.c"], "BCC": ["a.d"], "x": 1], deliveryMode: 2,
                messageID: "id"))
        try await channel.barrier(behind: queue)
        try await administer("trace_off")
        let copy = try #require(try await channel.get(traced))
        #expect(copy.text == "hello")
        #expect(copy.exchange == "amq.rabbitmq.trace" && copy.routingKey == "publish.amq.topic")
        let headers = try #require(copy.properties.headers)
        #expect(headers["exchange_name"] == "amq.topic")
        #expect(headers["routing_keys"] == ["a.b", "a.c", "a.d"])
        #expect(headers["routed_queues"] == [.longString(queue.octets)])
        #expect(headers["user"] == .string(try Probe.handshake().login.user))
        #expect(headers["vhost"] == .string(try Probe.handshake().login.virtualHost))
        #expect(headers["channel"] == 1)
        #expect(headers["connection"]?.text != nil && headers["node"]?.text != nil)
        let properties = try #require(headers["properties"]?.table)
        #expect(properties["content_type"] == "text/plain")
        #expect(properties["delivery_mode"]?.integer == 2)
        #expect(properties["message_id"] == "id")
        #expect(properties["headers"] == ["CC": ["a.c"], "x": 1])
    }

    @Test(
        "A copy of each delivery says which queue it came from, and whether for the first time",
        .proves(
            "firehose.deliver",
            ["rabbitmq/firehose/deliver-key", "rabbitmq/firehose/headers", "rabbitmq/firehose/body"], needs: [.admin]))
    func deliver() async throws {
        let channel = try await Probe.openChannel()
        let (traced, queue) = (try await channel.declareQueue(), try await channel.declareQueue())
        try await channel.bind(traced, to: "amq.rabbitmq.trace", try ShortString("deliver.\(queue)"))
        try await administer("trace_on")
        channel.publish("hello", to: "", queue)
        try await channel.barrier(behind: queue)
        let first = try #require(try await channel.get(queue, noAck: false))
        channel.reject(first, requeue: true)
        _ = try await channel.consume(queue)
        _ = try await channel.delivery()
        try await channel.barrier(behind: traced)
        try await administer("trace_off")
        var copies: [Received] = []
        while let copy = try await channel.get(traced) { copies.append(copy) }
        #expect(copies.map(\.text) == ["hello", "hello"])
        #expect(copies.map { $0.properties.headers?["redelivered"]?.integer } == [0, 1])
        #expect(copies.map { $0.properties.headers?["exchange_name"] } == ["", ""])
        #expect(
            copies.map { $0.properties.headers?["routing_keys"] } == [
                [.longString(queue.octets)], [.longString(queue.octets)],
            ])
        #expect(copies.allSatisfy { $0.properties.headers?["routed_queues"] == nil })
    }

    @Test(
        "A restart switches tracing off",
        .proves("firehose.off-after-a-restart", ["rabbitmq/firehose/off-by-default"], needs: [.admin, .restart]))
    func offAfterARestart() async throws {
        let before = try await Probe.openChannel()
        let traced = try await before.declareQueue(durable: true, exclusive: false)
        try await before.bind(traced, to: "amq.rabbitmq.trace", "publish.amq.fanout")
        try await administer("trace_on")
        let witness = try await Probe.openChannel()
        witness.publish("while it is on", to: "amq.fanout")
        try await witness.barrier()
        #expect(try await witness.drain(traced) == ["while it is on"])
        try await restartBroker()
        let after = try await Probe.openChannel()
        after.publish("after the restart", to: "amq.fanout")
        try await after.barrier()
        #expect(try await after.drain(traced) == [])
    }

    @Test(
        "A copy of a publish names each queue that it went to, and a copy of a delivery each key",
        .proves("firehose.several-queues", ["rabbitmq/firehose/headers"], needs: [.admin]))
    func severalQueues() async throws {
        let channel = try await Probe.openChannel()
        let traced = try await channel.declareQueue()
        let queues = try await [channel.declareQueue(), channel.declareQueue(), channel.declareQueue()]
        let exchange = try await channel.declareExchange("direct")
        for (queue, key) in zip(queues, ["a", "b", "b"] as [ShortString]) {
            try await channel.bind(queue, to: exchange, key)
        }
        try await channel.bind(traced, to: "amq.rabbitmq.trace", try ShortString("publish.\(exchange)"))
        try await channel.bind(traced, to: "amq.rabbitmq.trace", try ShortString("deliver.\(queues[2])"))
        try await administer("trace_on")
        channel.publish("hello", to: exchange, "a", BasicProperties(headers: ["CC": ["b"]]))
        for queue in queues { #expect(try await channel.get(queue)?.text == "hello") }
        try await channel.barrier(behind: traced)
        try await administer("trace_off")
        let (publish, deliver) = (
            try #require(try await channel.get(traced)).headers, try #require(try await channel.get(traced)).headers
        )
        let routed = publish["routed_queues"]?.array?.compactMap(\.text).sorted()
        #expect(routed == queues.map(\.text).sorted())
        #expect(publish["routing_keys"] == ["a", "b"] && deliver["routing_keys"] == ["a", "b"])
    }

    @Test(
        "Once tracing is switched off nothing more is copied",
        .proves("firehose.off-again", ["rabbitmq/firehose/off-by-default"], needs: [.admin]))
    func offAgain() async throws {
        let channel = try await Probe.openChannel()
        let traced = try await channel.declareQueue()
        try await channel.bind(traced, to: "amq.rabbitmq.trace", "publish.amq.fanout")
        for round in 1...2 {
            try await administer("trace_on")
            // A channel that is there already may have to hear of it first.
            let witness = try await Probe.openChannel()
            witness.publish("copied \(round)", to: "amq.fanout")
            try await witness.barrier()
            try await administer("trace_off")
            let other = try await Probe.openChannel()
            other.publish("not copied", to: "amq.fanout")
            try await other.barrier()
        }
        #expect(try await channel.drain(traced) == ["copied 1", "copied 2"])
    }
}
