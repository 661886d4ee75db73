import AMQPWire
import Testing

@Suite("Queues with priorities") struct PriorityCases {
    @Test(
        "Higher priorities are delivered first",
        .proves("priority.order", ["rabbitmq/priority-queue/order"]))
    func order() async throws {
        let (channel, queue) = try await open()
        for priority in [1, 5, 3] as [UInt8] { publish(priority, on: channel, to: queue) }
        #expect(try await channel.drain(queue) == ["5", "3", "1"])
    }

    @Test(
        "A consumer that comes later gets what is there, the highest first",
        .proves("priority.consumed-backlog", ["rabbitmq/priority-queue/order"]))
    func consumedBacklog() async throws {
        let (channel, queue) = try await open()
        for priority in [1, 5, 3] as [UInt8] { publish(priority, on: channel, to: queue) }
        try await channel.barrier(behind: queue)
        try await channel.consume(queue)
        #expect(try await channel.deliveries(3).map(\.text) == ["5", "3", "1"])
    }

    @Test("Equal priorities stay in order", .proves("priority.equal", ["rabbitmq/priority-queue/fifo-within"]))
    func equal() async throws {
        let (channel, queue) = try await open()
        for text in ["a", "b", "c"] { publish(4, text, on: channel, to: queue) }
        publish(5, on: channel, to: queue)
        #expect(try await channel.drain(queue) == ["5", "a", "b", "c"])
    }

    @Test("No priority counts as 0", .proves("priority.none-is-zero", ["rabbitmq/priority-queue/default-zero"]))
    func noneIsZero() async throws {
        let (channel, queue) = try await open()
        channel.publish("none", to: "", queue)
        publish(0, "zero", on: channel, to: queue)
        channel.publish("none again", to: "", queue)
        publish(1, "one", on: channel, to: queue)
        #expect(try await channel.drain(queue) == ["one", "none", "zero", "none again"])
    }

    @Test(
        "A priority above the maximum counts as the maximum, and is delivered as it was",
        .proves("priority.above-maximum", ["rabbitmq/priority-queue/clamped"]))
    func aboveMaximum() async throws {
        let (channel, queue) = try await open()
        publish(10, "ten", on: channel, to: queue)
        publish(200, "two hundred", on: channel, to: queue)
        publish(9, "nine", on: channel, to: queue)
        #expect(try await channel.get(queue)?.text == "ten")
        let second = try #require(try await channel.get(queue))
        #expect(second.text == "two hundred")
        #expect(second.properties.priority == 200)
        #expect(try await channel.get(queue)?.text == "nine")
    }

    @Test(
        "A queue without the argument does not look at priorities",
        .proves("priority.opt-in", ["rabbitmq/priority-queue/opt-in"]))
    func optIn() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for priority in [1, 5, 3] as [UInt8] { publish(priority, on: channel, to: queue) }
        #expect(try await channel.drain(queue) == ["1", "5", "3"])
    }

    @Test(
        "An x-max-priority outside of 0 to 255, or no integer, fails the declare; 0, 1 and 255 are taken",
        .proves("priority.range", ["rabbitmq/priority-queue/range"]))
    func range() async throws {
        let channel = try await Probe.openChannel()
        for value in [-1, 256, "5"] as [FieldValue] {
            try await channel.send(declare(value), expecting: .channelClose(.preconditionFailed))
        }
        for value in [0, 1, 255] as [FieldValue] { try await channel.send(declare(value), expecting: .ok) }
    }

    @Test(
        "A delivered message is not called back for one with a higher priority",
        .proves("priority.not-preemptive", ["rabbitmq/priority-queue/not-preemptive"]))
    func notPreemptive() async throws {
        let (channel, queue) = try await open()
        try await channel.qos(1)
        try await channel.consume(queue)
        publish(1, on: channel, to: queue)
        let first = try await channel.delivery()
        publish(5, on: channel, to: queue)
        try await channel.barrier(behind: queue)
        #expect(channel.deliveriesSoFar().isEmpty)
        channel.ack(first)
        #expect(try await channel.delivery().text == "5")
    }

    @Test(
        "A full queue drops from its head: what would be delivered next",
        .proves("priority.full-drops-the-head", ["rabbitmq/priority-queue/drop-head-may-hit-high"]))
    func fullDropsTheHead() async throws {
        for limit: ShortString in ["x-max-length", "x-max-length-bytes"] {
            let channel = try await Probe.openChannel()
            let queue = try await channel.declareQueue(arguments: [limit: 2, "x-max-priority": 5])
            for (text, priority) in [("a", 1), ("b", 5), ("c", 1), ("d", 3), ("e", 1)] as [(String, UInt8)] {
                channel.publish(text, to: "", queue, BasicProperties(priority: priority))
            }
            #expect(try await channel.drain(queue) == ["c", "e"])
        }
    }

    @Test(
        "A message that comes back has its old priority",
        .proves("priority.requeue", ["rabbitmq/priority-queue/requeue"]))
    func requeue() async throws {
        let (channel, queue) = try await open()
        publish(3, on: channel, to: queue)
        let message = try #require(try await channel.get(queue, noAck: false))
        for priority in [5, 1] as [UInt8] { publish(priority, on: channel, to: queue) }
        channel.reject(message, requeue: true)
        #expect(try await channel.drain(queue) == ["5", "3", "1"])
    }

    @Test(
        "A redeclare with another maximum, or none, is refused",
        .proves("priority.another-maximum", ["rabbitmq/priority-queue/equivalence"]))
    func anotherMaximum() async throws {
        let (channel, queue) = try await open()
        for arguments in [["x-max-priority": 9], [:]] as [FieldTable] {
            let declare = QueueDeclare(queue: queue, exclusive: true, arguments: arguments)
            try await channel.send(declare, expecting: .channelClose(.preconditionFailed))
        }
    }

    private func declare(_ maximum: FieldValue) -> QueueDeclare {
        QueueDeclare(queue: unique("queue"), exclusive: true, arguments: ["x-max-priority": maximum])
    }

    @Test(
        "A message that has expired behind one of higher priority is not handed out when that one has gone",
        .proves("priority.expired-behind-a-higher-one", ["rabbitmq/priority-queue/expired-behind-live"]))
    func expiredBehindHigher() async throws {
        let (channel, queue) = try await open()
        for isConsumed in [false, true] {
            channel.publish("old", to: "", queue, BasicProperties(priority: 1, expiration: "100"))
            publish(3, "high", on: channel, to: queue)
            try await channel.barrier(behind: queue)
            try await elapse(milliseconds: 100)
            if !isConsumed {
                #expect(try await channel.drain(queue) == ["high"])
                continue
            }
            try await channel.qos(1)
            try await channel.consume(queue)
            channel.publish("last", to: "", queue)
            for text in ["high", "last"] {
                let message = try await channel.delivery()
                #expect(message.text == text)
                channel.ack(message)
            }
        }
    }

    @Test(
        "A full queue that refuses messages refuses one of a higher priority, too",
        .proves("priority.full-refuses-the-newest", ["rabbitmq/priority-queue/reject-publish"]))
    func fullRefuses() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: [
            "x-max-priority": 10, "x-max-length": 2, "x-overflow": "reject-publish",
        ])
        try await channel.confirmSelect()
        for (text, priority, isTaken) in [("1", 1, true), ("2", 1, true), ("3", 5, false)] as [(String, UInt8, Bool)] {
            publish(priority, text, on: channel, to: queue)
            #expect(try await channel.confirm().isAck == isTaken)
        }
        #expect(try await channel.drain(queue) == ["1", "2"])
    }

    private func open() async throws -> (ProbeChannel, ShortString) {
        let channel = try await Probe.openChannel()
        return (channel, try await channel.declareQueue(arguments: ["x-max-priority": 10]))
    }

    /// Without words of its own, a message's text is its priority.
    private func publish(
        _ priority: UInt8, _ text: String? = nil, on channel: ProbeChannel, to queue: ShortString
    ) {
        channel.publish(text ?? "\(priority)", to: "", queue, BasicProperties(priority: priority))
    }
}

@Suite("Consumers with priorities") struct ConsumerPriorityCases {
    @Test(
        "While a consumer of higher priority has room, the lower ones get nothing",
        .proves("consumer-priority.higher-first", ["rabbitmq/consumer-priority/higher-first"]))
    func higherFirst() async throws {
        let (channel, queue) = try await open()
        try await consume(channel, queue, "low", priority: 1)
        try await consume(channel, queue, "high", priority: 5)
        for number in 1...4 { channel.publish("\(number)", to: "", queue) }
        let tags = try await channel.deliveries(4).map(\.consumerTag)
        #expect(tags == ["high", "high", "high", "high"])
    }

    @Test(
        "When the window of the higher one is full, the next lower gets messages at once",
        .proves("consumer-priority.falls-through", ["rabbitmq/consumer-priority/falls-through"]))
    func fallsThrough() async throws {
        let (channel, queue) = try await open()
        try await channel.qos(1)
        for (tag, priority) in [("low", 1), ("high", 5), ("middle", 3)] as [(ShortString, FieldValue)] {
            try await consume(channel, queue, tag, priority: priority)
        }
        for number in 1...3 { channel.publish("\(number)", to: "", queue) }
        let messages = try await channel.deliveries(3)
        #expect(messages.sorted { $0.text < $1.text }.map(\.consumerTag) == ["high", "middle", "low"])
    }

    @Test(
        "Once the higher one has room again, it comes first again",
        .proves("consumer-priority.returns-to-higher", ["rabbitmq/consumer-priority/returns-to-higher"]))
    func returnsToHigher() async throws {
        let (channel, queue) = try await open()
        try await channel.qos(1)
        try await consume(channel, queue, "high", priority: 5)
        try await channel.qos(0)
        try await consume(channel, queue, "low", priority: 1)
        for number in 1...2 { channel.publish("\(number)", to: "", queue) }
        let two = try await channel.deliveries(2).sorted { $0.text < $1.text }
        #expect(two.map(\.consumerTag) == ["high", "low"])
        channel.ack(two[0])
        try await channel.barrier(behind: queue)
        channel.publish("3", to: "", queue)
        #expect(try await channel.delivery().consumerTag == "high")
    }

    @Test(
        "Consumers of equal priority take turns",
        .proves("consumer-priority.equal-take-turns", ["rabbitmq/consumer-priority/round-robin-within"]))
    func equalTakeTurns() async throws {
        let (channel, queue) = try await open()
        try await consume(channel, queue, "low", priority: 1)
        for tag in ["one", "two"] as [ShortString] { try await consume(channel, queue, tag, priority: 5) }
        for number in 1...4 { channel.publish("\(number)", to: "", queue) }
        let tags = try await channel.deliveries(4).map(\.consumerTag)
        #expect(Set(tags) == ["one", "two"])
        #expect(tags[0] == tags[2] && tags[1] == tags[3] && tags[0] != tags[1])
    }

    @Test(
        "No x-priority means 0: above a negative one, below a positive one",
        .proves("consumer-priority.none-is-zero", ["rabbitmq/consumer-priority/default-zero"]))
    func noneIsZero() async throws {
        let (channel, queue) = try await open()
        try await channel.qos(1)
        try await consume(channel, queue, "negative", priority: -1)
        try await channel.consume(queue, tag: "none")
        try await consume(channel, queue, "positive", priority: 1)
        for number in 1...3 { channel.publish("\(number)", to: "", queue) }
        let messages = try await channel.deliveries(3)
        #expect(messages.sorted { $0.text < $1.text }.map(\.consumerTag) == ["positive", "none", "negative"])
    }

    @Test(
        "An x-priority that is not an integer is refused",
        .proves("consumer-priority.no-integer", ["rabbitmq/consumer-priority/integer-only"]))
    func noInteger() async throws {
        let (channel, queue) = try await open()
        for value in ["5", 1.5, true] as [FieldValue] {
            try await channel.send(
                BasicConsume(queue: queue, arguments: ["x-priority": value]),
                expecting: .channelClose(.preconditionFailed))
        }
    }

    private func open() async throws -> (ProbeChannel, ShortString) {
        let channel = try await Probe.openChannel()
        return (channel, try await channel.declareQueue())
    }

    private func consume(
        _ channel: ProbeChannel, _ queue: ShortString, _ tag: ShortString, priority: FieldValue
    ) async throws {
        try await channel.consume(queue, tag: tag, arguments: ["x-priority": priority])
    }
}
