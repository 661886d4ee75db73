import AMQPWire
import Testing

@Suite("Exact fits in queues of limited length") struct LengthEdgeCases {
    /// A limit that five of five octets fit under exactly.
    private static let limits: [FieldTable] = [
        ["x-max-length": 5], ["x-max-length-bytes": 25], ["x-max-length": 5, "x-max-length-bytes": 1000],
        ["x-max-length": 1000, "x-max-length-bytes": 25],
    ]
    private static let overflows: [FieldValue] = ["drop-head", "reject-publish", "reject-publish-dlx"]

    @Test(
        "As many as the limit says fit, however often the queue was filled, emptied, purged or given something back before",
        .proves("length.exact-fit", ["rabbitmq/max-length/exact-fit"]))
    func exactFit() async throws {
        for limit in Self.limits {
            for overflow in Self.overflows {
                let (channel, queue) = try await open(limit, overflow)
                try await fill(channel, queue, "fill1")
                // All of it comes back to where it was.
                var taken: [Received] = []
                while let message = try await channel.get(queue, noAck: false) { taken.append(message) }
                #expect(taken.map(\.text) == texts("fill1"), "\(limit) \(overflow)")
                if let last = taken.last { channel.nack(last, multiple: true) }
                #expect(try await channel.drain(queue) == texts("fill1"), "\(limit) \(overflow)")
                try await fill(channel, queue, "fill2")
                #expect(try await channel.call(QueuePurge(queue: queue), QueuePurgeOk.self).messageCount == 5)
                try await fill(channel, queue, "fill3")
                #expect(try await channel.drain(queue) == texts("fill3"), "\(limit) \(overflow)")
            }
        }
    }

    @Test(
        "One more than fits costs one: the oldest, or the newest where publishes are refused",
        .proves("length.one-too-many", ["rabbitmq/max-length/exact-fit", "rabbitmq/max-length/both-limits"]))
    func oneTooMany() async throws {
        for limit in Self.limits {
            for overflow in Self.overflows {
                let (channel, queue) = try await open(limit, overflow)
                for text in texts("fill1") + ["other"] { channel.publish(text, to: "", queue) }
                let seen = try await channel.drain(queue)
                let expected =
                    overflow == "drop-head" ? texts("fill1").dropFirst() + ["other"] : texts("fill1")[...]
                #expect(seen == Array(expected), "\(limit) \(overflow)")
            }
        }
    }

    @Test(
        "A large message drives out as many as it needs the room of",
        .proves("length.large-drives-out-several", ["rabbitmq/max-length/exact-fit"]))
    func largeDrivesOutSeveral() async throws {
        let (channel, queue) = try await open(["x-max-length-bytes": 25], "drop-head")
        for text in texts("fill1") { channel.publish(text, to: "", queue) }
        channel.publish("twelve octets", to: "", queue)
        #expect(try await channel.drain(queue) == ["4ill1", "5ill1", "twelve octets"])
    }

    @Test(
        "Unacknowledged messages take no room from new ones, in queues that refuse as well",
        .proves("length.refusing-ready-only", ["rabbitmq/max-length/ready-only"]))
    func refusingReadyOnly() async throws {
        for limit in Self.limits {
            for overflow in Self.overflows {
                let (channel, queue) = try await open(limit, overflow)
                try await fill(channel, queue, "fill1")
                for _ in 1...5 { _ = try #require(try await channel.get(queue, noAck: false)) }
                try await fill(channel, queue, "fill2")
                #expect(try await channel.drain(queue) == texts("fill2"), "\(limit) \(overflow)")
            }
        }
    }

    @Test(
        "Messages that come back to a full queue drive out the oldest, counted in octets or in messages",
        .proves("length.returned-octets", ["rabbitmq/max-length/requeue-reapplies"]))
    func returnedOctets() async throws {
        for limit in Self.limits {
            let (channel, queue) = try await open(limit, "drop-head")
            for text in texts("fill1") { channel.publish(text, to: "", queue) }
            _ = try #require(try await channel.get(queue, noAck: false))
            let second = try #require(try await channel.get(queue, noAck: false))
            channel.publish("other", to: "", queue)
            channel.nack(second, multiple: true)
            #expect(try await channel.drain(queue) == ["2ill1", "3ill1", "4ill1", "5ill1", "other"], "\(limit)")
        }
    }

    @Test(
        "Times and lengths of more than 32 bits are what they say",
        .proves("length.wide-arguments", ["rabbitmq/limits/wide-arguments"]))
    func wideArguments() async throws {
        // 1 and 100 in the lower 32 bits. RabbitMQ takes no time of more than ten years.
        let (one, hundred): (Int64, Int64) = (4_294_967_297, 4_294_967_396)
        for arguments in [
            ["x-max-length": .int64(one)], ["x-max-length-bytes": .int64(one)], ["x-message-ttl": .int64(hundred)],
            ["x-expires": .int64(hundred)],
        ] as [FieldTable] {
            let channel = try await Probe.openChannel()
            let queue = try await channel.declareQueue(arguments: arguments)
            for text in ["1", "2"] { channel.publish(text, to: "", queue) }
            channel.publish("3", to: "", queue, BasicProperties(expiration: "4294967396"))
            try await channel.barrier(behind: queue)
            try await elapse(milliseconds: 200)
            expect(try await channel.outcome(of: QueueDeclare(queue: queue, passive: true)), .ok)
            #expect(try await channel.drain(queue) == ["1", "2", "3"], "\(arguments)")
        }
    }

    private func open(
        _ limit: FieldTable, _ overflow: FieldValue
    ) async throws -> (channel: ProbeChannel, queue: ShortString) {
        let channel = try await Probe.openChannel()
        var arguments = limit
        arguments["x-overflow"] = overflow
        return (channel, try await channel.declareQueue(arguments: arguments))
    }

    /// Five texts of five octets.
    private func texts(_ text: String) -> [String] { (1...5).map { "\($0)\(text.dropFirst())" } }

    /// Publishes five of five octets, which have to fit.
    private func fill(_ channel: ProbeChannel, _ queue: ShortString, _ text: String) async throws {
        for text in texts(text) { channel.publish(text, to: "", queue) }
        try await channel.expectReady(5, in: queue)
    }
}
