import AMQPWire
import Testing

/// What a channel does with several queues, several consumers, fetches beside consumers, and the second time.
@Suite("Several queues and consumers on one channel") struct SeveralThingsCases {
    private func filled(_ texts: [String], by channel: ProbeChannel) async throws -> ShortString {
        let queue = try await channel.declareQueue(exclusive: false)
        for text in texts { channel.publish(text, to: "", queue) }
        try await channel.barrier(behind: queue)
        return queue
    }

    @Test(
        "A nack of several gives each queue its own back",
        .proves("settle.nack-multiple-over-two-queues", ["rabbitmq/basic.nack/multiple"]))
    func nackMultipleOverTwoQueues() async throws {
        let channel = try await Probe.openChannel()
        let queues = try await [filled(["a1", "a2"], by: channel), filled(["b1", "b2"], by: channel)]
        var last: Received?
        for queue in queues + queues { last = try await channel.get(queue, noAck: false) }
        channel.nack(try #require(last), multiple: true)
        for (queue, texts) in zip(queues, [["a1", "a2"], ["b1", "b2"]]) {
            try await channel.awaitReady(2, in: queue)
            #expect(try await channel.drain(queue) == texts)
        }
    }

    @Test(
        "An ack of several settles what two consumers and a fetch have handed out",
        .proves("settle.ack-multiple-over-consumers", ["basic.ack.multiple/exists"]))
    func ackMultipleOverConsumers() async throws {
        let channel = try await Probe.openChannel()
        let queues = try await [filled(["a"], by: channel), filled(["b"], by: channel), filled(["c"], by: channel)]
        for queue in queues.prefix(2) {
            try await channel.consume(queue)
            _ = try await channel.delivery()
        }
        channel.ack(try #require(try await channel.get(queues[2], noAck: false)), multiple: true)
        try await channel.barrier(behind: queues[2])
        try await channel.close()
        let other = try await channel.probe.openChannel()
        for queue in queues { try await other.expectReady(0, in: queue) }
    }

    @Test(
        "An ack of several may not name a tag that is settled already, though others before it are open",
        .proves("settle.ack-multiple-of-a-settled-tag", ["basic.ack.multiple/exists"]))
    func ackMultipleOfASettledTag() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await filled(["1", "2", "3"], by: channel)
        var fetched: [Received] = []
        for _ in 1...3 { fetched.append(try #require(try await channel.get(queue, noAck: false))) }
        channel.ack(fetched[1])
        channel.ack(fetched[1], multiple: true)
        expect(try await channel.outcome(cause: BasicAck.id), .channelClose(.preconditionFailed))
        try await channel.awaitReady(2, in: queue)
        #expect(try await channel.drain(queue) == ["1", "3"])
    }

    @Test(
        "A message fetched without acknowledgement takes a delivery tag too",
        .proves("settle.fetches-take-tags", ["domain.delivery-tag/non-zero"]))
    func fetchesTakeTags() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await filled(["1", "2", "3", "4"], by: channel)
        var tags: [UInt64] = []
        for noAck in [true, false, true, false] {
            tags.append(try #require(try await channel.get(queue, noAck: noAck)).deliveryTag)
        }
        #expect(tags == [1, 2, 3, 4])
    }

    @Test(
        "Settling a fetched message makes no room in a shared window, because it took none",
        .proves(
            "dispatch.fetched-frees-no-shared-window",
            ["rabbitmq/consumer-prefetch/get-exempt", "rabbitmq/consumer-prefetch/per-channel"]))
    func fetchedFreesNoSharedWindow() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await filled(["1", "2", "3", "4"], by: channel)
        try await channel.qos(1, global: true)
        try await channel.consume(queue)
        #expect(try await channel.delivery().text == "1")
        let fetched = try #require(try await channel.get(queue, noAck: false))
        channel.ack(fetched)
        try await channel.expectReady(2, in: queue)
        #expect(channel.deliveriesSoFar().isEmpty, "the window is still full")
    }

    @Test(
        "An ack frees the shared window even after its consumer was cancelled",
        .proves(
            "dispatch.ack-after-cancel-frees-shared-window", ["rabbitmq/consumer-prefetch/settle-frees"]))
    func ackAfterCancelFreesSharedWindow() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await filled(["1", "2"], by: channel)
        try await channel.qos(1, global: true)
        try await channel.consume(queue, tag: "first")
        let first = try await channel.delivery()
        try await channel.cancel("first")
        channel.ack(first)
        try await channel.consume(queue, tag: "second")
        #expect(try await channel.delivery().text == "2")
    }

    @Test(
        "The tag of a consumer whose queue was deleted may be used again",
        .proves(
            "work.tag-after-the-queue-went",
            ["basic.consume.consumer-tag/01", "rabbitmq/consumer-cancel-notify/channel-stays"]))
    func tagAfterTheQueueWent() async throws {
        let channel = try await Probe.openChannel()
        for round in 1...3 {
            let queue = try await filled(["\(round)"], by: channel)
            #expect(try await channel.consume(queue, tag: "again", noAck: true) == "again")
            #expect(try await channel.delivery().text == "\(round)")
            _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self)
            #expect(try await channel.receive(BasicCancel.self).consumerTag == "again")
        }
    }

    @Test(
        "Every message of several that are refused together is dead-lettered, from each queue to its own exchange",
        .proves("dead-letter.several-from-two-queues", ["rabbitmq/dead-letter/multiple-nack"]))
    func severalFromTwoQueues() async throws {
        let channel = try await Probe.openChannel()
        var queues: [ShortString] = []
        var graves: [ShortString] = []
        for name in ["a", "b"] {
            let (exchange, grave) = try await channel.declareFanoutAndQueue()
            let queue = try await channel.declareQueue(
                arguments: ["x-dead-letter-exchange": .longString(exchange.octets)])
            for number in 1...2 { channel.publish("\(name)\(number)", to: "", queue) }
            queues.append(queue)
            graves.append(grave)
        }
        var last: Received?
        for queue in queues + queues { last = try await channel.get(queue, noAck: false) }
        channel.nack(try #require(last), multiple: true, requeue: false)
        for (grave, texts) in zip(graves, [["a1", "a2"], ["b1", "b2"]]) {
            try await channel.awaitReady(2, in: grave)
            #expect(try await channel.drain(grave) == texts)
        }
    }

    @Test(
        "Rolled back acks can be given again one by one, in any order, beside what was open all along",
        .proves("tx.acks-again-in-any-order", ["rabbitmq/tx/rollback-acks"]))
    func acksAgainInAnyOrder() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await filled((1...6).map { "\($0)" }, by: channel)
        _ = try await channel.call(TxSelect(), TxSelectOk.self)
        var fetched: [Received] = []
        for _ in 1...6 { fetched.append(try #require(try await channel.get(queue, noAck: false))) }
        for round in 1...2 {
            for place in [0, 3] + (round == 2 ? [1] : []) { channel.ack(fetched[place]) }
            _ = try await channel.call(TxRollback(), TxRollbackOk.self)
        }
        for place in [4, 0, 5, 3, 2, 1] { channel.ack(fetched[place]) }
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
        try await channel.close()
        try await channel.probe.openChannel().expectReady(0, in: queue)
    }

    @Test(
        "A commit returns a mandatory message whose queue was deleted since",
        .proves(
            "tx.queue-deleted-before-the-commit", ["rabbitmq/tx/returns-before-commit-ok"]))
    func queueDeletedBeforeTheCommit() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        _ = try await channel.call(TxSelect(), TxSelectOk.self)
        channel.publish("late", to: "", queue, mandatory: true)
        try await channel.barrier()
        _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self)
        if isRabbitMQ(from: "4.0") { return inform("from 4.0 on such a commit fails") }
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
        let returns = channel.probe.arrived(on: channel.number).compactMap(Received.init).map(\.text)
        #expect(returns == ["late"], "what came back before commit-ok")
    }

    @Test(
        "The commit of a transaction dead-letters its refused messages, and not its acknowledged ones",
        .proves(
            "tx.refused-is-dead-lettered", ["rabbitmq/tx/acks-on-commit", "rabbitmq/dead-letter/rejected"]))
    func refusedIsDeadLettered() async throws {
        let channel = try await Probe.openChannel()
        let (exchange, grave) = try await channel.declareFanoutAndQueue()
        let queue = try await channel.declareQueue(arguments: ["x-dead-letter-exchange": .longString(exchange.octets)])
        for text in ["nacked", "acknowledged", "rejected"] { channel.publish(text, to: "", queue) }
        try await channel.barrier(behind: queue)
        _ = try await channel.call(TxSelect(), TxSelectOk.self)
        var fetched: [Received] = []
        for _ in 1...3 { fetched.append(try #require(try await channel.get(queue, noAck: false))) }
        channel.nack(fetched[0], requeue: false)
        channel.ack(fetched[1])
        channel.reject(fetched[2], requeue: false)
        try await channel.expectReady(0, in: grave)
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
        try await channel.awaitReady(2, in: grave)
        #expect(try await channel.drain(grave) == ["nacked", "rejected"])
    }

    @Test(
        "Messages that a deleted queue had handed out can still be settled, in any way",
        .proves(
            "settle.after-the-queue-went",
            ["basic.ack.multiple/exists", "rabbitmq/consumer-cancel-notify/channel-stays"]))
    func afterTheQueueWent() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await filled(["1", "2", "3", "4"], by: channel)
        var fetched: [Received] = []
        for _ in 1...4 { fetched.append(try #require(try await channel.get(queue, noAck: false))) }
        _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self)
        channel.ack(fetched[0])
        channel.reject(fetched[1], requeue: true)
        channel.nack(fetched[2], requeue: false)
        channel.ack(fetched[3], multiple: true)
        expect(try await channel.outcome(), .ok)
        // A queue of the same name is another queue.
        try await channel.declareQueue(queue)
        try await channel.expectReady(0, in: queue)
    }

    @Test(
        "Room that is made for two consumers at once is used by both",
        .proves("dispatch.two-go-on-at-once", ["rabbitmq/consumer-prefetch/settle-frees"]))
    func twoGoOnAtOnce() async throws {
        let channel = try await Probe.openChannel()
        let queues = try await [filled(["a1", "a2"], by: channel), filled(["b1", "b2"], by: channel)]
        try await channel.qos(1)
        for queue in queues { try await channel.consume(queue) }
        let both = try await channel.deliveries(2)
        channel.ack(try #require(both.last), multiple: true)
        #expect(Set(try await channel.deliveries(2).map(\.text)) == ["a2", "b2"])
    }

    @Test(
        "A consumer tag may have 255 octets, each of which counts",
        .proves(
            "work.longest-tags", ["basic.consume.consumer-tag/01", "basic.consume.consumer-tag/02"]))
    func longestTags() async throws {
        let channel = try await Probe.openChannel()
        for count in [127, 128, 254] {
            let tags = ["a", "b"].map { ShortString(truncating: String(repeating: "t", count: count) + $0) }
            for tag in tags {
                let queue = try await filled(["hello"], by: channel)
                #expect(try await channel.consume(queue, tag: tag, noAck: true) == tag)
                #expect(try await channel.delivery().consumerTag == tag)
            }
            for tag in tags { try await channel.cancel(tag) }
        }
    }

    @Test(
        "Windows of 32,767 and more let messages through",
        .proves("dispatch.widest-window", ["basic.qos.prefetch-count/01"]))
    func widestWindow() async throws {
        let channel = try await Probe.openChannel()
        for count in [32_767, 32_768, 65_535] as [UInt16] {
            let queue = try await filled(["1", "2"], by: channel)
            try await channel.qos(count)
            try await channel.consume(queue)
            #expect(try await channel.deliveries(2).map(\.text) == ["1", "2"])
        }
    }
}
