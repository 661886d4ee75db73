import AMQPWire
import Testing

@Suite("Quorum queues: who consumes") struct QuorumConsumerCases {
    @Test(
        "Arguments of a consumer that mean nothing are ignored",
        .proves(
            "quorum.unknown-consumer-arguments", ["rabbitmq/basic.consume/unknown-arguments"], needs: [.quorumQueues]))
    func unknownArguments() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        try await channel.consume(queue, arguments: ["x-nonesuch": "surely", "nothing": true, "x-max-length": 1])
        channel.publish(1...2, toQueue: queue)
        #expect(try await channel.deliveries(2).map(\.text) == ["1", "2"])
    }

    @Test(
        "A shared limit that comes when a consumer is there already does not stop it",
        .proves("quorum.global-qos-later", ["rabbitmq/quorum/global-qos-later"], needs: [.quorumQueues]))
    func globalQosLater() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        try await channel.consume(queue)
        try await channel.qos(1, global: true)
        channel.publish(1...3, toQueue: queue)
        #expect(try await channel.deliveries(3).map(\.text) == ["1", "2", "3"])
    }

    @Test(
        "The remaining consumer gets the messages of a lost one, marked and counted",
        .proves("quorum.lost-consumer", ["rabbitmq/quorum/abandoned"], needs: [.quorumQueues]))
    func lostConsumer() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        let other = try await Probe.openChannel()
        try await other.qos(1)
        try await other.consume(queue)
        channel.publish("lost", to: "", queue)
        _ = try await other.delivery()
        try await channel.consume(queue)
        other.probe.abort()
        let message = try await channel.delivery()
        #expect(message.redelivered)
        #expect(message.headers["x-delivery-count"]?.integer == 1)
    }

    @Test(
        "A prefetch limit that consumers share is refused when one wants to consume",
        .proves(
            "quorum.global-qos", ["rabbitmq/quorum/global-qos"], needs: [.quorumQueues],
            rabbitmq: .from("4.3", "There is no shared limit: it holds for each consumer.")))
    func globalQos() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        try await channel.qos(1, global: true)
        try await channel.send(
            BasicConsume(queue: queue, consumerTag: "all"), expecting: .connectionClose(.notImplemented), rabbitmq: .ok,
            from: "4.3")
    }

    @Test(
        "A fetch does not mind such a limit",
        .proves("quorum.global-qos-and-get", ["rabbitmq/quorum/global-qos-get"], needs: [.quorumQueues]))
    func globalQosAndGet() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        try await channel.qos(1, global: true)
        channel.publish(1...2, toQueue: queue)
        #expect(try await channel.hold(2, of: queue).map(\.text) == ["1", "2"])
    }

    @Test(
        "A consumer is handed no more than its prefetch limit",
        .proves("quorum.prefetch", ["rabbitmq/quorum/prefetch"], needs: [.quorumQueues]))
    func prefetch() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        try await channel.qos(2)
        try await channel.consume(queue)
        channel.publish(1...4, toQueue: queue)
        let first = try await channel.deliveries(2)
        try await channel.barrier(behind: queue)
        #expect(channel.deliveriesSoFar().isEmpty, "more than the prefetch limit was handed out")
        channel.ack(first[1], multiple: true)
        #expect(try await channel.deliveries(2).map(\.text) == ["3", "4"])
    }

    @Test(
        "Without a prefetch limit, a consumer of a quorum queue may hold 2,000 messages",
        .proves("quorum.prefetch-unlimited", ["rabbitmq/quorum/most-unacknowledged"], needs: [.quorumQueues]))
    func prefetchUnlimited() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        channel.publish(1...2001, toQueue: queue)
        try await channel.barrier(behind: queue)
        try await channel.consume(queue)
        let held = try await channel.deliveries(2000)
        try await channel.barrier(behind: queue)
        #expect(channel.deliveriesSoFar().isEmpty, "more than 2,000 were handed out")
        channel.ack(try #require(held.first))
        #expect(try await channel.delivery().text == "2001")
    }

    @Test(
        "Consuming exclusively from a quorum queue keeps no other consumer away",
        .proves("quorum.exclusive-consumer", ["rabbitmq/quorum/exclusive-consumer"], needs: [.quorumQueues]))
    func exclusiveConsumer() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        try await channel.consume(queue, exclusive: true)
        let other = try await Probe.openChannel()
        try await other.send(BasicConsume(queue: queue, consumerTag: "second", exclusive: true), expecting: .ok)
        #expect(try await channel.counts(of: queue).consumers == 2)
    }

    @Test(
        "A single active consumer's queue can't be fetched from",
        .proves("quorum.single-active-get", ["rabbitmq/quorum/single-active-get"], needs: [.quorumQueues]))
    func singleActiveGet() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue(["x-single-active-consumer": true])
        try await channel.send(BasicGet(queue: queue), expecting: .channelClose(.resourceLocked))
    }

    @Test(
        "Of consumers of one priority the first is active",
        .proves(
            "quorum.single-active-first", ["rabbitmq/single-active-consumer/first-is-active"], needs: [.quorumQueues]))
    func singleActiveFirst() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue(["x-single-active-consumer": true])
        for tag in ["first", "second"] as [ShortString] { try await channel.consume(queue, tag: tag) }
        channel.publish(1...3, toQueue: queue)
        #expect(try await channel.deliveries(3).map(\.consumerTag) == ["first", "first", "first"])
    }

    @Test(
        "One of a higher priority takes over as soon as the active one has settled all that it holds",
        .proves(
            "quorum.single-active-takes-over", ["rabbitmq/quorum/single-active-takes-over"], needs: [.quorumQueues],
            rabbitmq: .before("4.0", "The active one stays active until it is gone.")))
    func singleActiveTakesOver() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue(["x-single-active-consumer": true])
        try await channel.qos(2)
        try await channel.consume(queue, tag: "low")
        channel.publish(1...4, toQueue: queue)
        let held = try await channel.deliveries(2)
        try await channel.consume(queue, tag: "high", arguments: ["x-priority": 5])
        channel.ack(held[0])
        // What an ack leads to may come behind any answer but that to a later publish, which takes the same way.
        try await channel.confirmSelect()
        channel.publish("5", to: "", queue)
        _ = try await channel.confirm()
        let early = channel.deliveriesSoFar().map(\.consumerTag)
        expect(early, spec: [], rabbitmq: ["low"], before: "4.0", "who was handed more")
        channel.ack(held[1])
        expect(
            try await channel.delivery().consumerTag, spec: "high", rabbitmq: "low", before: "4.0", "who is active now")
    }

    @Test(
        "When the active one is cancelled, the one of the highest priority takes over",
        .proves(
            "quorum.single-active-cancelled", ["rabbitmq/quorum/single-active-successor"], needs: [.quorumQueues],
            rabbitmq: .before("4.0", "The one that has waited longest does.")))
    func singleActiveCancelled() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue(["x-single-active-consumer": true])
        for (tag, priority) in [("active", 9), ("second", 0), ("third", 5)] as [(ShortString, Int32)] {
            try await channel.consume(queue, tag: tag, arguments: ["x-priority": .int32(priority)])
        }
        try await channel.cancel("active")
        channel.publish("after", to: "", queue)
        expect(
            try await channel.delivery().consumerTag, spec: "third", rabbitmq: "second", before: "4.0",
            "who is active now")
    }

    @Test(
        "A consumer can't say where in a stream it begins",
        .proves("quorum.stream-offset", ["rabbitmq/quorum/stream-offset"], needs: [.quorumQueues]))
    func streamOffset() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        try await channel.send(
            BasicConsume(queue: queue, arguments: ["x-stream-offset": "first"]),
            expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "The one that follows is handed what is ready",
        .proves(
            "quorum.single-active-takes-what-is-ready", ["rabbitmq/quorum/single-active-successor"],
            needs: [.quorumQueues]))
    func singleActiveTakesWhatIsReady() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue(["x-single-active-consumer": true])
        try await channel.qos(1)
        for tag in ["first", "second"] as [ShortString] { try await channel.consume(queue, tag: tag) }
        channel.publish(1...2, toQueue: queue)
        #expect(try await channel.delivery().consumerTag == "first")
        try await channel.cancel("first")
        let next = try await channel.delivery()
        #expect(next.consumerTag == "second")
        #expect(next.text == "2")
    }

    @Test(
        "A single active consumer that was replaced waits, and is active again when the other is gone",
        .proves(
            "quorum.single-active-goes-back",
            ["rabbitmq/quorum/single-active-takes-over", "rabbitmq/quorum/single-active-successor"],
            needs: [.quorumQueues], rabbitmq: .before("4.0", "It is not replaced while it is there.")))
    func singleActiveGoesBack() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue(["x-single-active-consumer": true])
        try await channel.consume(queue, tag: "low")
        try await channel.consume(queue, tag: "high", arguments: ["x-priority": 5])
        channel.publish("1", to: "", queue)
        let first = try await channel.delivery()
        channel.ack(first)
        try await channel.cancel("high")
        channel.publish("2", to: "", queue)
        let second = try await channel.delivery()
        expect(
            [first.consumerTag, second.consumerTag], spec: ["high", "low"], rabbitmq: ["low", "low"], before: "4.0",
            "who was handed a message")
    }

    @Test(
        "A consumer that is being replaced settles everything first, even if the other has left",
        .proves(
            "quorum.single-active-stays", ["rabbitmq/quorum/single-active-takes-over"], needs: [.quorumQueues],
            rabbitmq: .before("4.0", "It goes on: it is not replaced while it is there.")))
    func singleActiveStays() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue(["x-single-active-consumer": true])
        try await channel.consume(queue, tag: "low")
        channel.publish("1", to: "", queue)
        let first = try await channel.delivery()
        try await channel.consume(queue, tag: "high", arguments: ["x-priority": 5])
        try await channel.cancel("high")
        // Counts of a quorum queue come late on RabbitMQ, and say nothing of a publish that it has not taken yet.
        try await channel.confirmSelect()
        channel.publish("2", to: "", queue)
        _ = try await channel.receive(BasicAck.self)
        try await channel.barrier(behind: queue)
        let early = channel.deliveriesSoFar().map(\.text)
        expect(early, spec: [], rabbitmq: ["2"], before: "4.0", "what came while the first was held")
        channel.ack(first)
        if early.isEmpty { #expect(try await channel.delivery().text == "2") }
    }
}
