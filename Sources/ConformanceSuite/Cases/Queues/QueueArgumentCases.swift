import AMQPWire
import Testing

/// Arguments that say how RabbitMQ is to run a queue. A client can only see that they are looked at.
@Suite("Arguments of a queue that change nothing for its clients") struct QueueArgumentCases {
    @Test(
        "x-queue-mode is default or lazy, and part of what a redeclare has to agree with",
        .proves(
            "declare.queue-mode", ["rabbitmq/queue.declare/queue-mode"],
            rabbitmq: .from("4.3", "Any mode is taken, because none means anything.")))
    func queueMode() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            declare(["x-queue-mode": "busy"]), expecting: .channelClose(.preconditionFailed), rabbitmq: .ok, from: "4.3"
        )
        try await expectEquivalence(channel, ["x-queue-mode": "lazy"], not: ["x-queue-mode": "default"])
    }

    @Test(
        "x-queue-type has to be known; classic is what a queue is without it",
        .proves("declare.queue-type", ["rabbitmq/queue.declare/queue-type"]))
    func queueType() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(declare(["x-queue-type": "baroque"]), expecting: .channelClose(.preconditionFailed))
        let queue = try await channel.declareQueue(arguments: ["x-queue-type": "classic"])
        try await channel.send(QueueDeclare(queue: queue, exclusive: true), expecting: .ok)
    }

    @Test(
        "x-queue-master-locator is part of what a redeclare has to agree with",
        .proves(
            "declare.queue-master-locator", ["rabbitmq/queue.declare/queue-master-locator"],
            rabbitmq: .from("4.3", "It is a deprecated feature, and refused with 541 on the connection.")))
    func queueMasterLocator() async throws {
        let channel = try await Probe.openChannel()
        if isRabbitMQ(from: "4.3") {
            return try await channel.send(
                declare(["x-queue-master-locator": "client-local"]), expecting: .ok,
                rabbitmq: .connectionClose(.internalError), from: "4.3")
        }
        try await expectEquivalence(
            channel, ["x-queue-master-locator": "client-local"], not: ["x-queue-master-locator": "min-masters"])
    }

    @Test(
        "Arguments of quorum queues and streams are refused on a classic queue",
        .proves("declare.arguments-of-other-types", ["rabbitmq/queue.declare/arguments-of-other-types"]))
    func argumentsOfOtherTypes() async throws {
        let channel = try await Probe.openChannel()
        let names: [ShortString] = [
            "x-delivery-limit", "x-max-age", "x-dead-letter-strategy", "x-max-in-memory-length",
            "x-max-in-memory-bytes", "x-quorum-initial-group-size", "x-queue-leader-locator",
            "x-stream-max-segment-size-bytes", "x-initial-cluster-size",
        ]
        for name in names {
            try await channel.send(declare([name: 1]), expecting: .channelClose(.preconditionFailed))
            try await channel.send(
                declare([name: "1", "x-queue-type": "classic"]), expecting: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "x-queue-version is 1 or 2, and part of what a redeclare has to agree with",
        .proves(
            "declare.queue-version", ["rabbitmq/queue.declare/queue-version"],
            rabbitmq: .from("4.3", "There is no version 1 any more.")))
    func queueVersion() async throws {
        let channel = try await Probe.openChannel()
        for version in [0, 3, "2", true] as [FieldValue] {
            try await channel.send(
                declare(["x-queue-version": version]), expecting: .channelClose(.preconditionFailed))
        }
        try await expectEquivalence(channel, ["x-queue-version": 2], not: ["x-queue-version": 1])
        try await channel.send(
            declare(["x-queue-version": 1]), expecting: .ok, rabbitmq: .channelClose(.preconditionFailed), from: "4.3")
    }

    @Test(
        "A number has to be an integer: no fraction, no text of digits, nothing that is true",
        .proves("declare.numbers-that-are-none", ["rabbitmq/limits/argument-type"]))
    func numbersThatAreNone() async throws {
        let channel = try await Probe.openChannel()
        for name in ["x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes"] as [ShortString] {
            for value in [.double(1000.5), .double(1000), true, "1000"] as [FieldValue] {
                try await channel.send(declare([name: value]), expecting: .channelClose(.preconditionFailed))
            }
        }
    }

    @Test(
        "An argument that has to be text is refused when it is a number",
        .proves("declare.texts-that-are-none", ["rabbitmq/limits/argument-type"]))
    func textsThatAreNone() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(declare(["x-overflow": 5]), expecting: .channelClose(.preconditionFailed))
        try await channel.send(
            declare(["x-dead-letter-exchange": "", "x-dead-letter-routing-key": 5]),
            expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A time of more than ten years is refused",
        .proves("declare.times-beyond-ten-years", ["rabbitmq/limits/longest-time"]))
    func timesBeyondTenYears() async throws {
        let channel = try await Probe.openChannel()
        for name in ["x-message-ttl", "x-expires"] as [ShortString] {
            try await channel.send(declare([name: .int64(315_360_000_000)]), expecting: .ok)
            for time in [315_360_000_001, .max] as [Int64] {
                try await channel.send(declare([name: .int64(time)]), expecting: .channelClose(.preconditionFailed))
            }
        }
    }

    @Test(
        "A message that is to expire in more than ten years is refused",
        .proves("ttl.expiration-beyond-ten-years", ["rabbitmq/limits/longest-time"]))
    func expirationBeyondTenYears() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("in time", to: "", queue, BasicProperties(expiration: "315360000000"))
        expect(try await channel.outcome(cause: BasicPublish.id), .ok)
        for expiration in ["315360000001", "99999999999999999999999999"] as [ShortString] {
            channel.publish("too late", to: "", queue, BasicProperties(expiration: expiration))
            expect(try await channel.outcome(cause: BasicPublish.id), .channelClose(.preconditionFailed))
        }
        #expect(try await channel.drain(queue) == ["in time"])
    }

    private func declare(_ arguments: FieldTable, _ queue: ShortString = unique("queue")) -> QueueDeclare {
        QueueDeclare(queue: queue, exclusive: true, arguments: arguments)
    }

    /// A queue with some arguments is declared again with the same, with others, and with none.
    private func expectEquivalence(
        _ channel: ProbeChannel, _ arguments: FieldTable, not others: FieldTable,
        at place: SourceLocation = #_sourceLocation
    ) async throws {
        let queue = try await channel.declareQueue(arguments: arguments)
        try await channel.send(declare(arguments, queue), expecting: .ok, at: place)
        for other in [others, [:]] {
            try await channel.send(declare(other, queue), expecting: .channelClose(.preconditionFailed), at: place)
        }
    }
}
