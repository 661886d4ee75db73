import AMQPWire
import Testing

@Suite("Starting and cancelling a consumer") struct ConsumerCases {
    @Test(
        "A consumer without a tag gets one of its own, and its deliveries bear it",
        .proves("work.tag-from-the-broker", ["basic.consume.consumer-tag/01"]))
    func tagFromTheBroker() async throws {
        let channel = try await Probe.openChannel()
        var tags: Set<ShortString> = []
        for _ in 1...2 {
            let queue = try await channel.declareQueue()
            let tag = try await channel.consume(queue)
            #expect(!tag.isEmpty && tags.insert(tag).inserted)
            channel.publish("task", to: "", queue)
            #expect(try await channel.delivery().consumerTag == tag)
        }
    }

    @Test(
        "A consumer tag that is in use on the channel cannot be used again",
        .proves("work.tag-used-twice", ["basic.consume.consumer-tag/01"]))
    func tagUsedTwice() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue, tag: "worker")
        try await channel.send(
            BasicConsume(queue: queue, consumerTag: "worker"), expecting: .connectionClose(.notAllowed))
    }

    @Test(
        "A consumer tag is free again when its consumer is cancelled",
        .proves("work.tag-after-cancel", ["basic.consume.consumer-tag/01", "spec/4.6/visibility"]))
    func tagAfterCancel() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue, tag: "worker")
        try await channel.cancel("worker")
        try await channel.consume(queue, tag: "worker")
        channel.publish("task", to: "", queue)
        #expect(try await channel.delivery().consumerTag == "worker")
    }

    @Test(
        "Two channels may use the same consumer tag, each for its own",
        .proves("work.tag-on-two-channels", ["basic.consume.consumer-tag/02"]))
    func tagOnTwoChannels() async throws {
        let one = try await Probe.openChannel()
        let other = try await one.probe.openChannel()
        let queue = try await one.declareQueue()
        for channel in [one, other] { try await channel.consume(queue, tag: "worker", noAck: true) }
        try await other.cancel("worker")
        for number in 1...2 { one.publish("\(number)", to: "", queue) }
        #expect(try await one.deliveries(2).map(\.text) == ["1", "2"], "only the other one was cancelled")
    }

    @Test(
        "Exclusive consumption is refused where there is a consumer already",
        .proves("work.exclusive-comes-second", ["basic.consume.exclusive/01"]))
    func exclusiveComesSecond() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let other = try await channel.probe.openChannel()
        try await other.consume(queue)
        try await channel.send(BasicConsume(queue: queue, exclusive: true), expecting: .channelClose(.accessRefused))
    }

    @Test(
        "Beside an exclusive consumer there is no other",
        .proves("work.exclusive-comes-first", ["basic.consume.exclusive/01"]))
    func exclusiveComesFirst() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let other = try await channel.probe.openChannel()
        try await other.consume(queue, exclusive: true)
        try await channel.send(BasicConsume(queue: queue), expecting: .channelClose(.accessRefused))
    }

    @Test(
        "When an exclusive consumer is cancelled another may come",
        .proves("work.exclusive-ends", ["basic.consume.exclusive/01"]))
    func exclusiveEnds() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue, tag: "alone", exclusive: true)
        try await channel.cancel("alone")
        try await channel.send(BasicConsume(queue: queue), expecting: .ok)
    }

    @Test(
        "Consuming from a queue that is not there closes the channel",
        .proves("work.consume-from-missing-queue", ["rabbitmq/passive-declare/missing"]))
    func consumeFromMissingQueue() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(BasicConsume(queue: unique("missing")), expecting: .channelClose(.notFound))
    }

    @Test(
        "Cancelling is no error when the queue has gone",
        .proves("work.cancel-without-queue", ["basic.cancel/01"]))
    func cancelWithoutQueue() async throws {
        // A client that is not told that its consumer was cancelled cannot but cancel it itself.
        let channel = try await Probe.connect { $0.capabilities = [:] }.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue, tag: "worker")
        _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self)
        try await channel.send(BasicCancel(consumerTag: "worker"), expecting: .ok)
    }

    @Test(
        "Cancelling a tag that was never used is no error",
        .proves("work.cancel-of-unknown-tag", ["rabbitmq/basic.cancel/unknown-tag"]))
    func cancelOfUnknownTag() async throws {
        let channel = try await Probe.openChannel()
        let ok = try await channel.call(BasicCancel(consumerTag: "nobody"), BasicCancelOk.self)
        #expect(ok.consumerTag == "nobody")
    }

    @Test(
        "no-local is accepted and has no effect: a consumer gets what its own connection publishes",
        .proves("work.no-local", ["rabbitmq/basic.consume/no-local-ignored"]))
    func noLocal() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        _ = try await channel.call(BasicConsume(queue: queue, noLocal: true, noAck: true), BasicConsumeOk.self)
        channel.publish("to myself", to: "", queue)
        #expect(try await channel.delivery().text == "to myself")
    }

    @Test(
        "An exclusive consumer keeps nobody from fetching",
        .proves("work.get-beside-an-exclusive-consumer", ["rabbitmq/basic.consume/exclusive-and-get"]))
    func getBesideExclusive() async throws {
        let owner = try await Probe.openChannel()
        let queue = try await owner.declareQueue(exclusive: false)
        try await owner.qos(1)
        try await owner.consume(queue, exclusive: true)
        let channel = try await Probe.openChannel()
        for text in ["1", "2", "3"] { channel.publish(text, to: "", queue) }
        let first = try await owner.delivery()
        #expect(first.text == "1")
        try await channel.awaitReady(2, in: queue)
        #expect(try await channel.get(queue)?.text == "2")
        owner.ack(first)
        #expect(try await owner.delivery().text == "3")
    }

    @Test(
        "Arguments of a consumer that mean nothing are ignored",
        .proves("work.unknown-consumer-arguments", ["rabbitmq/basic.consume/unknown-arguments"]))
    func unknownArguments() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let arguments: FieldTable = ["x-nonesuch": "surely", "nothing": true, "x-max-length": 1]
        try await channel.consume(queue, noAck: true, arguments: arguments)
        for text in ["1", "2"] { channel.publish(text, to: "", queue) }
        #expect(try await channel.deliveries(2).map(\.text) == ["1", "2"])
    }

    @Test(
        "A consumer started without waiting for a reply gets none, and gets messages",
        .proves("work.consume-no-wait", ["spec/4.6/visibility"]))
    func consumeNoWait() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.send(BasicConsume(queue: queue, consumerTag: "quiet", noAck: true, noWait: true))
        channel.publish("task", to: "", queue)
        let first = try await channel.next()
        #expect(Received(first)?.text == "task", "nothing should come before the message, not \(first)")
    }
    @Test(
        "With no-wait a cancel is not answered, and ends the consumer all the same",
        .proves("work.cancel-no-wait", ["spec/4.6/visibility"]))
    func cancelNoWait() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue, tag: "quiet", noAck: true)
        channel.send(BasicCancel(consumerTag: "quiet", noWait: true))
        channel.publish("left", to: "", queue)
        channel.send(BasicGet(queue: queue, noAck: true))
        let first = try await channel.next()
        #expect(first.method?.id == BasicGetOk.id, "nothing should come before the answer to the fetch, not \(first)")
    }
}
