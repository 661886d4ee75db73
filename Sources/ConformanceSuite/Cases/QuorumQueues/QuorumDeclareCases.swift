import AMQPWire
import Testing

extension ProbeChannel {
    /// Declares a quorum queue with a name of its own.
    func declareQuorumQueue(
        _ arguments: FieldTable = [:], at place: SourceLocation = #_sourceLocation
    ) async throws -> ShortString {
        try await declareQueue(
            unique("quorum"), durable: true, exclusive: false,
            arguments: FieldTable([.init("x-queue-type", "quorum")] + arguments.fields), at: place)
    }

    /// Publishes a row of messages whose texts are numbers.
    func publish(_ numbers: ClosedRange<Int>, toQueue queue: ShortString) {
        for number in numbers { publish("\(number)", to: "", queue) }
    }

    /// Fetches so many messages, to be settled.
    func hold(_ count: Int, of queue: ShortString) async throws -> [Received] {
        var messages: [Received] = []
        while messages.count < count {
            try await awaitReady(1, in: queue)
            guard let message = try await get(queue, noAck: false) else { break }
            messages.append(message)
        }
        try #require(messages.count == count, "as many messages as were there")
        return messages
    }

    /// Fetches a message; nil: there is none, nor on its way. Where a queue is a process of its own, a fetch can overtake
    /// what was published or handed back.
    func fetch(_ queue: ShortString, noAck: Bool = false) async throws -> Received? {
        _ = try await hasReady(in: queue)
        return try await get(queue, noAck: noAck)
    }

    func drainWhole(_ queue: ShortString) async throws -> [String] {
        var texts: [String] = []
        while let message = try await fetch(queue, noAck: true) { texts.append(message.text) }
        return texts
    }
}

@Suite("Quorum queues: what may be declared") struct QuorumDeclareCases {
    private func declare(
        durable: Bool = true, exclusive: Bool = false, autoDelete: Bool = false, _ more: FieldTable = [:]
    ) -> QueueDeclare {
        QueueDeclare(
            queue: unique("quorum"), durable: durable, exclusive: exclusive, autoDelete: autoDelete,
            arguments: FieldTable([.init("x-queue-type", "quorum")] + more.fields))
    }

    @Test(
        "A quorum queue takes a message and hands it out",
        .proves("quorum.declare", ["rabbitmq/quorum/declare"], needs: [.quorumQueues]))
    func declared() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        channel.publish("kept by a majority", to: "", queue)
        let message = try #require(try await channel.fetch(queue))
        #expect(message.text == "kept by a majority")
        channel.ack(message)
        #expect(try await channel.fetch(queue, noAck: true) == nil)
    }

    @Test(
        "A quorum queue has to be durable",
        .proves("quorum.not-transient", ["rabbitmq/quorum/durable"], needs: [.quorumQueues]))
    func notTransient() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(declare(durable: false), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A quorum queue can't be exclusive",
        .proves("quorum.not-exclusive", ["rabbitmq/quorum/not-exclusive"], needs: [.quorumQueues]))
    func notExclusive() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(declare(exclusive: true), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A quorum queue can't be auto-delete",
        .proves("quorum.not-auto-delete", ["rabbitmq/quorum/not-auto-delete"], needs: [.quorumQueues]))
    func notAutoDelete() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(declare(autoDelete: true), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A quorum queue has to be given a name by its client",
        .proves("quorum.not-server-named", ["rabbitmq/quorum/named"], needs: [.quorumQueues]))
    func notServerNamed() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            QueueDeclare(queue: "", durable: true, arguments: ["x-queue-type": "quorum"]),
            expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "Arguments of other types are refused, whatever they say",
        .proves("quorum.arguments-of-other-types", ["rabbitmq/quorum/arguments-of-other-types"], needs: [.quorumQueues])
    )
    func argumentsOfOtherTypes() async throws {
        let channel = try await Probe.openChannel()
        for (name, value) in [
            ("x-max-priority", 5), ("x-queue-mode", "lazy"), ("x-queue-version", 2), ("x-max-age", "1h"),
            ("x-queue-master-locator", "client-local"),
        ] as [(ShortString, FieldValue)] {
            try await channel.send(
                declare(FieldTable([.init(name, value)])), expecting: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "Numbers of its own arguments have to be numbers, and not below what makes sense",
        .proves("quorum.arguments-checked", ["rabbitmq/quorum/arguments-checked"], needs: [.quorumQueues]))
    func argumentsChecked() async throws {
        let channel = try await Probe.openChannel()
        for (name, value) in [
            ("x-max-length", -1), ("x-max-length-bytes", "many"), ("x-message-ttl", -1), ("x-expires", 0),
            ("x-quorum-initial-group-size", 0), ("x-single-active-consumer", "yes"), ("x-overflow", "spill"),
        ] as [(ShortString, FieldValue)] {
            try await channel.send(
                declare(FieldTable([.init(name, value)])), expecting: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "Words that its own arguments don't know are refused",
        .proves("quorum.words-checked", ["rabbitmq/quorum/arguments-checked"], needs: [.quorumQueues]))
    func wordsChecked() async throws {
        let channel = try await Probe.openChannel()
        for name: ShortString in ["x-dead-letter-strategy", "x-queue-leader-locator", "x-overflow"] {
            try await channel.send(
                declare(FieldTable([.init(name, "anything")])), expecting: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "Those of a replicated queue are part of what a redeclare has to agree with",
        .proves("quorum.cluster-equivalence", ["rabbitmq/quorum/cluster-equivalence"], needs: [.quorumQueues]))
    func clusterEquivalence() async throws {
        let channel = try await Probe.openChannel()
        for (name, value, other) in [
            ("x-quorum-initial-group-size", 3, 5), ("x-queue-leader-locator", "balanced", "client-local"),
            ("x-dead-letter-strategy", "at-most-once", "at-least-once"), ("x-max-in-memory-length", 10, 11),
        ] as [(ShortString, FieldValue, FieldValue)] {
            let queue = try await channel.declareQuorumQueue(FieldTable([.init(name, value)]))
            for (value, outcome) in [(value, .ok), (other, .channelClose(.preconditionFailed))]
                as [(FieldValue, Outcomes)]
            {
                let arguments = FieldTable([.init("x-queue-type", "quorum"), .init(name, value)])
                try await channel.send(
                    QueueDeclare(queue: queue, durable: true, arguments: arguments), expecting: outcome)
            }
        }
    }

    @Test(
        "A single node takes the arguments of a replicated queue too",
        .proves("quorum.cluster-arguments", ["rabbitmq/quorum/cluster-arguments"], needs: [.quorumQueues]))
    func clusterArguments() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue([
            "x-quorum-initial-group-size": 3, "x-queue-leader-locator": "balanced",
            "x-dead-letter-strategy": "at-most-once", "x-delivery-limit": 5,
        ])
        channel.publish("taken", to: "", queue)
        #expect(try await channel.drainWhole(queue) == ["taken"])
    }

    @Test(
        "The type is part of what a redeclare has to agree with, both ways",
        .proves("quorum.type-equivalence", ["rabbitmq/quorum/type-equivalence"], needs: [.quorumQueues]))
    func typeEquivalence() async throws {
        let channel = try await Probe.openChannel()
        let quorum = try await channel.declareQuorumQueue()
        let refused: Outcomes = .channelClose(.preconditionFailed)
        try await channel.send(
            QueueDeclare(queue: quorum, durable: true, arguments: ["x-queue-type": "quorum"]), expecting: .ok)
        try await channel.send(QueueDeclare(queue: quorum, durable: true), expecting: refused)
        try await channel.send(
            QueueDeclare(queue: quorum, durable: true, arguments: ["x-queue-type": "classic"]), expecting: refused)
        let classic = try await channel.declareQueue(durable: true, exclusive: false)
        try await channel.send(
            QueueDeclare(queue: classic, durable: true, arguments: ["x-queue-type": "quorum"]), expecting: refused)
    }

    @Test(
        "The delivery limit of a quorum queue is part of what a redeclare has to agree with",
        .proves("quorum.limit-equivalence", ["rabbitmq/quorum/limit-equivalence"], needs: [.quorumQueues]))
    func limitEquivalence() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue(["x-delivery-limit": 5])
        for (limit, outcome) in [
            (5, .ok), (6, .channelClose(.preconditionFailed)), (nil, .channelClose(.preconditionFailed)),
        ] as [(Int64?, Outcomes)] {
            var arguments: FieldTable = ["x-queue-type": "quorum"]
            if let limit { arguments["x-delivery-limit"] = .int64(limit) }
            try await channel.send(QueueDeclare(queue: queue, durable: true, arguments: arguments), expecting: outcome)
        }
    }

    @Test(
        "An argument that another type knows, and it does not, may be said when it is there",
        .proves("quorum.foreign-equivalence", ["rabbitmq/quorum/foreign-equivalence"], needs: [.quorumQueues]))
    func foreignEquivalence() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        try await channel.send(
            QueueDeclare(queue: queue, durable: true, arguments: ["x-queue-type": "quorum", "x-max-priority": 5]),
            expecting: .ok)
    }

    @Test(
        "A quorum queue can't be deleted on condition that nobody uses it",
        .proves("quorum.delete-if-unused", ["rabbitmq/quorum/delete-if"], needs: [.quorumQueues]))
    func deleteIfUnused() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        try await channel.send(
            QueueDelete(queue: queue, ifUnused: true), expecting: .connectionClose(.notImplemented))
    }

    @Test(
        "A quorum queue can't be deleted on condition that it is empty",
        .proves("quorum.delete-if-empty", ["rabbitmq/quorum/delete-if"], needs: [.quorumQueues]))
    func deleteIfEmpty() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        try await channel.send(QueueDelete(queue: queue, ifEmpty: true), expecting: .connectionClose(.notImplemented))
    }

    @Test(
        "A deleted quorum queue is gone with its messages, and the broker says how many they were",
        .proves("quorum.delete", ["rabbitmq/quorum/delete"], needs: [.quorumQueues]))
    func deleted() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        channel.publish(1...3, toQueue: queue)
        _ = try await channel.hold(1, of: queue)
        let ok = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self)
        if ok.messageCount != 2 { inform("of 2 ready messages and one that is held, \(ok.messageCount) are counted") }
        #expect(try await !channel.exists(queue: queue))
    }

    @Test(
        "A purge takes what is ready, and leaves what is held",
        .proves("quorum.purge", ["rabbitmq/quorum/purge"], needs: [.quorumQueues]))
    func purged() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        channel.publish(1...3, toQueue: queue)
        let held = try #require(try await channel.fetch(queue))
        #expect(try await channel.call(QueuePurge(queue: queue), QueuePurgeOk.self).messageCount == 2)
        channel.nack(held)
        #expect(try await channel.drainWhole(queue) == ["1"])
    }

    @Test(
        "A purge takes what came back as well",
        .proves("quorum.purge-returned", ["rabbitmq/quorum/purge"], needs: [.quorumQueues]))
    func purgedReturned() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue(["x-delivery-limit": 9])
        channel.publish(1...3, toQueue: queue)
        let held = try await channel.hold(2, of: queue)
        channel.nack(held[1], multiple: true)
        try await channel.awaitReady(3, in: queue)
        #expect(try await channel.call(QueuePurge(queue: queue), QueuePurgeOk.self).messageCount == 3)
        channel.publish("later", to: "", queue)
        #expect(try await channel.drainWhole(queue) == ["later"])
    }
}
