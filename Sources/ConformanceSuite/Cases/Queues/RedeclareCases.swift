import AMQPWire
import Testing

@Suite("Declaring queues again") struct RedeclareCases {
    @Test(
        "Declaring a queue again as it is keeps it and what is in it",
        .proves("declare.queue-again", ["queue.declare.passive/equivalent"]))
    func queueAgain() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(durable: true, exclusive: false, arguments: ["x-max-length": 5])
        channel.publish("kept", to: "", queue)
        try await channel.barrier(behind: queue)
        let again = try await channel.declareQueue(
            queue, durable: true, exclusive: false, arguments: ["x-max-length": 5])
        #expect(again == queue)
        #expect(try await channel.drain(queue) == ["kept"])
    }

    @Test(
        "A transient queue cannot be redeclared as durable",
        .proves("declare.transient-as-durable", ["queue.declare.passive/equivalent", "queue.declare.durable/types"]))
    func transientAsDurable() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: false)
        try await channel.send(
            QueueDeclare(queue: queue, durable: true), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A durable queue cannot be redeclared as transient",
        .proves("declare.durable-as-transient", ["queue.declare.passive/equivalent", "queue.declare.durable/types"]))
    func durableAsTransient() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(durable: true, exclusive: false)
        try await channel.send(QueueDeclare(queue: queue), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "An exclusive queue cannot be redeclared as shared",
        .proves(
            "declare.exclusive-as-shared", ["queue.declare.passive/equivalent", "queue.declare.exclusive/types"],
            rabbitmq: "Exclusivity is looked at before anything else, and a difference there is 405."))
    func exclusiveAsShared() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: true)
        try await channel.send(
            QueueDeclare(queue: queue), expecting: .channelClose(.preconditionFailed),
            rabbitmq: .channelClose(.resourceLocked))
    }

    @Test(
        "A shared queue cannot be redeclared as exclusive",
        .proves(
            "declare.shared-as-exclusive", ["queue.declare.passive/equivalent", "queue.declare.exclusive/types"],
            rabbitmq: "Exclusivity is looked at before anything else, and a difference there is 405."))
    func sharedAsExclusive() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: false)
        try await channel.send(
            QueueDeclare(queue: queue, exclusive: true), expecting: .channelClose(.preconditionFailed),
            rabbitmq: .channelClose(.resourceLocked))
    }

    @Test(
        "Durability is compared for exclusive queues, too",
        .proves(
            "declare.durable-and-exclusive", ["queue.declare.passive/equivalent", "queue.declare.exclusive/types"],
            rabbitmq: "An exclusive queue is transient whatever it was declared as, and both are taken for the same."))
    func durableAndExclusive() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(durable: true, exclusive: true)
        try await channel.send(
            QueueDeclare(queue: queue, durable: false, exclusive: true),
            expecting: .channelClose(.preconditionFailed), rabbitmq: .ok)
    }

    @Test(
        "Redeclaring an existing queue, shared or exclusive, with another auto-delete flag changes nothing",
        .proves(
            "declare.queue-auto-delete-differs", ["queue.declare.auto-delete/pre-existence"],
            rabbitmq: "The flag is part of equivalence: another one is 406."))
    func queueAutoDeleteDiffers() async throws {
        let channel = try await Probe.openChannel()
        for (isExclusive, isAutoDelete) in [(false, false), (false, true), (true, false), (true, true)] {
            let queue = unique("queue")
            func declare(autoDelete: Bool) -> QueueDeclare {
                QueueDeclare(queue: queue, exclusive: isExclusive, autoDelete: autoDelete)
            }
            try await channel.send(declare(autoDelete: isAutoDelete), expecting: .ok)
            try await channel.send(
                declare(autoDelete: !isAutoDelete), expecting: .ok, rabbitmq: .channelClose(.preconditionFailed))
            #expect(try await channel.exists(queue: queue))
        }
    }

    /// Each argument that is compared, with a value that it may have, and another.
    private static let arguments: [(name: ShortString, value: FieldValue, other: FieldValue)] = [
        ("x-expires", 600_000, 600_001), ("x-message-ttl", 600_000, 600_001), ("x-max-length", 5, 6),
        ("x-max-length-bytes", 5, 6), ("x-max-priority", 3, 4), ("x-single-active-consumer", true, false),
        ("x-single-active-consumer", false, true), ("x-overflow", "reject-publish", "drop-head"),
        // What saying nothing comes to is not the same as saying nothing.
        ("x-overflow", "drop-head", "reject-publish"), ("x-dead-letter-exchange", "amq.fanout", "amq.topic"),
        ("x-dead-letter-exchange", "", "amq.topic"), ("x-dead-letter-routing-key", "one", "other"),
        ("x-dead-letter-routing-key", "", "other"),
    ]

    @Test(
        "Each argument is compared, whether it is left out, added or has another value, and even if it says what goes without",
        .proves("declare.each-argument", ["queue.declare.passive/equivalent"]))
    func eachArgument() async throws {
        let channel = try await Probe.openChannel()
        for (name, value, other) in Self.arguments {
            // A key for dead letters is taken only with an exchange for them.
            let rest: FieldTable = name == "x-dead-letter-routing-key" ? ["x-dead-letter-exchange": ""] : [:]
            let (said, changed) = (rest.with(name, value), rest.with(name, other))
            let (queue, bare) = (
                try await channel.declareQueue(arguments: said), try await channel.declareQueue(arguments: rest)
            )
            for (again, arguments, outcome) in [
                (queue, said, Outcomes.ok), (bare, rest, .ok), (queue, rest, .channelClose(.preconditionFailed)),
                (queue, changed, .channelClose(.preconditionFailed)),
                (bare, said, .channelClose(.preconditionFailed)),
            ] {
                try await channel.send(
                    QueueDeclare(queue: again, exclusive: true, arguments: arguments), expecting: outcome)
            }
        }
    }

    @Test(
        "A queue cannot be redeclared with another value for an argument",
        .proves("declare.another-argument-value", ["queue.declare.passive/equivalent"]))
    func anotherArgumentValue() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-max-length": 10])
        try await channel.send(
            QueueDeclare(queue: queue, exclusive: true, arguments: ["x-max-length": 11]),
            expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A queue cannot be redeclared without an argument it has",
        .proves("declare.argument-left-out", ["queue.declare.passive/equivalent"]))
    func argumentLeftOut() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-max-length": 10])
        try await channel.send(
            QueueDeclare(queue: queue, exclusive: true), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A queue cannot be redeclared with an argument it has not",
        .proves("declare.argument-added", ["queue.declare.passive/equivalent"]))
    func argumentAdded() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.send(
            QueueDeclare(queue: queue, exclusive: true, arguments: ["x-expires": 100_000]),
            expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "An integer argument is the same in whatever width it comes",
        .proves("declare.argument-of-another-width", ["queue.declare.passive/equivalent"]))
    func argumentOfAnotherWidth() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-max-length": .int32(10)])
        for same: FieldValue in [.int8(10), .uint16(10), .int64(10)] {
            try await channel.send(
                QueueDeclare(queue: queue, exclusive: true, arguments: ["x-max-length": same]), expecting: .ok)
        }
    }

    @Test(
        "Unknown x- arguments are taken, and count for nothing in a redeclare",
        .proves("declare.unknown-argument", ["rabbitmq/queue.declare/unknown-x-argument"]))
    func unknownArgument() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-unheard-of": "one"])
        try await channel.send(
            QueueDeclare(queue: queue, exclusive: true, arguments: ["x-unheard-of": "two"]), expecting: .ok)
        try await channel.send(QueueDeclare(queue: queue, exclusive: true), expecting: .ok)
    }
}

extension FieldTable {
    /// The same with one field more.
    fileprivate func with(_ name: ShortString, _ value: FieldValue) -> FieldTable {
        FieldTable(fields + [.init(name, value)])
    }
}
