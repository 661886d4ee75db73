import AMQPWire
import Testing

@Suite("Whose turn it is under a shared window") struct SharedWindowTurnCases {
    /// How many of so many deliveries each consumer gets, when one is out at a time.
    private func share(of count: Int, on channel: ProbeChannel) async throws -> [ShortString: Int] {
        var shares: [ShortString: Int] = [:]
        for _ in 0..<count {
            let message = try await channel.delivery()
            shares[message.consumerTag, default: 0] += 1
            channel.ack(message)
        }
        return shares
    }

    @Test(
        "A window that several queues share serves all of them",
        .proves("dispatch.shared-window-serves-all-queues", ["rabbitmq/consumer-prefetch/shared-in-turns"]))
    func allQueues() async throws {
        let channel = try await Probe.openChannel()
        try await channel.qos(1, global: true)
        for tag: ShortString in ["a", "b", "c"] {
            let queue = try await channel.declareQueue()
            for number in 1...60 { channel.publish("\(number)", to: "", queue) }
            try await channel.barrier(behind: queue)
            try await channel.consume(queue, tag: tag)
        }
        let shares = try await share(of: 60, on: channel)
        // RabbitMQ draws the next one: about a third each.
        for tag: ShortString in ["a", "b", "c"] { #expect(shares[tag, default: 0] >= 5, "\(tag) of \(shares)") }
    }

    @Test(
        "A window that several consumers of a queue share serves all of them",
        .proves("dispatch.shared-window-serves-all-consumers", ["rabbitmq/consumer-prefetch/shared-in-turns"]))
    func allConsumers() async throws {
        let channel = try await Probe.openChannel()
        try await channel.qos(1, global: true)
        let queue = try await channel.declareQueue()
        for number in 1...12 { channel.publish("\(number)", to: "", queue) }
        try await channel.barrier(behind: queue)
        for tag: ShortString in ["a", "b"] { try await channel.consume(queue, tag: tag) }
        let shares = try await share(of: 12, on: channel)
        for tag: ShortString in ["a", "b"] { #expect(shares[tag, default: 0] >= 3, "\(tag) of \(shares)") }
    }

    @Test(
        "A consumer without acks takes no room of a shared window, and waits while it is full",
        .proves("dispatch.no-ack-waits-for-shared-window", ["rabbitmq/consumer-prefetch/no-ack-beside-full-window"]))
    func noAckWaits() async throws {
        let channel = try await Probe.openChannel()
        try await channel.qos(1, global: true)
        let (held, free) = (try await channel.declareQueue(), try await channel.declareQueue())
        try await channel.consume(held)
        try await channel.consume(free, tag: "no-ack", noAck: true)
        channel.publish("fills the window", to: "", held)
        let first = try await channel.delivery()
        for number in 1...2 { channel.publish("\(number)", to: "", free) }
        try await channel.expectReady(2, in: free)
        #expect(channel.deliveriesSoFar().isEmpty)
        channel.ack(first)
        #expect(try await channel.deliveries(2).map(\.text) == ["1", "2"])
    }

    @Test(
        "However deliveries are settled, they make room in the window, be it a consumer's own or shared",
        .proves(
            "dispatch.room-after-each-end",
            ["rabbitmq/consumer-prefetch/per-channel", "rabbitmq/consumer-prefetch/per-consumer"]))
    func roomAfterEachEnd() async throws {
        let ends: [(name: String, end: (ProbeChannel, [Received]) async throws -> Void)] = [
            ("ack", { channel, held in for message in held { channel.ack(message) } }),
            ("ack, multiple", { channel, held in channel.ack(held[1], multiple: true) }),
            ("reject", { channel, held in for message in held { channel.reject(message, requeue: false) } }),
            ("reject, requeue", { channel, held in for message in held { channel.reject(message) } }),
            ("nack, multiple", { channel, held in channel.nack(held[1], multiple: true, requeue: false) }),
            ("nack, multiple, requeue", { channel, held in channel.nack(held[1], multiple: true) }),
            ("recover", { channel, _ in _ = try await channel.call(BasicRecover(requeue: true), BasicRecoverOk.self) }),
        ]
        for isShared in [false, true] {
            for (name, end) in ends {
                let channel = try await Probe.openChannel()
                try await channel.qos(2, global: isShared)
                let queue = try await channel.declareQueue()
                for number in 1...5 { channel.publish("\(number)", to: "", queue) }
                try await channel.barrier(behind: queue)
                try await channel.consume(queue)
                try await end(channel, try await channel.deliveries(2))
                #expect(try await channel.deliveries(2).count == 2, "\(name), shared: \(isShared)")
                try await channel.barrier(behind: queue)
                #expect(channel.deliveriesSoFar().isEmpty, "\(name), shared: \(isShared)")
            }
        }
    }
}
