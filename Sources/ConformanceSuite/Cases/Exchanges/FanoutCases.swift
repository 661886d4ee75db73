import AMQPWire
import Testing

@Suite("Fanout exchange") struct FanoutCases {
    @Test(
        "Every bound queue gets a copy, whatever the keys",
        .proves("pubsub.fanout-ignores-keys", ["spec/3.1.3.2/fanout-ignores-key", "exchange/required-types"]))
    func fanoutIgnoresKeys() async throws {
        let channel = try await Probe.openChannel()
        let logs = try await channel.declareExchange("fanout")
        var queues: [ShortString] = []
        for key: ShortString in ["", "info", "error"] {
            queues.append(try await channel.declareQueue())
            try await channel.bind(queues[queues.count - 1], to: logs, key)
        }
        for key: ShortString in ["", "error"] { channel.publish("'\(key)'", to: logs, key) }
        for queue in queues { #expect(try await channel.drain(queue) == ["''", "'error'"]) }
    }

    @Test(
        "A queue that is not bound gets nothing",
        .proves("pubsub.only-bound-queues", ["spec/3.1.3.2/fanout-ignores-key"]))
    func onlyBoundQueues() async throws {
        let channel = try await Probe.openChannel()
        let logs = try await channel.declareExchange("fanout")
        let bound = try await channel.declareQueue()
        let unbound = try await channel.declareQueue()
        try await channel.bind(bound, to: logs)
        channel.publish("news", to: logs, unbound)
        #expect(try await channel.drain(bound) == ["news"])
        #expect(try await channel.drain(unbound) == [])
    }

    @Test(
        "A late receiver gets only what comes after: an exchange keeps nothing",
        .proves("pubsub.late-joiner", ["spec/4.6/visibility"]))
    func lateJoiner() async throws {
        let channel = try await Probe.openChannel()
        let logs = try await channel.declareExchange("fanout")
        channel.publish("to nobody", to: logs)
        let early = try await channel.declareQueue()
        try await channel.bind(early, to: logs)
        channel.publish("to one", to: logs)
        let late = try await channel.declareQueue()
        try await channel.bind(late, to: logs)
        channel.publish("to both", to: logs)
        #expect(try await channel.drain(early) == ["to one", "to both"])
        #expect(try await channel.drain(late) == ["to both"])
    }

    @Test(
        "A queue that is bound twice gets one copy",
        .proves("pubsub.two-bindings-one-copy", ["queue.bind/unique"]))
    func twoBindingsOneCopy() async throws {
        let channel = try await Probe.openChannel()
        let logs = try await channel.declareExchange("fanout")
        let queue = try await channel.declareQueue()
        for key: ShortString in ["a", "b"] { try await channel.bind(queue, to: logs, key) }
        channel.publish("once", to: logs, "a")
        #expect(try await channel.drain(queue) == ["once"])
    }

    @Test(
        "With one of its two bindings gone a queue still gets messages, with both gone it does not",
        .proves("pubsub.unbind", ["spec/4.6/visibility"]))
    func unbind() async throws {
        let channel = try await Probe.openChannel()
        let logs = try await channel.declareExchange("fanout")
        let queue = try await channel.declareQueue()
        for key: ShortString in ["a", "b"] { try await channel.bind(queue, to: logs, key) }
        for key: ShortString in ["a", "b"] {
            let unbind = QueueUnbind(queue: queue, exchange: logs, routingKey: key)
            _ = try await channel.call(unbind, QueueUnbindOk.self)
            channel.publish("without \(key)", to: logs)
        }
        #expect(try await channel.drain(queue) == ["without a"])
    }

    @Test(
        "Copies are settled one by one: what one subscriber drops another still has",
        .proves("pubsub.copies-are-independent", ["basic/10", "domain.redelivered/implementation"]))
    func copiesAreIndependent() async throws {
        let channel = try await Probe.openChannel()
        let logs = try await channel.declareExchange("fanout")
        let one = try await channel.declareQueue()
        let other = try await channel.declareQueue()
        for queue in [one, other] { try await channel.bind(queue, to: logs) }
        channel.publish("news", to: logs)
        let copy = try #require(try await channel.get(one, noAck: false))
        channel.nack(copy)
        #expect(try await channel.get(one)?.redelivered == true)
        let otherCopy = try #require(try await channel.get(other))
        #expect(otherCopy.text == "news")
        #expect(!otherCopy.redelivered, "the other copy has not been out before")
    }

    @Test(
        "amq.fanout is there from the start",
        .proves("pubsub.predeclared-exchange", ["exchange/required-instances"]))
    func predeclaredExchange() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: "amq.fanout")
        let mark = unique("mark").text
        channel.publish(mark, to: "amq.fanout", "any key")
        // Others may use the exchange at the same time.
        #expect(try await channel.drain(queue).contains(mark))
    }

    @Test(
        "A queue declared without a name gets one of its own",
        .proves("pubsub.name-from-the-broker", ["queue.declare.queue/default-name"]))
    func nameFromTheBroker() async throws {
        let channel = try await Probe.openChannel()
        let logs = try await channel.declareExchange("fanout")
        let one = try await channel.declareQueue("")
        let other = try await channel.declareQueue("")
        #expect(!one.isEmpty && !other.isEmpty)
        #expect(one != other)
        try await channel.bind(one, to: logs)
        channel.publish("news", to: logs)
        #expect(try await channel.drain(one) == ["news"])
        #expect(try await channel.drain(other) == [])
    }
}

@Suite("How long a temporary queue lives") struct TemporaryQueueCases {
    @Test(
        "An exclusive queue goes with its connection, not with the channel that declared it",
        .proves(
            "pubsub.exclusive-dies-with-connection", ["rabbitmq/queue.declare/exclusive-dies-with-connection"]))
    func exclusiveDiesWithConnection() async throws {
        let owner = try await Probe.openChannel()
        let sibling = try await owner.probe.openChannel()
        let observer = try await Probe.openChannel()
        let queue = try await owner.declareQueue()
        try await owner.close()
        #expect(try await sibling.exists(queue: queue), "it goes with the connection, not with the channel")
        try await owner.probe.close()
        try await observer.awaitGone(queue: queue)
    }

    @Test(
        "When the connection is closed, its exclusive queue's name is free at once",
        .proves("pubsub.exclusive-name-is-free", ["rabbitmq/queue.declare/exclusive-synchronous"]))
    func exclusiveNameIsFree() async throws {
        let observer = try await Probe.openChannel()
        let name = unique("exclusive")
        for _ in 1...5 {
            let owner = try await Probe.openChannel()
            try await owner.declareQueue(name)
            try await owner.probe.close()
        }
        try await observer.declareQueue(name)
    }

    @Test(
        "An auto-delete queue goes with its last consumer, not before",
        .proves("pubsub.auto-delete-with-last-consumer", ["rabbitmq/queue.declare/auto-delete-last-consumer"]))
    func autoDeleteWithLastConsumer() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: false, autoDelete: true)
        for tag: ShortString in ["first", "last"] { try await channel.consume(queue, tag: tag) }
        try await channel.cancel("first")
        #expect(try await channel.exists(queue: queue), "there is a consumer left")
        try await channel.cancel("last")
        try await channel.awaitGone(queue: queue)
    }

    @Test(
        "An auto-delete queue goes with the channel of its last consumer",
        .proves("pubsub.auto-delete-with-channel", ["rabbitmq/queue.declare/auto-delete-last-consumer"]))
    func autoDeleteWithChannel() async throws {
        let channel = try await Probe.openChannel()
        let sibling = try await channel.probe.openChannel()
        let queue = try await sibling.declareQueue(exclusive: false, autoDelete: true)
        try await channel.consume(queue)
        try await channel.close()
        try await sibling.awaitGone(queue: queue)
    }

    @Test(
        "An auto-delete queue goes with the connection of its last consumer",
        .proves("pubsub.auto-delete-with-connection", ["rabbitmq/queue.declare/auto-delete-last-consumer"]))
    func autoDeleteWithConnection() async throws {
        let consumer = try await Probe.openChannel()
        let observer = try await Probe.openChannel()
        let queue = try await observer.declareQueue(exclusive: false, autoDelete: true)
        try await consumer.consume(queue)
        try await consumer.probe.close()
        try await observer.awaitGone(queue: queue)
    }

    @Test(
        "An auto-delete queue that never had a consumer stays: a fetch is none",
        .proves("pubsub.auto-delete-never-consumed", ["rabbitmq/queue.declare/auto-delete-never-consumed"]))
    func autoDeleteNeverConsumed() async throws {
        let channel = try await Probe.openChannel()
        let observer = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: false, autoDelete: true)
        channel.publish("news", to: "", queue)
        #expect(try await channel.drain(queue) == ["news"])
        try await channel.probe.close()
        #expect(try await observer.exists(queue: queue))
    }
}
