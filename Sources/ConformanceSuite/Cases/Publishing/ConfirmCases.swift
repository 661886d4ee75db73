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
