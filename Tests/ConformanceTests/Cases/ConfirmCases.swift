import AMQPWire
import Testing

@Suite("Publisher confirms") struct ConfirmCases {
    @Test(
        "For an unroutable mandatory message the return comes before the ack",
        .proves(
            "confirms.return-before-ack",
            ["confirm/unroutable-messages", "rabbitmq/publisher-confirms/mandatory-return-before-ack"]))
    func returnBeforeAck() async throws {
        let channel = try await Probe.openChannel()
        try await channel.confirmSelect()
        channel.publish("lost", to: "", unique("nobody"), mandatory: true)
        let first = try #require(Received(try await channel.next()), "a return has to come first")
        #expect(first.text == "lost")
        #expect(Confirm(try await channel.next())?.acks(1) == true)
    }

    @Test(
        "Confirms count from 1, and only what was published after confirm.select",
        .proves(
            "confirms.numbering",
            ["rabbitmq/publisher-confirms/numbering", "rabbitmq/publisher-confirms/select-ok"]))
    func numbering() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("before", to: "", queue)
        try await channel.confirmSelect()
        channel.publish("first", to: "", queue)
        #expect(try await channel.confirm().acks(1))
        channel.publish("second", to: "", queue)
        #expect(try await channel.confirm().acks(2))
    }

    @Test(
        "confirm.select with no-wait has no answer, and switches confirms on",
        .proves("confirms.select-without-wait", ["rabbitmq/publisher-confirms/select-nowait"]))
    func selectWithoutWait() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.send(ConfirmSelect(noWait: true))
        channel.publish("hello", to: "", queue)
        #expect(Confirm(try await channel.next())?.acks(1) == true)
    }

    @Test(
        "A second confirm.select is answered, and the count goes on",
        .proves("confirms.select-again", ["rabbitmq/publisher-confirms/select-idempotent"]))
    func selectAgain() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.confirmSelect()
        channel.publish("first", to: "", queue)
        #expect(try await channel.confirm().acks(1))
        try await channel.confirmSelect()
        channel.publish("second", to: "", queue)
        #expect(try await channel.confirm().acks(2))
    }

    @Test(
        "Every message is answered, each once, in whatever order and however many at a time",
        .proves(
            "confirms.every-message",
            [
                "confirm/all-messages-acknowledged", "rabbitmq/publisher-confirms/order-not-promised",
                "rabbitmq/publisher-confirms/multiple-ack",
            ]))
    func everyMessage() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.confirmSelect()
        for number in 1...200 { channel.publish("\(number)", to: "", queue) }
        var open = OutstandingConfirms(published: 200)
        while !open.isEmpty { #expect(open.settle(try await channel.confirm()), "answered twice, or never published") }
        #expect(open.nacked.isEmpty)
    }

    @Test(
        "A message that no queue takes is confirmed, for it is dealt with",
        .proves("confirms.unroutable", ["rabbitmq/publisher-confirms/unroutable-acked"]))
    func unroutable() async throws {
        let channel = try await Probe.openChannel()
        try await channel.confirmSelect()
        channel.publish("dropped", to: "", unique("nobody"))
        #expect(Confirm(try await channel.next())?.acks(1) == true)
    }

    @Test(
        "A transient message is confirmed, in a durable queue too",
        .proves("confirms.transient", ["rabbitmq/publisher-confirms/transient-acked"]))
    func transient() async throws {
        let channel = try await Probe.openChannel()
        let transient = try await channel.declareQueue()
        let durable = try await channel.declareQueue(durable: true, exclusive: false)
        try await channel.confirmSelect()
        channel.publish("1", to: "", transient, BasicProperties(deliveryMode: 1))
        #expect(try await channel.confirm().acks(1))
        channel.publish("2", to: "", durable, BasicProperties(deliveryMode: 1))
        #expect(try await channel.confirm().acks(2))
    }

    @Test(
        "A persistent message is confirmed by a durable queue, and is there then",
        .proves("confirms.persistent", ["confirm/all-messages-acknowledged", "spec/4.6/visibility"]))
    func persistent() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(durable: true, exclusive: false)
        try await channel.confirmSelect()
        channel.publish("kept", to: "", queue, BasicProperties(deliveryMode: 2))
        #expect(try await channel.confirm().acks(1))
        // Another connection: nothing but the confirm has put this behind the publish.
        #expect(try await Probe.openChannel().drain(queue) == ["kept"])
    }

    @Test(
        "What was confirmed is there after the broker is killed: persistent messages in a durable queue",
        .proves(
            "confirms.survives-a-kill", ["rabbitmq/publisher-confirms/persistent-after-disk"], needs: [.kill]))
    func survivesAKill() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(durable: true, exclusive: false)
        try await channel.confirmSelect()
        for number in 1...50 { channel.publish("\(number)", to: "", queue, BasicProperties(deliveryMode: 2)) }
        var open = OutstandingConfirms(published: 50)
        while !open.isEmpty { #expect(open.settle(try await channel.confirm())) }
        #expect(open.nacked.isEmpty)
        try await killBroker()
        #expect(try await Probe.openChannel().drain(queue) == (1...50).map { "\($0)" })
    }

    @Test(
        "A message for several queues is answered once, when it is in all of them",
        .proves("confirms.several-queues", ["confirm/all-queues", "rabbitmq/publisher-confirms/all-queues"]))
    func severalQueues() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("fanout")
        var queues: [ShortString] = []
        for durable in [false, true, false] {
            queues.append(try await channel.declareQueue(durable: durable, exclusive: false))
        }
        for queue in queues { try await channel.bind(queue, to: exchange) }
        try await channel.confirmSelect()
        channel.publish("for all", to: exchange, "", BasicProperties(deliveryMode: 2))
        #expect(try await channel.confirm().acks(1))
        let reader = try await Probe.openChannel()
        for queue in queues { #expect(try await reader.drain(queue) == ["for all"]) }
        // The next confirm is the next message's: the first has had no second answer.
        channel.publish("next", to: exchange)
        #expect(try await channel.confirm().acks(2))
    }

    @Test(
        "When one of several queues refuses a message, it is nacked, and the others have it",
        .proves(
            "confirms.nack-on-reject",
            ["rabbitmq/publisher-confirms/nack-on-reject", "rabbitmq/max-length/reject-other-queues"]))
    func nackOnReject() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("fanout")
        let full = try await channel.declareQueue(arguments: ["x-max-length": 1, "x-overflow": "reject-publish"])
        let roomy = try await channel.declareQueue()
        for queue in [full, roomy] { try await channel.bind(queue, to: exchange) }
        try await channel.confirmSelect()
        channel.publish("fits", to: exchange)
        #expect(try await channel.confirm().acks(1))
        channel.publish("too many", to: exchange)
        #expect(try await channel.confirm().nacks(2))
        #expect(try await channel.drain(full) == ["fits"])
        #expect(try await channel.drain(roomy) == ["fits", "too many"])
    }

    @Test(
        "A confirm does not wait for consumers to acknowledge",
        .proves("confirms.not-the-consumers", ["rabbitmq/publisher-confirms/independent-of-consumers"]))
    func notTheConsumers() async throws {
        let channel = try await Probe.openChannel()
        let consumer = try await channel.probe.openChannel()
        let queue = try await channel.declareQueue()
        try await consumer.consume(queue)
        try await channel.confirmSelect()
        channel.publish("held", to: "", queue)
        #expect(try await consumer.delivery().text == "held")
        #expect(try await channel.confirm().acks(1))
        #expect(try await channel.counts(of: queue).messages == 0)
    }

    @Test(
        "Every message is answered even when its queue is deleted under it",
        .proves("confirms.queue-deleted", ["rabbitmq/publisher-confirms/queue-deleted"]))
    func queueDeleted() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(durable: true, exclusive: false)
        try await channel.confirmSelect()
        for number in 1...20 { channel.publish("\(number)", to: "", queue, BasicProperties(deliveryMode: 2)) }
        channel.send(QueuePurge(queue: queue, noWait: true))
        for number in 21...40 { channel.publish("\(number)", to: "", queue, BasicProperties(deliveryMode: 2)) }
        channel.send(QueueDelete(queue: queue, noWait: true))
        for number in 41...60 { channel.publish("\(number)", to: "", queue, BasicProperties(deliveryMode: 2)) }
        var open = OutstandingConfirms(published: 60)
        while !open.isEmpty { #expect(open.settle(try await channel.confirm()), "answered twice, or never published") }
    }

    @Test(
        "Two channels of one connection count each for itself",
        .proves("confirms.per-channel", ["rabbitmq/publisher-confirms/channel-scoped"]))
    func perChannel() async throws {
        let first = try await Probe.openChannel()
        let second = try await first.probe.openChannel()
        let queue = try await first.declareQueue()
        try await first.confirmSelect()
        for number: UInt64 in 1...3 {
            first.publish(to: "", queue)
            #expect(try await first.confirm().acks(number))
        }
        second.publish(to: "", queue)
        try await second.confirmSelect()
        second.publish(to: "", queue)
        #expect(Confirm(try await second.next())?.acks(1) == true)
    }

    @Test(
        "Publishing to a missing exchange closes a confirming channel, without a confirm",
        .proves("confirms.missing-exchange", ["rabbitmq/publisher-confirms/error-still-closes"]))
    func missingExchange() async throws {
        let channel = try await Probe.openChannel()
        try await channel.confirmSelect()
        channel.publish("hello", to: unique("missing"))
        let first = try await channel.probe.event(on: channel.number, "channel.close") { _ in true }
        guard case .method(.channelClose(let close), _) = first else {
            return note(.failed, "expected a channel.close and nothing before it, got \(first)")
        }
        #expect(close.replyCode == .notFound)
        #expect(close.cause == BasicPublish.id)
    }

    @Test(
        "A channel closed for an error counts from 1 when it is opened again",
        .proves("confirms.count-ends-with-the-channel", ["rabbitmq/publisher-confirms/numbering"]))
    func countEndsWithTheChannel() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.confirmSelect()
        channel.publish(to: "", queue)
        #expect(try await channel.confirm().acks(1))
        try await channel.close()
        let again = try await channel.probe.openChannel(channel.number)
        try await again.confirmSelect()
        again.publish(to: "", queue)
        #expect(try await again.confirm().acks(1))
    }

    @Test(
        "A channel in confirm mode cannot be made transactional",
        .proves("confirms.then-tx", ["rabbitmq/publisher-confirms/confirm-then-tx"]))
    func thenTx() async throws {
        let channel = try await Probe.openChannel()
        try await channel.confirmSelect()
        try await channel.send(TxSelect(), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A transactional channel cannot be put into confirm mode",
        .proves("confirms.after-tx", ["rabbitmq/publisher-confirms/tx-then-confirm"]))
    func afterTx() async throws {
        let channel = try await Probe.openChannel()
        _ = try await channel.call(TxSelect(), TxSelectOk.self)
        try await channel.send(ConfirmSelect(), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "Ten thousand messages of a mixed kind, to queues that take, drop and refuse: each is answered exactly once",
        .proves(
            "confirms.exactly-once",
            [
                "rabbitmq/publisher-confirms/exactly-one-answer", "rabbitmq/publisher-confirms/multiple-ack",
                "confirm/all-messages-acknowledged",
            ]))
    func exactlyOnce() async throws {
        let channel = try await Probe.openChannel()
        let durable = try await channel.declareQueue(durable: true, exclusive: false, arguments: ["x-max-length": 100])
        let full = try await channel.declareQueue(arguments: ["x-max-length": 1, "x-overflow": "reject-publish"])
        let transient = try await channel.declareQueue(arguments: ["x-max-length": 100])
        let keys = [durable, transient, unique("nobody"), full]
        try await channel.confirmSelect()
        channel.publish("fills it", to: "", full)
        #expect(try await channel.confirm().acks(1))
        var open = OutstandingConfirms(published: 1)
        _ = open.settle(.ack(1))
        var refused: Set<UInt64> = []
        // In portions, so that neither side has to hold ten thousand messages that are under way.
        for portion in 0..<20 {
            for tag in UInt64(portion * 500 + 2)...UInt64(portion * 500 + 501) {
                let kind = Int(tag * 7 / 3 % 4)
                if kind == 3 { refused.insert(tag) }
                channel.publish("x", to: "", keys[kind], BasicProperties(deliveryMode: tag % 5 == 0 ? 2 : 1))
                open.publish(tag)
            }
            while !open.isEmpty {
                let confirm = try await channel.confirm()
                guard open.settle(confirm) else {
                    return note(.failed, "\(confirm) answers what was answered before, or never published")
                }
            }
        }
        #expect(open.nacked == refused)
        try await channel.barrier()
        #expect(channel.probe.arrived(on: channel.number).isEmpty, "more answers than messages")
    }
}
