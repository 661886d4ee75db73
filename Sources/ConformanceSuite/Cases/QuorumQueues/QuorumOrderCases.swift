import AMQPWire
import Testing

@Suite("Quorum queues: in which order") struct QuorumOrderCases {
    private func open(
        _ numbers: ClosedRange<Int>, _ arguments: FieldTable = [:]
    ) async throws -> (channel: ProbeChannel, queue: ShortString) {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue(arguments)
        channel.publish(numbers, toQueue: queue)
        return (channel, queue)
    }

    @Test(
        "Messages come in the order they were published",
        .proves("quorum.order", ["rabbitmq/quorum/order"], needs: [.quorumQueues]))
    func order() async throws {
        let (channel, queue) = try await open(1...50)
        #expect(try await channel.drainWhole(queue) == (1...50).map { "\($0)" })
    }

    @Test(
        "Returned messages come before those that were never handed out, in the order in which they came back",
        .proves(
            "quorum.order-of-returns", ["rabbitmq/quorum/order-of-returns"], needs: [.quorumQueues],
            rabbitmq: .before("4.0", "Without a delivery limit it goes to the end of the queue.")))
    func orderOfReturns() async throws {
        let (channel, queue) = try await open(1...5)
        let held = try await channel.hold(3, of: queue)
        channel.reject(held[1])
        channel.reject(held[0])
        expect(
            try await channel.drainWhole(queue), spec: ["2", "1", "4", "5"], rabbitmq: ["4", "5", "2", "1"],
            before: "4.0",
            "the order")
    }

    @Test(
        "In a queue with a delivery limit it does so in each release",
        .proves(
            "quorum.order-of-returns-with-limit", ["rabbitmq/quorum/order-of-returns"], needs: [.quorumQueues]))
    func orderOfReturnsWithLimit() async throws {
        let (channel, queue) = try await open(1...5, ["x-delivery-limit": 5])
        let held = try await channel.hold(3, of: queue)
        channel.nack(held[1])
        channel.nack(held[0])
        #expect(try await channel.drainWhole(queue) == ["2", "1", "4", "5"])
    }

    @Test(
        "In a queue whose limit is below 0, too",
        .proves(
            "quorum.order-of-returns-without-limit", ["rabbitmq/quorum/order-of-returns-without-limit"],
            needs: [.quorumQueues],
            rabbitmq: .before("4.3", "3.10 lets none come back then; in 4.0 it goes to the end of the queue.")))
    func orderOfReturnsWithoutLimit() async throws {
        let (channel, queue) = try await open(1...3, ["x-delivery-limit": -1])
        channel.nack(try #require(try await channel.fetch(queue)))
        let seen = try await channel.drainWhole(queue)
        if isRabbitMQ(from: "4.0") {
            expect(seen, spec: ["1", "2", "3"], rabbitmq: ["2", "3", "1"], before: "4.3", "the order")
        } else {
            expect(seen, spec: ["1", "2", "3"], rabbitmq: ["2", "3"], before: "4.0", "the order")
        }
    }

    @Test(
        "A nack of several brings them back in their order",
        .proves(
            "quorum.order-of-nack-multiple", ["rabbitmq/quorum/order-of-returns"], needs: [.quorumQueues],
            rabbitmq: .before("4.0", "Without a delivery limit they go to the end of the queue.")))
    func orderOfNackMultiple() async throws {
        let (channel, queue) = try await open(1...5)
        let held = try await channel.hold(3, of: queue)
        channel.nack(held[2], multiple: true)
        expect(
            try await channel.drainWhole(queue), spec: ["1", "2", "3", "4", "5"], rabbitmq: ["4", "5", "1", "2", "3"],
            before: "4.0", "the order")
    }

    @Test(
        "The messages that a closed connection held come first, in their order",
        .proves("quorum.order-after-close", ["rabbitmq/quorum/order-after-close"], needs: [.quorumQueues]))
    func orderAfterClose() async throws {
        let (channel, queue) = try await open(1...5)
        let other = try await Probe.openChannel()
        _ = try await other.hold(3, of: queue)
        try await other.probe.close()
        try await channel.awaitReady(5, in: queue)
        #expect(try await channel.drainWhole(queue) == ["1", "2", "3", "4", "5"])
    }

    @Test(
        "Messages of higher priority come first",
        .proves(
            "quorum.priorities", ["rabbitmq/quorum/priorities"], needs: [.quorumQueues],
            rabbitmq: .before(
                "4.3",
                "In 3.10 they mean nothing. In 4.0 there are two, above 4 and not, and behind two high ones an older one of "
                    + "the others has its turn.")))
    func priorities() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        for (number, priority) in [1, nil, 5, 3, 9, 40, 6].enumerated() as EnumeratedSequence<[UInt8?]> {
            channel.publish("\(number)", to: "", queue, BasicProperties(priority: priority))
        }
        let seen = try await channel.drainWhole(queue)
        let strict = ["5", "4", "6", "2", "1", "3", "0"]
        if isRabbitMQ(from: "4.0") {
            let turns = ["2", "4", "0", "5", "6", "1", "3"]
            expect(seen, spec: strict, rabbitmq: turns, before: "4.3", "the order")
        } else {
            expect(seen, spec: strict, rabbitmq: (0...6).map { "\($0)" }, before: "4.0", "the order")
        }
    }

    @Test(
        "A returned message is handed out before one of higher priority",
        .proves("quorum.returns-before-priorities", ["rabbitmq/quorum/returns-first"], needs: [.quorumQueues]))
    func returnsBeforePriorities() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue(["x-delivery-limit": 5])
        channel.publish("low", to: "", queue, BasicProperties(priority: 0))
        let low = try #require(try await channel.fetch(queue))
        channel.publish("high", to: "", queue, BasicProperties(priority: 9))
        channel.reject(low)
        #expect(try await channel.drainWhole(queue) == ["low", "high"])
    }

    @Test(
        "A message that nobody asked an acknowledgement for is gone with its delivery",
        .proves("quorum.no-ack", ["rabbitmq/quorum/declare"], needs: [.quorumQueues]))
    func noAck() async throws {
        let (channel, queue) = try await open(1...3)
        try await channel.consume(queue, noAck: true)
        #expect(try await channel.deliveries(3).map(\.text) == ["1", "2", "3"])
        #expect(try await channel.counts(of: queue).messages == 0)
    }
}

@Suite("Quorum queues: who consumes") struct QuorumConsumerCases {
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
        "Without one it may hold 2,000 messages",
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
        "Asking for it exclusively keeps nobody away",
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
        try await channel.barrier(behind: queue)
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
}
