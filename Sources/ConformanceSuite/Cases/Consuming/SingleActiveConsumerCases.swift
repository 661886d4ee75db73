import AMQPWire
import Testing

@Suite("Queues with a single active consumer") struct SingleActiveConsumerCases {
    @Test(
        "Only one consumer gets messages: the first that registered",
        .proves(
            "single-active.first-only",
            ["rabbitmq/single-active-consumer/one-at-a-time", "rabbitmq/single-active-consumer/first-is-active"]))
    func firstOnly() async throws {
        let (channel, queue) = try await open()
        for number in 1...4 { channel.publish("\(number)", to: "", queue) }
        let messages = try await channel.deliveries(4)
        #expect(messages.map(\.consumerTag) == ["first", "first", "first", "first"])
        #expect(try await channel.counts(of: queue).consumers == 2)
    }

    @Test(
        "A full window does not make a waiting one active",
        .proves("single-active.full-window", ["rabbitmq/single-active-consumer/busy-still-active"]))
    func fullWindow() async throws {
        let (channel, queue) = try await open(window: 1)
        for number in 1...2 { channel.publish("\(number)", to: "", queue) }
        let first = try await channel.delivery()
        try await channel.barrier(behind: queue)
        #expect(channel.deliveriesSoFar().isEmpty, "the waiting consumer was given a message")
        channel.ack(first)
        #expect(try await channel.delivery().consumerTag == "first")
    }

    @Test(
        "The active one gets its message when another queue's consumer makes room in the window that both share",
        .proves(
            "single-active.shared-window",
            ["rabbitmq/single-active-consumer/busy-still-active", "rabbitmq/consumer-prefetch/per-channel"],
            rabbitmq: .from("4.3", "The window is each consumer's own, and it gets the message at once.")))
    func sharedWindow() async throws {
        let channel = try await Probe.openChannel()
        try await channel.qos(1, global: true)
        let (queue, other) = (try await declare(channel), try await channel.declareQueue())
        try await channel.consume(queue, tag: "active")
        try await channel.consume(other, tag: "other")
        channel.publish("fills the window", to: "", other)
        let message = try await channel.delivery()
        channel.publish("waits", to: "", queue)
        try await channel.barrier(behind: queue)
        let early = channel.deliveriesSoFar()
        expect(early.map(\.text), spec: [], rabbitmq: ["waits"], from: "4.3", "what came beside a full window")
        guard early.isEmpty else { return }
        channel.ack(message)
        let waited = try await channel.delivery()
        #expect(waited.text == "waits")
        #expect(waited.consumerTag == "active")
    }

    @Test(
        "When the active one is cancelled, the next takes over, and the queue follows in order",
        .proves("single-active.cancelled", ["rabbitmq/single-active-consumer/failover-cancel"]))
    func cancelled() async throws {
        // Of those that wait the one with the highest priority is next, and of equal ones the first.
        for (priority, next) in [(0, "second"), (5, "third")] as [(Int32, ShortString)] {
            let (channel, queue) = try await open()
            try await channel.consume(queue, tag: "third", arguments: ["x-priority": .int32(priority)])
            channel.publish("1", to: "", queue)
            #expect(try await channel.delivery().consumerTag == "first")
            try await channel.cancel("first")
            for number in 2...4 { channel.publish("\(number)", to: "", queue) }
            let later = try await channel.deliveries(3)
            #expect(later.map(\.text) == ["2", "3", "4"])
            #expect(later.map(\.consumerTag) == [next, next, next])
        }
    }

    @Test(
        "When the channel of the active one closes, the next gets what it held, and then the rest",
        .proves("single-active.channel-closed", ["rabbitmq/single-active-consumer/failover-close"]))
    func channelClosed() async throws {
        let active = try await Probe.openChannel()
        let waiting = try await active.probe.openChannel()
        let queue = try await declare(active)
        try await takeOver(queue, active: active, waiting: waiting) { try await active.close() }
    }

    @Test(
        "When the connection of the active one is lost, the next gets what it held, and then the rest",
        .proves("single-active.connection-lost", ["rabbitmq/single-active-consumer/failover-close"]))
    func connectionLost() async throws {
        let active = try await Probe.openChannel()
        let waiting = try await Probe.openChannel()
        let queue = try await declare(waiting, exclusive: false)
        try await takeOver(queue, active: active, waiting: waiting) { active.probe.finish() }
    }

    private func takeOver(
        _ queue: ShortString, active: ProbeChannel, waiting: ProbeChannel, when isLost: () async throws -> Void
    ) async throws {
        try await active.qos(1)
        try await active.consume(queue)
        try await waiting.consume(queue)
        for text in ["held", "not delivered yet"] { waiting.publish(text, to: "", queue) }
        #expect(try await active.delivery().text == "held")
        try await isLost()
        let messages = try await waiting.deliveries(2)
        #expect(messages.map(\.text) == ["held", "not delivered yet"])
        #expect(messages.map(\.redelivered) == [true, false])
    }

    @Test(
        "After its cancel the old consumer may still acknowledge what it holds",
        .proves("single-active.unacked-stay", ["rabbitmq/single-active-consumer/unacked-stay"]))
    func unackedStay() async throws {
        let (channel, queue) = try await open()
        channel.publish("1", to: "", queue)
        let one = try await channel.delivery()
        try await channel.cancel("first")
        channel.publish("2", to: "", queue)
        let two = try await channel.delivery()
        #expect(two.text == "2", "what the old consumer holds must not be handed out again")
        channel.ack(one)
        channel.ack(two)
        expect(try await channel.outcome(), .ok)
        try await channel.close()
        let after = try await channel.probe.openChannel()
        #expect(try await after.drain(queue) == [])
    }

    @Test(
        "Fetching from such a queue works beside its consumers, and beside what was fetched before",
        .proves("single-active.fetched", ["rabbitmq/single-active-consumer/one-at-a-time"]))
    func fetched() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await declare(channel)
        for number in 1...3 { channel.publish("\(number)", to: "", queue) }
        for number in 1...2 { #expect(try await channel.get(queue, noAck: false)?.text == "\(number)") }
        try await channel.consume(queue, tag: "active")
        #expect(try await channel.delivery().text == "3")
    }

    @Test(
        "Exclusive consume on such a queue is refused",
        .proves("single-active.no-exclusive", ["rabbitmq/single-active-consumer/no-exclusive"]))
    func noExclusive() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await declare(channel)
        try await channel.send(
            BasicConsume(queue: queue, exclusive: true), expecting: .channelClose(.accessRefused))
    }

    @Test(
        "A redeclare without the flag is refused, and so is a flag that is not a boolean",
        .proves("single-active.equivalence", ["rabbitmq/single-active-consumer/equivalence"]))
    func equivalence() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await declare(channel)
        try await channel.send(
            QueueDeclare(queue: queue, exclusive: true), expecting: .channelClose(.preconditionFailed))
        let declare = QueueDeclare(
            queue: unique("queue"), exclusive: true, arguments: ["x-single-active-consumer": "true"])
        try await channel.send(declare, expecting: .channelClose(.preconditionFailed))
    }

    private func declare(_ channel: ProbeChannel, exclusive: Bool = true) async throws -> ShortString {
        try await channel.declareQueue(exclusive: exclusive, arguments: ["x-single-active-consumer": true])
    }

    /// A queue with two consumers, "first" and "second".
    private func open(window: UInt16 = 0) async throws -> (ProbeChannel, ShortString) {
        let channel = try await Probe.openChannel()
        let queue = try await declare(channel)
        try await channel.qos(window)
        for tag in ["first", "second"] as [ShortString] { try await channel.consume(queue, tag: tag) }
        return (channel, queue)
    }
}
