import AMQPWire
import Testing

/// Limits and times: several of them, and several messages at once.
@Suite("Limits and times: several at once") struct CombinedLimitCases {
    @Test(
        "Messages that a large one drives out are dead-lettered in their order",
        .proves("length.driven-out-in-order", ["rabbitmq/max-length/drop-head-dlx"]))
    func drivenOutInOrder() async throws {
        let channel = try await Probe.openChannel()
        for limits in [["x-max-length-bytes": 10], ["x-max-length-bytes": 10, "x-max-length": 5]] as [FieldTable] {
            let dead = try await channel.declareQueue()
            let queue = try await channel.declareQueue(
                arguments: FieldTable(
                    limits.fields + [
                        .init("x-dead-letter-exchange", ""),
                        .init("x-dead-letter-routing-key", .longString(dead.octets)),
                    ]))
            for text in ["one", "two", "3rd", "the largest"] { channel.publish(text, to: "", queue) }
            try await channel.barrier(behind: queue)
            try await channel.awaitReady(4, in: dead)
            #expect(try await channel.drain(dead) == ["one", "two", "3rd", "the largest"])
        }
    }

    @Test(
        "The smaller of both times applies when it is zero, too",
        .proves("ttl.zero-is-the-smaller", ["rabbitmq/per-message-ttl/lower-wins", "rabbitmq/message-ttl/zero"]))
    func zeroIsTheSmaller() async throws {
        let channel = try await Probe.openChannel()
        for (ofTheQueue, ofTheMessage) in [(60_000, "0"), (0, "60000"), (0, "0")] {
            let queue = try await channel.declareQueue(arguments: ["x-message-ttl": .int32(Int32(ofTheQueue))])
            channel.publish("gone", to: "", queue, BasicProperties(expiration: ShortString(truncating: ofTheMessage)))
            #expect(try await channel.drain(queue) == [], "\(ofTheQueue) and \(ofTheMessage)")
            try await channel.expectReady(0, in: queue, "\(ofTheQueue) and \(ofTheMessage)")
        }
    }

    @Test(
        "Numbers that agree in their lower 32 bits are not the same",
        .proves("declare.numbers-beyond-32-bits", ["queue.declare.passive/equivalent"]))
    func numbersBeyond32Bits() async throws {
        let channel = try await Probe.openChannel()
        for argument: ShortString in ["x-max-length", "x-max-length-bytes"] {
            let queue = try await channel.declareQueue(arguments: FieldTable([.init(argument, .int32(1000))]))
            for offset in [1 << 32, 1 << 33] as [Int64] {
                try await channel.send(
                    QueueDeclare(
                        queue: queue, exclusive: true,
                        arguments: FieldTable([.init(argument, .int64(1000 + offset))])),
                    expecting: .channelClose(.preconditionFailed))
            }
            try await channel.send(
                QueueDeclare(
                    queue: queue, exclusive: true, arguments: FieldTable([.init(argument, .int64(1000))])),
                expecting: .ok)
        }
    }

    @Test(
        "Each of several messages that fail at once for the last time is dead-lettered",
        .proves("quorum.several-over-the-limit", ["rabbitmq/quorum/delivery-limit"], needs: [.quorumQueues]))
    func severalOverTheLimit() async throws {
        let channel = try await Probe.openChannel()
        let dead = try await channel.declareQueue()
        let queue = try await channel.declareQuorumQueue([
            "x-delivery-limit": 0, "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": .longString(dead.octets),
        ])
        let holder = try await channel.probe.openChannel()
        channel.publish(1...4, toQueue: queue)
        _ = try await holder.hold(4, of: queue)
        // Closing the channel is a failure of all that it held, in every release.
        try await holder.close()
        try await channel.awaitReady(4, in: dead)
        #expect(try await channel.drain(dead).sorted() == ["1", "2", "3", "4"])
    }
}
