import AMQPWire
import Testing

extension ProbeChannel {
    /// Declares a stream with a name of its own.
    func declareStream(
        _ arguments: FieldTable = [:], at place: SourceLocation = #_sourceLocation
    ) async throws -> ShortString {
        try await declareQueue(
            unique("stream"), durable: true, exclusive: false,
            arguments: FieldTable([.init("x-queue-type", "stream")] + arguments.fields), at: place)
    }

    /// Publishes a row of messages whose texts are numbers, each when the one before is confirmed: what is confirmed can
    /// be read. The channel confirms from then on.
    func fill(_ stream: ShortString, _ numbers: ClosedRange<Int>, padding: Int = 0) async throws {
        try await confirmSelect()
        for number in numbers {
            publish("\(number)" + String(repeating: " ", count: padding), to: "", stream)
            #expect(try await confirm().isAck)
        }
    }

    /// Starts a consumer of a stream; nil: it does not say where.
    @discardableResult
    func read(
        _ stream: ShortString, from offset: FieldValue?, tag: ShortString = "", prefetch: UInt16 = 100,
        _ more: FieldTable = [:], at place: SourceLocation = #_sourceLocation
    ) async throws -> ShortString {
        try await qos(prefetch)
        var arguments = more
        arguments["x-stream-offset"] = offset
        return try await consume(stream, tag: tag, arguments: arguments, at: place)
    }
}

extension Received {
    /// Where it stands in its stream.
    var offset: Int64? { headers["x-stream-offset"]?.integer }
    /// Without padding.
    var number: String { String(text.prefix { $0 != " " }) }
}

@Suite("Streams: what may be declared") struct StreamDeclareCases {
    private func declare(
        durable: Bool = true, exclusive: Bool = false, autoDelete: Bool = false, _ more: FieldTable = [:]
    ) -> QueueDeclare {
        QueueDeclare(
            queue: unique("stream"), durable: durable, exclusive: exclusive, autoDelete: autoDelete,
            arguments: FieldTable([.init("x-queue-type", "stream")] + more.fields))
    }

    @Test(
        "A stream takes a message, and it is still there when it has been read",
        .proves("stream.declare", ["rabbitmq/stream/declare"], needs: [.streams]))
    func declared() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        try await channel.fill(stream, 1...1)
        for tag in ["once", "again"] as [ShortString] {
            try await channel.read(stream, from: "first", tag: tag)
            let message = try await channel.delivery()
            #expect(message.text == "1" && message.consumerTag == tag)
            channel.ack(message)
        }
    }

    @Test("A stream has to be durable", .proves("stream.not-transient", ["rabbitmq/stream/durable"], needs: [.streams]))
    func notTransient() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(declare(durable: false), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A stream can't be exclusive",
        .proves("stream.not-exclusive", ["rabbitmq/stream/not-exclusive"], needs: [.streams]))
    func notExclusive() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(declare(exclusive: true), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A stream can't be auto-delete",
        .proves("stream.not-auto-delete", ["rabbitmq/stream/not-auto-delete"], needs: [.streams]))
    func notAutoDelete() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(declare(autoDelete: true), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A stream has to be given a name by its client",
        .proves("stream.not-server-named", ["rabbitmq/stream/named"], needs: [.streams]))
    func notServerNamed() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            QueueDeclare(queue: "", durable: true, arguments: ["x-queue-type": "stream"]),
            expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "Arguments of other types are refused, whatever they say",
        .proves("stream.arguments-of-other-types", ["rabbitmq/stream/arguments-of-other-types"], needs: [.streams]))
    func argumentsOfOtherTypes() async throws {
        let channel = try await Probe.openChannel()
        for (name, value) in [
            ("x-max-length", 5), ("x-message-ttl", 1000), ("x-expires", 1000), ("x-overflow", "drop-head"),
            ("x-dead-letter-exchange", ""), ("x-max-priority", 5), ("x-single-active-consumer", false),
            ("x-delivery-limit", 5), ("x-queue-mode", "lazy"),
        ] as [(ShortString, FieldValue)] {
            try await channel.send(
                declare(FieldTable([.init(name, value)])), expecting: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "Its own arguments are checked",
        .proves("stream.arguments-checked", ["rabbitmq/stream/arguments-checked"], needs: [.streams]))
    func argumentsChecked() async throws {
        let channel = try await Probe.openChannel()
        for (name, value) in [
            ("x-max-length-bytes", -1), ("x-max-length-bytes", "many"), ("x-stream-max-segment-size-bytes", -1),
            ("x-initial-cluster-size", 0), ("x-queue-leader-locator", "nowhere"),
        ] as [(ShortString, FieldValue)] {
            try await channel.send(
                declare(FieldTable([.init(name, value)])), expecting: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "x-max-age is a number above 0 and one of the units Y, M, D, h, m and s",
        .proves("stream.age-checked", ["rabbitmq/stream/age"], needs: [.streams]))
    func ageChecked() async throws {
        let channel = try await Probe.openChannel()
        for age in ["1x", "1H", "0h", "1.5h", "1h1m", "5", 5] as [FieldValue] {
            try await channel.send(declare(["x-max-age": age]), expecting: .channelClose(.preconditionFailed))
        }
        for age in ["1Y", "2M", "3D", "4h", "5m", "6s", "01h"] as [FieldValue] {
            try await channel.send(declare(["x-max-age": age]), expecting: .ok)
        }
    }

    @Test(
        "A segment has at most 3,000,000,000 octets",
        .proves("stream.largest-segment", ["rabbitmq/stream/largest-segment"], needs: [.streams]))
    func largestSegment() async throws {
        let channel = try await Probe.openChannel()
        let name: ShortString = "x-stream-max-segment-size-bytes"
        try await channel.send(
            declare(FieldTable([.init(name, 3_000_000_001)])), expecting: .channelClose(.preconditionFailed))
        try await channel.send(declare(FieldTable([.init(name, 3_000_000_000)])), expecting: .ok)
    }

    @Test(
        "The filter of a stream has 16 to 255 octets",
        .proves(
            "stream.filter-size", ["rabbitmq/stream/filter-size"], needs: [.streams],
            rabbitmq: .before("4.0", "There are no filters, and no such argument: it says anything.")))
    func filterSize() async throws {
        let channel = try await Probe.openChannel()
        for size in [15, 256] as [FieldValue] {
            try await channel.send(
                declare(["x-stream-filter-size-bytes": size]), expecting: .channelClose(.preconditionFailed),
                rabbitmq: .ok, before: "4.0")
        }
        for size in [16, 255] as [FieldValue] {
            try await channel.send(declare(["x-stream-filter-size-bytes": size]), expecting: .ok)
        }
    }

    @Test(
        "A single node takes the arguments of a stream with replicas too",
        .proves("stream.cluster-arguments", ["rabbitmq/stream/cluster-arguments"], needs: [.streams]))
    func clusterArguments() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            declare(["x-initial-cluster-size": 3, "x-queue-leader-locator": "balanced"]), expecting: .ok)
    }

    @Test(
        "A redeclare names the type",
        .proves("stream.type-equivalence", ["rabbitmq/stream/equivalence"], needs: [.streams]))
    func typeEquivalence() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        for arguments in [[:], ["x-queue-type": "classic"], ["x-queue-type": "quorum"]] as [FieldTable] {
            try await channel.send(
                QueueDeclare(queue: stream, durable: true, arguments: arguments),
                expecting: .channelClose(.preconditionFailed))
        }
        try await channel.send(
            QueueDeclare(queue: stream, durable: true, arguments: ["x-queue-type": "stream"]), expecting: .ok)
    }

    @Test(
        "A redeclare says the same limits",
        .proves("stream.limit-equivalence", ["rabbitmq/stream/equivalence"], needs: [.streams]))
    func limitEquivalence() async throws {
        let limits: FieldTable = [
            "x-max-age": "1h", "x-max-length-bytes": 1_000_000, "x-stream-max-segment-size-bytes": 500_000,
        ]
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream(limits)
        let other: FieldTable = [
            "x-max-age": "2h", "x-max-length-bytes": 2_000_000, "x-stream-max-segment-size-bytes": 600_000,
        ]
        for field in other.fields {
            var arguments = limits
            arguments[field.name] = field.value
            arguments["x-queue-type"] = "stream"
            try await channel.send(
                QueueDeclare(queue: stream, durable: true, arguments: arguments),
                expecting: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "An age in other units is the same age",
        .proves(
            "stream.age-equivalence", ["rabbitmq/stream/age-equivalence"], needs: [.streams],
            rabbitmq: .before("4.3", "It has to be the same text.")))
    func ageEquivalence() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream(["x-max-age": "1h"])
        try await channel.send(
            QueueDeclare(queue: stream, durable: true, arguments: ["x-queue-type": "stream", "x-max-age": "60m"]),
            expecting: .ok, rabbitmq: .channelClose(.preconditionFailed), before: "4.3")
    }

    @Test(
        "A stream is deleted whatever the condition, and says nothing of what was in it",
        .proves("stream.delete-if", ["rabbitmq/stream/delete"], needs: [.streams]))
    func deleteIf() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        try await channel.fill(stream, 1...3)
        try await channel.read(stream, from: "next")
        let ok = try await channel.call(
            QueueDelete(queue: stream, ifUnused: true, ifEmpty: true), QueueDeleteOk.self)
        #expect(ok.messageCount == 0)
        #expect(try await channel.exists(queue: stream) == false)
    }

    @Test(
        "The consumers of a deleted stream are told",
        .proves("stream.cancel-notify", ["rabbitmq/stream/delete"], needs: [.streams]))
    func cancelNotify() async throws {
        let probe = try await Probe.connect { $0.capabilities = ["consumer_cancel_notify": true] }
        let channel = try await probe.openChannel()
        let stream = try await channel.declareStream()
        try await channel.read(stream, from: "first", tag: "reader")
        let other = try await Probe.openChannel()
        _ = try await other.call(QueueDelete(queue: stream), QueueDeleteOk.self)
        #expect(try await channel.receive(BasicCancel.self).consumerTag == "reader")
    }

    @Test(
        "declare-ok counts the messages, read or not, and no consumers",
        .proves("stream.counts", ["rabbitmq/stream/counts"], needs: [.streams]))
    func counts() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        try await channel.fill(stream, 1...5)
        try await channel.read(stream, from: "first")
        channel.ack(try await channel.deliveries(5)[4], multiple: true)
        var counts = try await channel.counts(of: stream)
        // RabbitMQ counts every now and then.
        for _ in 1...100 where counts.messages != 5 {
            try await elapse(milliseconds: 100)
            counts = try await channel.counts(of: stream)
        }
        #expect(counts.messages == 5 && counts.consumers == 0)
    }

    @Test("A stream is not purged", .proves("stream.purge", ["rabbitmq/stream/no-purge"], needs: [.streams]))
    func purge() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        try await channel.send(QueuePurge(queue: stream), expecting: .connectionClose(.notImplemented))
    }

    @Test("Nothing can be fetched from a stream", .proves("stream.get", ["rabbitmq/stream/no-get"], needs: [.streams]))
    func get() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        try await channel.send(BasicGet(queue: stream, noAck: true), expecting: .connectionClose(.notImplemented))
    }

    @Test(
        "The arguments of a filter are for streams",
        .proves(
            "stream.filter-on-another-queue", ["rabbitmq/stream/filter-on-another-queue"], needs: [.streams],
            rabbitmq: .before("4.0", "There are no filters, and no such arguments: they say anything.")))
    func filterOnAnotherQueue() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for (tag, argument) in [("one", "x-stream-filter"), ("other", "x-stream-match-unfiltered")]
            as [(ShortString, ShortString)]
        {
            try await channel.send(
                BasicConsume(queue: queue, consumerTag: tag, arguments: FieldTable([.init(argument, "a")])),
                expecting: .channelClose(.preconditionFailed), rabbitmq: .ok, before: "4.0")
        }
    }
}
