import AMQPWire
import Testing

/// A channel that has fetched some messages, "1", "2"…, and not settled them. More are left in the queue.
struct Outstanding {
    var channel: ProbeChannel
    var queue: ShortString
    var held: [Received] = []

    init(_ count: Int, left: Int = 1) async throws {
        channel = try await Probe.openChannel()
        queue = try await channel.declareQueue()
        for number in 1...count + left { channel.publish("\(number)", to: "", queue) }
        while held.count < count { held.append(try #require(try await channel.get(queue, noAck: false))) }
    }

    /// Lets the channel end, which returns what was not settled, and compares what the queue then has.
    func leaves(_ texts: [String], at place: SourceLocation = #_sourceLocation) async throws {
        let successor = try await channel.probe.openChannel()
        try await channel.close()
        try await successor.awaitReady(texts.count, in: queue, at: place)
        #expect(try await successor.drain(queue) == texts, sourceLocation: place)
    }
}

@Suite("Acknowledging") struct AckCases {
    @Test("An acknowledged message is gone", .proves("settle.acked-is-gone", ["basic/10"]))
    func ackedIsGone() async throws {
        let work = try await Outstanding(2)
        work.channel.ack(work.held[0])
        try await work.leaves(["2", "3"])
    }

    @Test("Acks need not come in order", .proves("settle.acks-out-of-order", ["basic/10"]))
    func acksOutOfOrder() async throws {
        let work = try await Outstanding(3)
        for number in [2, 0] { work.channel.ack(work.held[number]) }
        try await work.leaves(["2", "4"])
    }

    @Test(
        "An ack of several settles all up to its tag, and none above",
        .proves("settle.ack-multiple", ["basic/10", "basic.ack.multiple/exists"]))
    func ackMultiple() async throws {
        let work = try await Outstanding(4)
        work.channel.ack(work.held[2], multiple: true)
        try await work.leaves(["4", "5"])
    }

    @Test(
        "An ack of several may pass over tags that are settled already",
        .proves("settle.ack-multiple-with-gaps", ["basic.ack.multiple/exists"]))
    func ackMultipleWithGaps() async throws {
        let work = try await Outstanding(4)
        work.channel.ack(work.held[1])
        work.channel.ack(work.held[2], multiple: true)
        try await work.leaves(["4", "5"])
    }

    @Test(
        "Tag 0 of several settles all that is outstanding",
        .proves("settle.ack-multiple-zero", ["domain.delivery-tag/non-zero"]))
    func ackMultipleZero() async throws {
        let work = try await Outstanding(3)
        work.channel.send(BasicAck(deliveryTag: 0, multiple: true))
        try await work.leaves(["4"])
    }

    @Test(
        "Tag 0 of several is no error when nothing is outstanding",
        .proves("settle.ack-multiple-zero-of-nothing", ["domain.delivery-tag/non-zero"]))
    func ackMultipleZeroOfNothing() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(BasicAck(deliveryTag: 0, multiple: true), expecting: .ok)
    }

    @Test(
        "Tag 0 alone names nothing",
        .proves("settle.ack-zero", ["domain.delivery-tag/non-zero", "basic.ack.multiple/exists"]))
    func ackZero() async throws {
        let work = try await Outstanding(1)
        try await work.channel.send(BasicAck(deliveryTag: 0), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "Acknowledging an unknown tag closes the channel",
        .proves("settle.ack-of-unknown-tag", ["basic.ack.multiple/exists"]))
    func ackOfUnknownTag() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(BasicAck(deliveryTag: 7), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "Acknowledging several up to a tag that was never handed out closes the channel",
        .proves("settle.ack-multiple-of-unknown-tag", ["basic.ack.multiple/exists"]))
    func ackMultipleOfUnknownTag() async throws {
        let work = try await Outstanding(2)
        let unknown = work.held[1].deliveryTag + 1
        try await work.channel.send(
            BasicAck(deliveryTag: unknown, multiple: true), expecting: .channelClose(.preconditionFailed))
    }

    @Test("A second ack closes the channel", .proves("settle.ack-twice", ["basic.ack.multiple/exists"]))
    func ackTwice() async throws {
        let work = try await Outstanding(2)
        work.channel.ack(work.held[0])
        try await work.channel.send(
            BasicAck(deliveryTag: work.held[0].deliveryTag), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "After an ack of several each of them counts as settled",
        .proves("settle.ack-after-multiple", ["basic.ack.multiple/exists"]))
    func ackAfterMultiple() async throws {
        let work = try await Outstanding(3)
        work.channel.ack(work.held[2], multiple: true)
        try await work.channel.send(
            BasicAck(deliveryTag: work.held[1].deliveryTag), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "Another channel cannot settle a delivery",
        .proves("settle.on-another-channel", ["domain.delivery-tag/channel-local"]))
    func onAnotherChannel() async throws {
        let work = try await Outstanding(1)
        let other = try await work.channel.probe.openChannel()
        let tag = work.held[0].deliveryTag
        try await other.send(BasicAck(deliveryTag: tag), expecting: .channelClose(.preconditionFailed))
        try await work.channel.send(BasicAck(deliveryTag: tag), expecting: .ok)
    }

    @Test(
        "Delivery tags are above zero, and grow on a channel by one",
        .proves("settle.delivery-tags", ["domain.delivery-tag/non-zero"]))
    func deliveryTags() async throws {
        let work = try await Outstanding(2, left: 2)
        try await work.channel.consume(work.queue)
        let tags = (work.held + (try await work.channel.deliveries(2))).map(\.deliveryTag)
        #expect(tags == [1, 2, 3, 4])
    }

    @Test(
        "Each channel counts its own delivery tags",
        .proves("settle.delivery-tags-per-channel", ["domain.delivery-tag/channel-local"]))
    func deliveryTagsPerChannel() async throws {
        let work = try await Outstanding(2)
        let other = try await work.channel.probe.openChannel()
        #expect(try await other.get(work.queue, noAck: false)?.deliveryTag == 1)
    }
}

@Suite("Messages that need no ack") struct NoAckCases {
    @Test(
        "A message delivered to a consumer without acks is gone",
        .proves("settle.no-ack-is-gone", ["basic/09"]))
    func noAckIsGone() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue, tag: "reader", noAck: true)
        channel.publish("handed over", to: "", queue)
        _ = try await channel.delivery()
        try await channel.cancel("reader")
        channel.publish("waiting", to: "", queue)
        let successor = try await channel.probe.openChannel()
        try await channel.barrier(behind: queue)
        try await channel.close()
        #expect(try await successor.drain(queue) == ["waiting"])
    }

    @Test(
        "A message that needs no ack cannot be acknowledged",
        .proves("settle.ack-of-no-ack", ["basic/09", "basic.ack.multiple/exists"]))
    func ackOfNoAck() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("fetched", to: "", queue)
        let message = try #require(try await channel.get(queue))
        try await channel.send(
            BasicAck(deliveryTag: message.deliveryTag), expecting: .channelClose(.preconditionFailed))
    }
}

@Suite("Purging") struct PurgeCases {
    @Test(
        "A purge leaves alone what is delivered and not acknowledged",
        .proves("settle.purge-spares-unacked", ["queue.purge/02"]))
    func purgeSparesUnacked() async throws {
        let work = try await Outstanding(2, left: 3)
        let ok = try await work.channel.call(QueuePurge(queue: work.queue), QueuePurgeOk.self)
        #expect(ok.messageCount == 3, "purge-ok counts what it removed")
        work.channel.nack(work.held[1])
        try await work.leaves(["1", "2"])
    }
}
