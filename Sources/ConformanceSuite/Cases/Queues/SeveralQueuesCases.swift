import AMQPWire
import Testing

@Suite("Several queues, and what others do with them") struct SeveralQueuesCases {
    @Test(
        "Every exclusive queue of a connection goes with it, and their bindings",
        .proves(
            "pubsub.all-exclusive-queues-go",
            ["rabbitmq/queue.declare/exclusive-dies-with-connection", "rabbitmq/queue.declare/exclusive-synchronous"]))
    func allExclusiveQueuesGo() async throws {
        let observer = try await Probe.openChannel()
        let exchange = try await observer.declareExchange("fanout")
        let owner = try await Probe.openChannel()
        let second = try await owner.probe.openChannel()
        var queues: [ShortString] = []
        for channel in [owner, second, owner, second] {
            let queue = try await channel.declareQueue()
            try await channel.bind(queue, to: exchange)
            queues.append(queue)
        }
        observer.publish("to four", to: exchange, mandatory: true)
        for queue in queues {
            try await owner.awaitReady(1, in: queue)
            #expect(try await owner.drain(queue) == ["to four"])
        }
        try await owner.probe.close()
        for queue in queues { try await observer.awaitGone(queue: queue) }
        observer.publish("to nobody", to: exchange, mandatory: true)
        #expect(try await observer.returned().text == "to nobody")
    }

    @Test(
        "The exclusive queues of a connection that breaks off are gone: not there, rather than somebody else's",
        .proves(
            "pubsub.exclusive-queues-of-the-lost", ["rabbitmq/queue.declare/exclusive-dies-with-connection"]))
    func exclusiveQueuesOfTheLost() async throws {
        let observer = try await Probe.openChannel()
        for end in [{ $0.abort() }, { $0.finish() }] as [@Sendable (Probe) -> Void] {
            let owner = try await Probe.openChannel()
            let queues = try await [owner.declareQueue(), owner.declareQueue()]
            end(owner.probe)
            for queue in queues { try await observer.awaitGone(queue: queue) }
        }
    }

    @Test(
        "The last declared queue is the latest, however it was declared",
        .proves(
            "declare.last-declared-changes",
            ["rabbitmq/queue.declare/last-declared-shortcut", "queue.purge.queue/queue-known"]))
    func lastDeclaredChanges() async throws {
        let channel = try await Probe.openChannel()
        let queues = try await [channel.declareQueue(), channel.declareQueue()]
        for (number, queue) in queues.enumerated() { channel.publish("\(number)", to: "", queue) }
        #expect(try await channel.get("")?.text == "1")
        // Declared again, it is the last once more.
        try await channel.declareQueue(queues[0])
        #expect(try await channel.get("")?.text == "0")
        // Without an answer, too.
        let silent = unique("silent")
        channel.send(QueueDeclare(queue: silent, exclusive: true, noWait: true))
        channel.publish("2", to: "", silent)
        #expect(try await channel.get("")?.text == "2")
        // And passively.
        channel.publish("3", to: "", queues[1])
        channel.send(QueueDeclare(queue: queues[1], passive: true, noWait: true))
        #expect(try await channel.get("")?.text == "3")
    }

    @Test(
        "Unbinding without queue and key takes back what binding without them made",
        .proves("bindings.unbind-last-declared", ["queue.unbind.queue/queue-known"]))
    func unbindLastDeclared() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        try await channel.bind("", to: exchange, "")
        try await channel.bind(queue, to: exchange, "")
        channel.publish("by name", to: exchange, queue)
        channel.publish("by nothing", to: exchange, "")
        #expect(try await channel.drain(queue) == ["by name", "by nothing"])
        _ = try await channel.call(QueueUnbind(exchange: exchange), QueueUnbindOk.self)
        channel.publish("by name", to: exchange, queue, mandatory: true)
        #expect(try await channel.returned().text == "by name")
        channel.publish("by nothing", to: exchange, "")
        #expect(try await channel.drain(queue) == ["by nothing"])
    }

    @Test(
        "Consumers of other channels and connections are counted, and keep a queue in use",
        .proves(
            "declare.consumers-of-others", ["rabbitmq/queue.declare/counts", "queue.delete.if-unused/in-use"]))
    func consumersOfOthers() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: false)
        let others = try await [channel.probe.openChannel(), Probe.openChannel()]
        for (number, other) in others.enumerated() {
            try await other.consume(queue, tag: "other")
            #expect(try await channel.counts(of: queue).consumers == number + 1)
            try await channel.send(
                QueueDelete(queue: queue, ifUnused: true), expecting: .channelClose(.preconditionFailed))
        }
        for other in others { try await other.cancel("other") }
        try await channel.send(QueueDelete(queue: queue, ifUnused: true), expecting: .ok)
    }

    @Test(
        "With if-unused and if-empty together each has its say",
        .proves(
            "declare.if-unused-and-if-empty", ["queue.delete.if-unused/in-use", "queue.delete.if-empty/not-empty"]))
    func ifUnusedAndIfEmpty() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: false)
        let delete = QueueDelete(queue: queue, ifUnused: true, ifEmpty: true)
        let consumer = try await Probe.openChannel()
        let tag = try await consumer.consume(queue)
        try await channel.send(delete, expecting: .channelClose(.preconditionFailed))
        try await consumer.cancel(tag)
        channel.publish("left", to: "", queue)
        try await channel.barrier(behind: queue)
        try await channel.send(delete, expecting: .channelClose(.preconditionFailed))
        #expect(try await channel.drain(queue) == ["left"])
        try await channel.send(delete, expecting: .ok)
        #expect(try await !channel.exists(queue: queue))
    }

    @Test(
        "A confirm says no when any of several queues refuses, whichever it is",
        .proves(
            "confirms.one-of-three-refuses",
            ["rabbitmq/publisher-confirms/nack-on-reject", "rabbitmq/publisher-confirms/all-queues"]))
    func oneOfThreeRefuses() async throws {
        for full in 0...2 {
            let channel = try await Probe.openChannel()
            let exchange = try await channel.declareExchange("fanout")
            var queues: [ShortString] = []
            for place in 0...2 {
                let limits: FieldTable = ["x-max-length": 0, "x-overflow": "reject-publish"]
                let queue = try await channel.declareQueue(arguments: place == full ? limits : [:])
                try await channel.bind(queue, to: exchange)
                queues.append(queue)
            }
            try await channel.confirmSelect()
            channel.publish("to two of three", to: exchange)
            let confirm = try await channel.confirm()
            #expect(confirm.tag == 1 && !confirm.isAck)
            for place in 0...2 {
                #expect(try await channel.drain(queues[place]) == (place == full ? [] : ["to two of three"]))
            }
        }
    }

    @Test(
        "Two channels that publish at the same time are both confirmed",
        .proves(
            "confirms.two-channels-at-once",
            ["confirm/all-messages-acknowledged", "rabbitmq/publisher-confirms/channel-scoped"]))
    func twoChannelsAtOnce() async throws {
        let first = try await Probe.openChannel()
        let channels = try await [first, first.probe.openChannel(), first.probe.openChannel()]
        let queue = try await first.declareQueue()
        for channel in channels { try await channel.confirmSelect() }
        for round in 1...2 as ClosedRange<UInt64> {
            first.probe.send { frames in
                for channel in channels.reversed() {
                    frames.content(
                        BasicPublish(routingKey: queue), BasicProperties(), body: [1], channel: channel.number,
                        frameMax: 4096)
                }
            }
            for channel in channels { #expect(try await channel.confirm().tag == round) }
        }
        try await first.expectReady(6, in: queue)
    }

    @Test(
        "An auto-delete exchange that loses all of its bindings at once goes, too",
        .proves(
            "declare.auto-delete-several-bindings", ["rabbitmq/exchange.declare/auto-delete-last-binding"]))
    func autoDeleteSeveralBindings() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct", autoDelete: true)
        let queues = try await [channel.declareQueue(), channel.declareQueue()]
        for queue in queues {
            for key in ["a", "b", "c"] as [ShortString] { try await channel.bind(queue, to: exchange, key) }
        }
        _ = try await channel.call(QueueDelete(queue: queues[0]), QueueDeleteOk.self)
        #expect(try await channel.exists(exchange: exchange), "the other queue is still bound")
        _ = try await channel.call(QueueDelete(queue: queues[1]), QueueDeleteOk.self)
        #expect(try await !channel.exists(exchange: exchange))
    }
}
