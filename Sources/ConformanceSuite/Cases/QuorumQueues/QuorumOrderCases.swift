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
        "A young message of low priority waits behind all that are higher",
        .proves(
            "quorum.priorities-by-age", ["rabbitmq/quorum/priorities"], needs: [.quorumQueues],
            rabbitmq: .before("4.3", "In 4.0 there are two, above 4 and not; in 3.10 they mean nothing.")))
    func prioritiesByAge() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        for (number, priority) in [9, 9, 9, 9, 3, 4].enumerated() as EnumeratedSequence<[UInt8]> {
            channel.publish("\(number)", to: "", queue, BasicProperties(priority: priority))
        }
        let seen = try await channel.drainWhole(queue)
        expect(
            seen, spec: ["0", "1", "2", "3", "5", "4"], rabbitmq: ["0", "1", "2", "3", "4", "5"], before: "4.3",
            "the order")
    }

    @Test(
        "A message that comes back takes nobody's turn",
        .proves(
            "quorum.returns-and-priorities", ["rabbitmq/quorum/returns-first", "rabbitmq/quorum/priorities"],
            needs: [.quorumQueues],
            rabbitmq: .before(
                "4.3",
                "In 3.10 priorities mean nothing. In 4.0 behind two high ones an older one of the others has its turn.")
        ))
    func returnsAndPriorities() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue(["x-delivery-limit": 9])
        for (number, priority) in [nil, 9, 9, 9].enumerated() as EnumeratedSequence<[UInt8?]> {
            channel.publish("\(number)", to: "", queue, BasicProperties(priority: priority))
        }
        try await channel.barrier(behind: queue)
        channel.reject(try #require(try await channel.fetch(queue)))
        let seen = try await channel.drainWhole(queue)
        if isRabbitMQ(from: "4.0") {
            expect(seen, spec: ["1", "2", "3", "0"], rabbitmq: ["1", "2", "0", "3"], before: "4.3", "the order")
        } else {
            expect(seen, spec: ["1", "2", "3", "0"], rabbitmq: ["0", "1", "2", "3"], before: "4.0", "the order")
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
        try await channel.expectReady(0, in: queue)
    }
}
