import AMQPWire
import Testing

@Suite("Handing back: basic.nack and basic.reject") struct RequeueCases {
    @Test(
        "A message that comes back is marked as redelivered",
        .proves(
            "settle.requeued-is-redelivered", ["domain.redelivered/implementation", "rabbitmq/basic.nack/requeue-true"])
    )
    func requeuedIsRedelivered() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue)
        channel.publish("task", to: "", queue)
        let first = try await channel.delivery()
        #expect(!first.redelivered)
        channel.nack(first, requeue: true)
        let second = try await channel.delivery()
        #expect(second.text == "task")
        #expect(second.redelivered)
    }

    @Test(
        "A nack that does not requeue drops the message",
        .proves("settle.nack-drops", ["rabbitmq/basic.nack/requeue-false"]))
    func nackDrops() async throws {
        let work = try await Outstanding(1)
        work.channel.nack(work.held[0], requeue: false)
        try await work.leaves(["2"])
    }

    @Test(
        "A nack of several settles all up to its tag, and none above",
        .proves("settle.nack-multiple", ["rabbitmq/basic.nack/multiple", "basic.nack.multiple/exists"]))
    func nackMultiple() async throws {
        let work = try await Outstanding(4)
        work.channel.nack(work.held[2], multiple: true, requeue: false)
        try await work.leaves(["4", "5"])
    }

    @Test(
        "A nack of several with tag 0 settles all that is outstanding",
        .proves("settle.nack-multiple-zero", ["rabbitmq/basic.nack/multiple-zero"]))
    func nackMultipleZero() async throws {
        let work = try await Outstanding(3)
        work.channel.send(BasicNack(deliveryTag: 0, multiple: true, requeue: false))
        try await work.leaves(["4"])
    }

    @Test("A nack of tag 0 alone is an error", .proves("settle.nack-zero", ["rabbitmq/basic.nack/single-zero"]))
    func nackZero() async throws {
        let work = try await Outstanding(1)
        try await work.channel.send(BasicNack(deliveryTag: 0), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A fetched message can be handed back",
        .proves("settle.nack-after-get", ["rabbitmq/basic.nack/after-get", "domain.redelivered/implementation"]))
    func nackAfterGet() async throws {
        let work = try await Outstanding(1)
        work.channel.nack(work.held[0])
        let again = try #require(try await work.channel.get(work.queue))
        #expect(again.text == "1")
        #expect(again.redelivered)
    }

    @Test(
        "A nack of an unknown tag closes the channel",
        .proves("settle.nack-of-unknown-tag", ["rabbitmq/basic.nack/unknown-tag", "basic.nack.multiple/exists"]))
    func nackOfUnknownTag() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(BasicNack(deliveryTag: 7), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A nack of several up to a tag that was never handed out closes the channel",
        .proves("settle.nack-multiple-of-unknown-tag", ["basic.nack.multiple/exists"]))
    func nackMultipleOfUnknownTag() async throws {
        let work = try await Outstanding(1)
        let unknown = work.held[0].deliveryTag + 1
        try await work.channel.send(
            BasicNack(deliveryTag: unknown, multiple: true), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A nack of what is acknowledged closes the channel",
        .proves("settle.nack-after-ack", ["rabbitmq/basic.nack/unknown-tag"]))
    func nackAfterAck() async throws {
        let work = try await Outstanding(1)
        work.channel.ack(work.held[0])
        try await work.channel.send(
            BasicNack(deliveryTag: work.held[0].deliveryTag), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A message that is handed back returns to its old place",
        .proves(
            "settle.requeue-to-old-place",
            ["rabbitmq/basic.nack/original-position", "rabbitmq/ordering/requeue-position"]))
    func requeueToOldPlace() async throws {
        let work = try await Outstanding(2, left: 2)
        work.channel.nack(work.held[1])
        work.channel.nack(work.held[0])
        #expect(try await work.channel.drain(work.queue) == ["1", "2", "3", "4"])
    }

    @Test(
        "Several handed back at once keep their order",
        .proves("settle.requeue-keeps-order", ["rabbitmq/basic.nack/all-copies-order"]))
    func requeueKeepsOrder() async throws {
        let work = try await Outstanding(3, left: 2)
        work.channel.nack(work.held[2], multiple: true)
        #expect(try await work.channel.drain(work.queue) == ["1", "2", "3", "4", "5"])
    }

    @Test(
        "A reject that requeues brings the message back, marked",
        .proves(
            "settle.reject-requeues", ["domain.redelivered/implementation", "rabbitmq/ordering/requeue-position"]))
    func rejectRequeues() async throws {
        let work = try await Outstanding(1)
        work.channel.reject(work.held[0])
        let again = try #require(try await work.channel.get(work.queue))
        #expect(again.text == "1")
        #expect(again.redelivered)
    }

    @Test(
        "A reject that does not requeue drops the message",
        .proves("settle.reject-drops", ["rabbitmq/basic.nack/requeue-false"]))
    func rejectDrops() async throws {
        let work = try await Outstanding(2)
        work.channel.reject(work.held[0], requeue: false)
        try await work.leaves(["2", "3"])
    }

    @Test(
        "A reject of an unknown tag closes the channel",
        .proves("settle.reject-of-unknown-tag", ["rabbitmq/basic.nack/unknown-tag"]))
    func rejectOfUnknownTag() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(BasicReject(deliveryTag: 7), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A lone consumer gets what it handed back again",
        .proves("settle.lone-consumer-gets-it-back", ["rabbitmq/basic.nack/requeue-true"]))
    func loneConsumerGetsItBack() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue)
        channel.publish("again", to: "", queue)
        for _ in 1...3 { channel.reject(try await channel.delivery()) }
        #expect(try await channel.delivery().redelivered)
    }

    @Test(
        "A rejected message goes to another channel, when there is one that could take it",
        .proves(
            "settle.reject-goes-elsewhere", ["basic.reject.requeue/01"],
            rabbitmq: "Whose turn it is gets it, be it the one that has just rejected it."))
    func rejectGoesElsewhere() async throws {
        let seen = try await receiver { channel, message in channel.reject(message) }
        expect(seen, spec: "the other channel", rabbitmq: "the same channel", "where a rejected message went")
    }

    @Test(
        "A message handed back goes to another channel, when there is one that could take it",
        .proves(
            "settle.nack-goes-elsewhere", ["basic.nack.requeue/01"],
            rabbitmq: "Whose turn it is gets it, be it the one that has just handed it back."))
    func nackGoesElsewhere() async throws {
        let seen = try await receiver { channel, message in channel.nack(message) }
        expect(seen, spec: "the other channel", rabbitmq: "the same channel", "where the message went")
    }

    /// Two consumers with a message each; the one whose turn is next hands its message back. Who gets it?
    private func receiver(of handBack: (ProbeChannel, Received) -> Void) async throws -> String {
        let one = try await Probe.openChannel()
        let other = try await one.probe.openChannel()
        let queue = try await one.declareQueue()
        for channel in [one, other] { try await channel.consume(queue) }
        for number in 1...2 { one.publish("\(number)", to: "", queue) }
        let held = [(one, try await one.delivery()), (other, try await other.delivery())]
        let first = try #require(held.first { $0.1.text == "1" })
        handBack(first.0, first.1)
        let isDelivery = { (event: Event) in event.method?.id == BasicDeliver.id }
        let number = try await one.probe.look { mailbox in
            [one.number, other.number].first { mailbox.take(on: $0, where: isDelivery) != nil }
        }
        return number == first.0.number ? "the same channel" : number == nil ? "nowhere" : "the other channel"
    }

    @Test(
        "A message that nobody can process is set aside after several tries",
        .proves(
            "settle.poison-is-set-aside", ["basic.deliver/01"],
            rabbitmq: "A classic queue delivers a message for as long as it is handed back."))
    func poisonIsSetAside() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("poison", to: "", queue)
        var tries = 0
        while tries < 30, let message = try await channel.get(queue, noAck: false) {
            tries += 1
            channel.reject(message)
        }
        expect(tries < 30, spec: true, rabbitmq: false, "set aside after \(tries) tries")
    }
}
