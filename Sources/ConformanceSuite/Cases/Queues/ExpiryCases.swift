import AMQPWire
import Testing

@Suite("Time to live") struct ExpiryCases {
    @Test(
        "A message vanishes when the queue's x-message-ttl has passed",
        .proves(
            "ttl.queue-argument", ["rabbitmq/message-ttl/queue-argument", "rabbitmq/message-ttl/never-delivered-late"]))
    func queueArgument() async throws {
        let channel = try await Probe.openChannel()
        let short = try await channel.declareQueue(arguments: ["x-message-ttl": 200])
        let long = try await channel.declareQueue(arguments: ["x-message-ttl": 3_600_000])
        try await channel.confirmSelect()
        for queue in [short, long] {
            channel.publish("ephemeral", to: "", queue, mandatory: true)
            #expect(try await channel.confirm().isAck)
        }
        try await elapse(milliseconds: 200)
        #expect(try await channel.drain(short) == [])
        #expect(try await channel.drain(long) == ["ephemeral"])
    }

    @Test(
        "A consumer that comes too late is not given what has expired",
        .proves("ttl.late-consumer", ["rabbitmq/message-ttl/never-delivered-late"]))
    func lateConsumer() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-message-ttl": 50])
        channel.publish("ephemeral", to: "", queue)
        try await channel.barrier(behind: queue)
        try await elapse(milliseconds: 50)
        try await channel.consume(queue)
        channel.publish("fresh", to: "", queue)
        #expect(try await channel.delivery().text == "fresh")
    }

    @Test(
        "With time 0 a message that nobody takes at once is gone",
        .proves("ttl.zero-without-consumer", ["rabbitmq/message-ttl/zero"]))
    func zeroWithoutConsumer() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-message-ttl": 0])
        channel.publish("now or never", to: "", queue, mandatory: true)
        #expect(try await channel.drain(queue) == [])
        let returns = channel.probe.arrived(on: channel.number) { $0.method?.id == BasicReturn.id }
        #expect(returns.isEmpty, "it was routable, so it must not be returned")
    }

    @Test(
        "With time 0 a consumer that has room gets the message, one that has none does not",
        .proves("ttl.zero-with-consumer", ["rabbitmq/message-ttl/zero"]))
    func zeroWithConsumer() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-message-ttl": 0])
        try await channel.qos(1)
        try await channel.consume(queue)
        channel.publish("taken at once", to: "", queue)
        channel.publish("not taken at once", to: "", queue)
        let first = try await channel.delivery()
        #expect(first.text == "taken at once")
        try await channel.barrier(behind: queue)
        channel.ack(first)
        try await channel.barrier(behind: queue)
        channel.publish("taken at once again", to: "", queue)
        #expect(try await channel.delivery().text == "taken at once again")
    }

    @Test(
        "A message that expires at once is dead-lettered, not returned",
        .proves("ttl.zero-is-dead-lettered", ["rabbitmq/message-ttl/zero"]))
    func zeroIsDeadLettered() async throws {
        let letters = try await DeadLetters.open(["x-message-ttl": 0])
        letters.publish("now or never")
        #expect(try await letters.next().text == "now or never")
    }

    @Test(
        "An x-message-ttl that is negative, or no integer, fails the declare",
        .proves("ttl.bad-argument", ["rabbitmq/message-ttl/negative"]))
    func badArgument() async throws {
        let channel = try await Probe.openChannel()
        for value in [-1, "100", 1.5, true] as [FieldValue] {
            let declare = QueueDeclare(queue: unique("queue"), exclusive: true, arguments: ["x-message-ttl": value])
            try await channel.send(declare, expecting: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "An x-message-ttl may be an integer of any width, and equal ones of another width are the same",
        .proves("ttl.integer-widths", ["rabbitmq/message-ttl/integer-widths"]))
    func integerWidths() async throws {
        let channel = try await Probe.openChannel()
        let queue = unique("queue")
        for value in [.int8(100), .int16(100), .int32(100), .int64(100)] as [FieldValue] {
            let declare = QueueDeclare(queue: queue, exclusive: true, arguments: ["x-message-ttl": value])
            try await channel.send(declare, expecting: .ok)
        }
    }

    @Test(
        "A redeclare with another x-message-ttl is refused",
        .proves("ttl.another-value", ["rabbitmq/message-ttl/equivalence"]))
    func anotherValue() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-message-ttl": 60000])
        try await channel.send(
            QueueDeclare(queue: queue, exclusive: true, arguments: ["x-message-ttl": 60001]),
            expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "Requeueing does not start the clock again",
        .proves("ttl.requeue-keeps-expiry", ["rabbitmq/message-ttl/requeue-keeps-expiry"], needs: [.quiet]))
    func requeueKeepsExpiry() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-message-ttl": 600])
        channel.publish("ephemeral", to: "", queue)
        let message = try #require(try await channel.get(queue, noAck: false))
        try await elapse(milliseconds: 400)
        channel.reject(message, requeue: true)
        try await channel.barrier(behind: queue)
        try await elapse(milliseconds: 250)
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "A message that a consumer holds does not expire, but on its return it may",
        .proves("ttl.unacked-does-not-expire", ["rabbitmq/message-ttl/unacked-not-expired"]))
    func unackedDoesNotExpire() async throws {
        let letters = try await DeadLetters.open(["x-message-ttl": 100])
        letters.publish("kept out")
        let message = try #require(try await letters.get())
        try await elapse(milliseconds: 100)
        letters.publish("the marker behind it")
        try await letters.channel.barrier(behind: letters.queue)
        try await elapse(milliseconds: 100)
        #expect(try await letters.next().text == "the marker behind it")
        letters.channel.reject(message, requeue: true)
        #expect(try await letters.next().text == "kept out")
    }

    @Test(
        "A message that expires in one queue is still in the other",
        .proves("ttl.copies-are-independent", ["rabbitmq/message-ttl/per-queue-copy"]))
    func copiesAreIndependent() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("fanout")
        let short = try await channel.declareQueue(arguments: ["x-message-ttl": 50])
        let long = try await channel.declareQueue()
        for queue in [short, long] { try await channel.bind(queue, to: exchange) }
        channel.publish("one of two", to: exchange)
        try await channel.barrier(behind: short)
        try await elapse(milliseconds: 50)
        #expect(try await channel.drain(short) == [])
        #expect(try await channel.drain(long) == ["one of two"])
    }
}

@Suite("Time to live of a single message") struct ExpirationCases {
    @Test(
        "A message vanishes when its expiration has passed, another stays",
        .proves("ttl.expiration", ["rabbitmq/per-message-ttl/expiration", "rabbitmq/message-ttl/never-delivered-late"]))
    func expiration() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("ephemeral", to: "", queue, BasicProperties(expiration: "50"))
        channel.publish("lasting", to: "", queue)
        #expect(try await channel.counts(of: queue).messages > 0)
        try await elapse(milliseconds: 50)
        #expect(try await channel.drain(queue) == ["lasting"])
    }

    @Test(
        "Of two times the smaller counts: the message's",
        .proves("ttl.smaller-of-the-message", ["rabbitmq/per-message-ttl/lower-wins"]))
    func smallerOfTheMessage() async throws {
        try await expires(queue: 60_000, message: "50")
    }

    @Test(
        "Of two times the smaller counts: the queue's",
        .proves("ttl.smaller-of-the-queue", ["rabbitmq/per-message-ttl/lower-wins"]))
    func smallerOfTheQueue() async throws {
        try await expires(queue: 50, message: "60000")
    }

    private func expires(queue milliseconds: FieldValue, message expiration: ShortString) async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-message-ttl": milliseconds])
        channel.publish("ephemeral", to: "", queue, BasicProperties(expiration: expiration))
        try await channel.barrier(behind: queue)
        try await elapse(milliseconds: 50)
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "An expiration that is negative, empty, no number or has text behind it closes the channel",
        .proves("ttl.bad-expiration", ["rabbitmq/per-message-ttl/invalid"]))
    func badExpiration() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for expiration in ["-1", "", "soon", "100ms", "1.5"] as [ShortString] {
            channel.publish("no such time", to: "", queue, BasicProperties(expiration: expiration))
            expect(try await channel.outcome(cause: BasicPublish.id), .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "Behind a live message an expired one is never delivered, though it may be counted",
        .proves("ttl.behind-a-live-message", ["rabbitmq/per-message-ttl/head-only"]))
    func behindALiveMessage() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("lasting", to: "", queue)
        channel.publish("ephemeral", to: "", queue, BasicProperties(expiration: "50"))
        try await channel.barrier(behind: queue)
        try await elapse(milliseconds: 50)
        let counted = try await channel.counts(of: queue).messages
        #expect((1...2).contains(counted))
        if counted == 2 { inform("an expired message is counted until it comes to the head") }
        #expect(try await channel.drain(queue) == ["lasting"])
    }

    @Test(
        "A consumer that takes a live message is not given the expired one behind it",
        .proves(
            "ttl.consumed-behind-a-live-message",
            ["rabbitmq/per-message-ttl/head-only", "rabbitmq/message-ttl/never-delivered-late"]))
    func consumedBehindALiveMessage() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let texts = ["lasting", "ephemeral", "lasting, too", "ephemeral, too", "the last"]
        for text in texts {
            channel.publish(
                text, to: "", queue, BasicProperties(expiration: text.hasPrefix("ephemeral") ? "50" : nil))
        }
        try await channel.barrier(behind: queue)
        try await elapse(milliseconds: 60)
        try await channel.consume(queue)
        #expect(try await channel.deliveries(3).map(\.text) == ["lasting", "lasting, too", "the last"])
    }

    @Test(
        "Once the lasting message before it was taken, a message expires in time, though nobody touches the queue",
        .proves(
            "ttl.behind-a-message-that-was-taken",
            ["rabbitmq/per-message-ttl/expiration", "rabbitmq/dead-letter/expired"]))
    func behindAMessageThatWasTaken() async throws {
        let letters = try await DeadLetters.open()
        letters.publish("lasting")
        letters.publish("ephemeral", BasicProperties(expiration: "100"))
        #expect(try await letters.get()?.text == "lasting")
        try await elapse(milliseconds: 150)
        #expect(try await letters.next().text == "ephemeral")
    }

    @Test(
        "Once the lasting message before it was dropped as one too many, a message expires in time",
        .proves(
            "ttl.behind-a-message-that-was-dropped",
            ["rabbitmq/per-message-ttl/expiration", "rabbitmq/dead-letter/expired"]))
    func behindAMessageThatWasDropped() async throws {
        let letters = try await DeadLetters.open(["x-max-length": 2])
        letters.publish("lasting")
        letters.publish("ephemeral", BasicProperties(expiration: "100"))
        letters.publish("one too many")
        #expect(try await letters.next().text == "lasting")
        try await elapse(milliseconds: 150)
        #expect(try await letters.next().text == "ephemeral")
    }

    @Test(
        "A message delivered in time still shows its expiration",
        .proves("ttl.expiration-is-visible", ["rabbitmq/per-message-ttl/property-visible"]))
    func expirationIsVisible() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("in time", to: "", queue, BasicProperties(expiration: "60000"))
        #expect(try await channel.get(queue)?.properties.expiration == "60000")
    }

    @Test(
        "A message with an expiration of 0 reaches only a consumer that takes it at once",
        .proves("ttl.expiration-zero", ["rabbitmq/per-message-ttl/expiration"]))
    func expirationZero() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("nobody takes it", to: "", queue, BasicProperties(expiration: "0"))
        #expect(try await channel.get(queue) == nil)
        try await channel.consume(queue)
        channel.publish("somebody takes it", to: "", queue, BasicProperties(expiration: "0"))
        #expect(try await channel.delivery().text == "somebody takes it")
    }
}
