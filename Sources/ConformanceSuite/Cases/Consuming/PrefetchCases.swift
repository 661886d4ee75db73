import AMQPWire
import Testing

@Suite("How much a consumer may hold: its own window") struct ConsumerWindowCases {
    /// Messages that have come to the channel's consumers when nothing more can come.
    private func come(to channel: ProbeChannel, from queue: ShortString) async throws -> [Received] {
        try await channel.barrier(behind: queue)
        return channel.deliveriesSoFar()
    }

    @Test(
        "With a window of two the third message waits for an ack",
        .proves(
            "dispatch.window-limits-unacked",
            ["basic.qos.prefetch-count/01", "rabbitmq/consumer-prefetch/per-consumer"]))
    func windowLimitsUnacked() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(2)
        try await channel.consume(queue)
        for number in 1...3 { channel.publish("\(number)", to: "", queue) }
        let two = try await channel.deliveries(2)
        try await channel.barrier(behind: queue)
        #expect(channel.deliveriesSoFar().isEmpty, "a third message came although two are unacknowledged")
        channel.ack(two[0])
        #expect(try await channel.delivery().text == "3")
    }

    @Test(
        "A window may be large: with one of twenty the twenty-first message waits",
        .proves("dispatch.large-window", ["basic.qos.prefetch-count/01"]))
    func largeWindow() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(20)
        try await channel.consume(queue)
        for number in 1...21 { channel.publish("\(number)", to: "", queue) }
        #expect(try await come(to: channel, from: queue).count == 20)
    }

    @Test(
        "A window holds for what was in the queue before the consumer, too",
        .proves("dispatch.window-of-a-backlog", ["basic.qos.prefetch-count/01"]))
    func windowOfABacklog() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for number in 1...5 { channel.publish("\(number)", to: "", queue) }
        try await channel.barrier(behind: queue)
        try await channel.qos(1)
        try await channel.consume(queue)
        #expect(try await come(to: channel, from: queue).map(\.text) == ["1"])
    }

    @Test(
        "Every consumer has a window of its own",
        .proves("dispatch.window-per-consumer", ["rabbitmq/consumer-prefetch/per-consumer"]))
    func windowPerConsumer() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(2)
        for tag: ShortString in ["a", "b"] { try await channel.consume(queue, tag: tag) }
        for number in 1...6 { channel.publish("\(number)", to: "", queue) }
        let come = try await come(to: channel, from: queue)
        #expect(come.map(\.text) == ["1", "2", "3", "4"])
        #expect(come.count { $0.consumerTag == "a" } == 2)
    }

    @Test(
        "A new window applies to consumers that start later",
        .proves("dispatch.window-is-not-retroactive", ["rabbitmq/consumer-prefetch/not-retroactive"]))
    func windowIsNotRetroactive() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(1)
        try await channel.consume(queue, tag: "before")
        try await channel.qos(3)
        for number in 1...5 { channel.publish("\(number)", to: "", queue) }
        #expect(try await come(to: channel, from: queue).map(\.text) == ["1"])
        try await channel.consume(queue, tag: "after")
        let come = try await come(to: channel, from: queue)
        #expect(come.map(\.text) == ["2", "3", "4"])
        #expect(come.allSatisfy { $0.consumerTag == "after" })
    }

    @Test(
        "A window of zero means no limit", .proves("dispatch.zero-is-no-limit", ["rabbitmq/consumer-prefetch/zero"]))
    func zeroIsNoLimit() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(1)
        try await channel.qos(0)
        try await channel.consume(queue)
        for number in 1...300 { channel.publish("\(number)", to: "", queue) }
        #expect(try await channel.deliveries(300).last?.text == "300")
    }

    @Test(
        "A consumer without acks is not held back",
        .proves("dispatch.no-ack-has-no-window", ["rabbitmq/consumer-prefetch/no-ack-exempt", "basic/09"]))
    func noAckHasNoWindow() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(1)
        try await channel.consume(queue, noAck: true)
        for number in 1...5 { channel.publish("\(number)", to: "", queue) }
        #expect(try await channel.deliveries(5).map(\.text) == ["1", "2", "3", "4", "5"])
    }

    @Test(
        "A fetch ignores the window, and does not count in it",
        .proves("dispatch.get-has-no-window", ["rabbitmq/consumer-prefetch/get-exempt"]))
    func getHasNoWindow() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(1)
        try await channel.consume(queue)
        for number in 1...3 { channel.publish("\(number)", to: "", queue) }
        let delivered = try await channel.delivery()
        let fetched = try #require(try await channel.get(queue, noAck: false), "the window is not the fetch's")
        #expect(fetched.text == "2")
        channel.ack(fetched)
        #expect(try await come(to: channel, from: queue).isEmpty, "the ack of a fetched message made room")
        channel.ack(delivered)
        #expect(try await channel.delivery().text == "3")
    }

    @Test(
        "A window is the consumer's: messages that a cancelled one still holds do not hinder the next",
        .proves("dispatch.window-of-a-successor", ["rabbitmq/consumer-prefetch/per-consumer"]))
    func windowOfASuccessor() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(1)
        let first = try await channel.consume(queue)
        for number in 1...2 { channel.publish("\(number)", to: "", queue) }
        _ = try await channel.delivery()
        try await channel.cancel(first)
        try await channel.consume(queue)
        #expect(try await channel.delivery().text == "2")
    }

    @Test(
        "A window in octets lets a message through when nothing else is outstanding",
        .proves(
            "dispatch.window-in-octets", ["basic.qos.prefetch-size/01", "rabbitmq/basic.qos/prefetch-size"],
            rabbitmq: "There are no windows in octets: a prefetch-size gets 540, on the connection."))
    func windowInOctets() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let outcome = try await channel.outcome(of: BasicQos(prefetchSize: 10, prefetchCount: 0))
        expect(outcome, .ok, rabbitmq: .connectionClose(.notImplemented))
        guard outcome == .ok else { return }
        try await channel.consume(queue)
        channel.publish("much longer than ten octets", to: "", queue)
        #expect(try await channel.delivery().text == "much longer than ten octets")
    }
}

@Suite("What makes room in a window") struct WindowRefillCases {
    /// A channel whose consumer holds as many messages as its window allows, with more waiting behind.
    private func full(_ window: Int) async throws -> (channel: ProbeChannel, queue: ShortString, held: [Received]) {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(UInt16(window))
        try await channel.consume(queue)
        for number in 1...9 { channel.publish("\(number)", to: "", queue) }
        return (channel, queue, try await channel.deliveries(window))
    }

    /// What comes after the room was made, and no more than that.
    private func refill(_ channel: ProbeChannel, from queue: ShortString) async throws -> [String] {
        try await channel.barrier(behind: queue)
        return channel.deliveriesSoFar().map(\.text)
    }

    @Test("An ack makes room for one", .proves("dispatch.ack-frees", ["rabbitmq/consumer-prefetch/settle-frees"]))
    func ackFrees() async throws {
        let (channel, queue, held) = try await full(2)
        channel.ack(held[1])
        #expect(try await refill(channel, from: queue) == ["3"])
    }

    @Test(
        "An ack of several makes room for as many",
        .proves("dispatch.ack-multiple-frees", ["rabbitmq/consumer-prefetch/settle-frees"]))
    func ackMultipleFrees() async throws {
        let (channel, queue, held) = try await full(4)
        channel.ack(held[2], multiple: true)
        #expect(try await refill(channel, from: queue) == ["5", "6", "7"])
    }

    @Test(
        "A nack that drops makes room for one",
        .proves("dispatch.nack-frees", ["rabbitmq/consumer-prefetch/settle-frees"]))
    func nackFrees() async throws {
        let (channel, queue, held) = try await full(2)
        channel.nack(held[0], requeue: false)
        #expect(try await refill(channel, from: queue) == ["3"])
    }

    @Test(
        "A nack of several makes room for as many",
        .proves("dispatch.nack-multiple-frees", ["rabbitmq/consumer-prefetch/settle-frees"]))
    func nackMultipleFrees() async throws {
        let (channel, queue, held) = try await full(3)
        channel.nack(held[1], multiple: true, requeue: false)
        #expect(try await refill(channel, from: queue) == ["4", "5"])
    }

    @Test(
        "A reject that drops makes room for one",
        .proves("dispatch.reject-frees", ["rabbitmq/consumer-prefetch/settle-frees"]))
    func rejectFrees() async throws {
        let (channel, queue, held) = try await full(2)
        channel.reject(held[0], requeue: false)
        #expect(try await refill(channel, from: queue) == ["3"])
    }

    @Test(
        "A reject that requeues makes room: for the same message, as it is the first again",
        .proves("dispatch.requeue-frees", ["rabbitmq/consumer-prefetch/settle-frees"]))
    func requeueFrees() async throws {
        let (channel, queue, held) = try await full(1)
        channel.reject(held[0], requeue: true)
        #expect(try await refill(channel, from: queue) == ["1"])
    }

    @Test(
        "Recover makes room, for as many as come back",
        .proves("dispatch.recover-frees", ["rabbitmq/consumer-prefetch/settle-frees"]))
    func recoverFrees() async throws {
        let (channel, queue, _) = try await full(2)
        _ = try await channel.call(BasicRecover(requeue: true), BasicRecoverOk.self)
        #expect(try await refill(channel, from: queue) == ["1", "2"])
    }
}
