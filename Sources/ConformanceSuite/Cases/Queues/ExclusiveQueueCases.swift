import AMQPWire
import Testing

@Suite("An exclusive queue is its connection's own") struct ExclusiveQueueCases {
    /// A channel of another connection, and the name of a queue that is not for it.
    private func stranger() async throws -> (stranger: ProbeChannel, queue: ShortString, owner: ProbeChannel) {
        let owner = try await Probe.openChannel()
        let queue = try await owner.declareQueue()
        owner.publish("mine", to: "", queue)
        return (try await Probe.openChannel(), queue, owner)
    }

    private static let refused = Outcomes.channelClose(.resourceLocked)

    @Test(
        "Another connection cannot declare an exclusive queue",
        .proves("pubsub.exclusive-declare", ["queue.declare.exclusive/exclusive"]))
    func declare() async throws {
        let (stranger, queue, _) = try await stranger()
        try await stranger.send(QueueDeclare(queue: queue, exclusive: true), expecting: Self.refused)
    }

    @Test(
        "Another connection cannot declare an exclusive queue as a shared one",
        .proves("pubsub.exclusive-declare-shared", ["queue.declare.exclusive/exclusive"]))
    func declareShared() async throws {
        let (stranger, queue, _) = try await stranger()
        try await stranger.send(QueueDeclare(queue: queue), expecting: Self.refused)
    }

    @Test(
        "Another connection cannot even declare an exclusive queue passively",
        .proves(
            "pubsub.exclusive-declare-passive",
            ["rabbitmq/passive-declare/exclusive-elsewhere", "queue.declare.exclusive/exclusive"]))
    func declarePassive() async throws {
        let (stranger, queue, _) = try await stranger()
        try await stranger.send(QueueDeclare(queue: queue, passive: true), expecting: Self.refused)
    }

    @Test(
        "Another connection cannot consume from an exclusive queue",
        .proves("pubsub.exclusive-consume", ["queue.declare.exclusive/exclusive"]))
    func consume() async throws {
        let (stranger, queue, _) = try await stranger()
        try await stranger.send(BasicConsume(queue: queue), expecting: Self.refused)
    }

    @Test(
        "Another connection cannot fetch from an exclusive queue",
        .proves("pubsub.exclusive-get", ["queue.declare.exclusive/exclusive"]))
    func get() async throws {
        let (stranger, queue, owner) = try await stranger()
        try await stranger.send(BasicGet(queue: queue), expecting: Self.refused)
        #expect(try await owner.drain(queue) == ["mine"])
    }

    @Test(
        "Another connection cannot bind an exclusive queue",
        .proves("pubsub.exclusive-bind", ["queue.declare.exclusive/exclusive"]))
    func bind() async throws {
        let (stranger, queue, _) = try await stranger()
        try await stranger.send(QueueBind(queue: queue, exchange: "amq.fanout"), expecting: Self.refused)
    }

    @Test(
        "Another connection cannot unbind an exclusive queue",
        .proves("pubsub.exclusive-unbind", ["queue.declare.exclusive/exclusive"]))
    func unbind() async throws {
        let (stranger, queue, owner) = try await stranger()
        let exchange = try await owner.declareExchange("fanout")
        try await owner.bind(queue, to: exchange)
        try await stranger.send(QueueUnbind(queue: queue, exchange: exchange), expecting: Self.refused)
        owner.publish("still bound", to: exchange)
        #expect(try await owner.drain(queue) == ["mine", "still bound"])
    }

    @Test(
        "Another connection cannot unbind an exclusive queue even where it is not bound",
        .proves(
            "pubsub.exclusive-unbind-of-nothing", ["queue.declare.exclusive/exclusive"],
            rabbitmq: "An unbind that finds no binding has nothing to do, and does not look whose the queue is."))
    func unbindOfNothing() async throws {
        let (stranger, queue, _) = try await stranger()
        try await stranger.send(
            QueueUnbind(queue: queue, exchange: "amq.fanout"), expecting: Self.refused, rabbitmq: .ok)
    }

    @Test(
        "Another connection cannot purge an exclusive queue",
        .proves("pubsub.exclusive-purge", ["queue.declare.exclusive/exclusive"]))
    func purge() async throws {
        let (stranger, queue, owner) = try await stranger()
        try await stranger.send(QueuePurge(queue: queue), expecting: Self.refused)
        #expect(try await owner.drain(queue) == ["mine"])
    }

    @Test(
        "Another connection cannot delete an exclusive queue",
        .proves("pubsub.exclusive-delete", ["queue.declare.exclusive/exclusive"]))
    func delete() async throws {
        let (stranger, queue, owner) = try await stranger()
        try await stranger.send(QueueDelete(queue: queue), expecting: Self.refused)
        #expect(try await owner.exists(queue: queue))
    }

    @Test(
        "Every channel of its own connection may use an exclusive queue",
        .proves("pubsub.exclusive-on-another-channel", ["queue.declare.exclusive/exclusive"]))
    func onAnotherChannel() async throws {
        let owner = try await Probe.openChannel()
        let queue = try await owner.declareQueue()
        let sibling = try await owner.probe.openChannel()
        try await sibling.declareQueue(queue)
        sibling.publish("mine", to: "", queue)
        #expect(try await sibling.drain(queue) == ["mine"])
    }

    @Test(
        "Any connection may publish to an exclusive queue, because a publish goes through an exchange",
        .proves("pubsub.exclusive-publish", ["queue.declare.exclusive/exclusive", "queue.declare/default-binding"]))
    func publish() async throws {
        let (stranger, queue, owner) = try await stranger()
        try await owner.consume(queue, noAck: true)
        stranger.publish("yours", to: "", queue)
        #expect(try await owner.deliveries(2).map(\.text) == ["mine", "yours"])
    }

    @Test(
        "Another connection may use a queue that is not exclusive",
        .proves("pubsub.shared-queue", ["queue.declare.exclusive/types"]))
    func shared() async throws {
        let one = try await Probe.openChannel()
        let other = try await Probe.openChannel()
        let queue = try await one.declareQueue(exclusive: false)
        #expect(try await other.exists(queue: queue))
        other.publish("ours", to: "", queue)
        try await one.consume(queue)
        #expect(try await one.delivery().text == "ours")
    }
}
