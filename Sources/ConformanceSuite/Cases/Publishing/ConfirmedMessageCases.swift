import AMQPWire
import Testing

@Suite("When a message is confirmed") struct ConfirmedMessageCases {
    @Test(
        "A message that no queue takes is confirmed: the broker is done with it",
        .proves("confirms.unroutable", ["rabbitmq/publisher-confirms/unroutable-acked"]))
    func unroutable() async throws {
        let channel = try await Probe.openChannel()
        try await channel.confirmSelect()
        channel.publish("dropped", to: "", unique("nobody"))
        #expect(Confirm(try await channel.next())?.acks(1) == true)
    }

    @Test(
        "A message that expires at once is confirmed once, durable and persistent or not",
        .proves("confirms.expires-at-once", ["rabbitmq/publisher-confirms/exactly-one-answer"]))
    func expiresAtOnce() async throws {
        let channel = try await Probe.openChannel()
        let queues = [
            try await channel.declareQueue(), try await channel.declareQueue(durable: true, exclusive: false),
        ]
        try await channel.confirmSelect()
        for (number, queue) in zip(1..., queues) {
            channel.publish("gone", to: "", queue, BasicProperties(deliveryMode: 2, expiration: "0"))
            #expect(try await channel.confirm().acks(UInt64(number)))
            #expect(try await channel.drain(queue) == [])
        }
        try await channel.barrier()
        #expect(channel.probe.arrived(on: channel.number).map(\.description) == [])
    }

    @Test(
        "A message that is dead-lettered on the spot is confirmed once, and there when it has died",
        .proves("confirms.dead-lettered-at-once", ["rabbitmq/publisher-confirms/exactly-one-answer"]))
    func deadLetteredAtOnce() async throws {
        let channel = try await Probe.openChannel()
        let dead = try await channel.declareQueue()
        var queues: [ShortString] = []
        for (argument, isDurable) in [("x-message-ttl", false), ("x-message-ttl", true), ("x-max-length", true)]
            as [(ShortString, Bool)]
        {
            queues.append(
                try await channel.declareQueue(
                    durable: isDurable, exclusive: !isDurable,
                    arguments: [
                        argument: 0, "x-dead-letter-exchange": "",
                        "x-dead-letter-routing-key": .longString(dead.octets),
                    ]))
        }
        try await channel.confirmSelect()
        for (number, queue) in zip(1..., queues) {
            channel.publish("\(number)", to: "", queue, BasicProperties(deliveryMode: 2))
            #expect(try await channel.confirm().acks(UInt64(number)))
            try await channel.awaitReady(1, in: dead)
            #expect(try await channel.drain(dead) == ["\(number)"])
        }
        #expect(channel.probe.arrived(on: channel.number).map(\.description) == [])
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
        try await channel.expectReady(0, in: queue)
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
}
