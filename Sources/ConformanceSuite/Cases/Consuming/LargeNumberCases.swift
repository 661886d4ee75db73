import AMQPWire
import Testing

/// Counts and numbers that do not fit an octet, and more than a broker does in one go.
@Suite("Large numbers") struct LargeNumberCases {
    /// A channel with a queue that holds so many messages, `1` and so on.
    private func filled(_ count: Int, exclusive: Bool = true) async throws -> (ProbeChannel, ShortString) {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: exclusive)
        for number in 1...count { channel.publish("\(number)", to: "", queue) }
        try await channel.barrier(behind: queue)
        return (channel, queue)
    }

    @Test(
        "Delivery tags count on beyond 255 and 256",
        .proves("settle.tags-beyond-an-octet", ["domain.delivery-tag/non-zero", "basic.ack.multiple/exists"]))
    func tagsBeyondAnOctet() async throws {
        let (channel, queue) = try await filled(300)
        try await channel.consume(queue)
        let all = try await channel.deliveries(300)
        #expect(all.map(\.deliveryTag) == Array(1...300))
        channel.ack(all[256])
        channel.ack(all[299], multiple: true)
        try await channel.barrier(behind: queue)
        try await channel.close()
        try await channel.probe.openChannel().expectReady(0, in: queue)
    }

    @Test(
        "A window of so many lets through so many, and not one more",
        .proves(
            "dispatch.window-beyond-an-octet",
            ["basic.qos.prefetch-count/01", "rabbitmq/consumer-prefetch/per-consumer"]))
    func windowBeyondAnOctet() async throws {
        for count in [255, 256, 300] {
            let (channel, queue) = try await filled(310)
            try await channel.qos(UInt16(count))
            try await channel.consume(queue)
            let first = try await channel.deliveries(count)
            try await channel.expectReady(310 - count, in: queue)
            #expect(channel.deliveriesSoFar().isEmpty)
            channel.ack(first[count - 1], multiple: true)
            let rest = min(count, 310 - count)
            #expect(try await channel.deliveries(rest).last?.text == "\(count + rest)")
        }
    }

    @Test(
        "A shared window of 300 lets through 300",
        .proves(
            "dispatch.shared-window-beyond-an-octet",
            ["rabbitmq/consumer-prefetch/per-channel", "basic.qos.prefetch-count/01"],
            rabbitmq: .from("4.3", "The window is each consumer's own, as if global had not been said.")))
    func sharedWindowBeyondAnOctet() async throws {
        for count in [256, 300] {
            let (channel, queue) = try await filled(310)
            try await channel.qos(UInt16(count), global: true)
            try await channel.consume(queue)
            _ = try await channel.deliveries(count)
            try await channel.expectReady(310 - count, in: queue)
            try await channel.consume(queue)
            try await channel.barrier(behind: queue)
            expect(
                channel.deliveriesSoFar().count, spec: 0, rabbitmq: 310 - count, from: "4.3",
                "what came to another consumer"
            )
        }
    }

    @Test(
        "A queue of 300 messages says 300 wherever it is asked",
        .proves(
            "declare.counts-beyond-an-octet", ["rabbitmq/queue.declare/counts", "queue.purge/02"]))
    func countsBeyondAnOctet() async throws {
        let (channel, queue) = try await filled(300)
        try await channel.expectReady(300, in: queue)
        #expect(try await channel.get(queue)?.messageCount == 299)
        let held = try #require(try await channel.get(queue, noAck: false))
        #expect(held.messageCount == 298, "what is fetched and not acknowledged is not counted")
        #expect(try await channel.call(QueuePurge(queue: queue), QueuePurgeOk.self).messageCount == 298)
        for number in 1...300 { channel.publish("\(number)", to: "", queue) }
        try await channel.barrier(behind: queue)
        #expect(try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self).messageCount == 300)
    }

    @Test(
        "Of 300 publishes each is confirmed under its own number",
        .proves(
            "confirms.numbers-beyond-an-octet",
            ["rabbitmq/publisher-confirms/numbering", "rabbitmq/publisher-confirms/exactly-one-answer"]))
    func confirmsBeyondAnOctet() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.confirmSelect()
        for round in 0..<30 {
            for number in 1...10 { channel.publish("\(round * 10 + number)", to: "", queue) }
            var open = Set((1...10).map { UInt64(round * 10 + $0) })
            while !open.isEmpty {
                let confirm = try await channel.confirm()
                try #require(open.contains(confirm.tag), "\(confirm.tag) was not open")
                open = open.filter { confirm.multiple ? $0 > confirm.tag : $0 != confirm.tag }
            }
        }
    }

    @Test(
        "An ack of 1,500 at once settles them all",
        .proves("settle.ack-of-very-many", ["basic.ack.multiple/exists"]))
    func ackOfVeryMany() async throws {
        let (channel, queue) = try await filled(1500, exclusive: false)
        try await channel.consume(queue)
        let last = try #require(try await channel.deliveries(1500).last)
        channel.ack(last, multiple: true)
        try await channel.barrier(behind: queue)
        try await channel.close()
        let other = try await channel.probe.openChannel()
        try await other.expectReady(0, in: queue)
    }

    @Test(
        "A channel that ends gives all of 1,500 deliveries back, and so does recover",
        .proves("settle.return-of-very-many", ["basic/10", "rabbitmq/basic.recover/requeue-all"]))
    func returnOfVeryMany() async throws {
        let (channel, queue) = try await filled(1500, exclusive: false)
        let tag = try await channel.consume(queue)
        _ = try await channel.deliveries(1500)
        try await channel.cancel(tag)
        _ = try await channel.call(BasicRecover(requeue: true), BasicRecoverOk.self)
        try await channel.awaitReady(1500, in: queue)
        try await channel.expectReady(1500, in: queue)
        try await channel.consume(queue)
        _ = try await channel.deliveries(1500)
        try await channel.close()
        let other = try await channel.probe.openChannel()
        try await other.awaitReady(1500, in: queue)
        try await other.expectReady(1500, in: queue)
        #expect(try await other.get(queue)?.text == "1")
    }

    @Test(
        "A commit takes 1,500 publishes with it, and 1,500 acks",
        .proves("tx.very-many", ["rabbitmq/tx/publish-on-commit", "rabbitmq/tx/acks-on-commit"]))
    func commitOfVeryMany() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: false)
        _ = try await channel.call(TxSelect(), TxSelectOk.self)
        for number in 1...1500 { channel.publish("\(number)", to: "", queue) }
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
        try await channel.expectReady(1500, in: queue)
        try await channel.consume(queue)
        for message in try await channel.deliveries(1500) { channel.ack(message) }
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
        try await channel.close()
        try await channel.probe.openChannel().expectReady(0, in: queue)
    }

    @Test(
        "Consumer priorities are whole numbers of any size, below zero too",
        .proves("consumer-priority.wide", ["rabbitmq/consumer-priority/higher-first"]))
    func widePriorities() async throws {
        for (higher, lower) in [(200, 100), (128, 127), (40_000, 300), (3_000_000_000, 70_000), (0, -1), (-1, -200)]
            as [(Int64, Int64)]
        {
            let channel = try await Probe.openChannel()
            let queue = try await channel.declareQueue()
            try await channel.consume(queue, tag: "lower", noAck: true, arguments: ["x-priority": .int64(lower)])
            try await channel.consume(queue, tag: "higher", noAck: true, arguments: ["x-priority": .int64(higher)])
            for number in 1...4 { channel.publish("\(number)", to: "", queue) }
            #expect(try await channel.deliveries(4).map(\.consumerTag) == ["higher", "higher", "higher", "higher"])
        }
    }

    @Test(
        "An expiration beyond 16 and 32 bits is as long as it says, up to ten years",
        .proves("ttl.long-expiration", ["rabbitmq/per-message-ttl/expiration"]))
    func longExpiration() async throws {
        for text in ["65536", "65537", "4294967296", "315360000000"] as [ShortString] {
            let channel = try await Probe.openChannel()
            let queue = try await channel.declareQueue()
            channel.publish("kept", to: "", queue, BasicProperties(expiration: text))
            try await elapse(milliseconds: 200)
            #expect(try await channel.drain(queue) == ["kept"])
        }
    }

    @Test(
        "A large message comes in frames no larger than agreed, and what is behind it comes behind it",
        .proves("framing.large-body-small-frames", ["spec/2.3.3/client-may-lower", "spec/4.2.3/oversized-frame"]))
    func largeBodySmallFrames() async throws {
        for frameMax in [8192, 65_536] as [UInt32] {
            let sender = try await Probe.openChannel()
            let queue = try await sender.declareQueue(exclusive: false)
            let channel = try await Probe.connect { $0.frameMax = frameMax }.openChannel()
            // The second fills its frames to the last octet.
            let bodies = [300_000, 20 * 65_528].map { size in [UInt8](repeating: 7, count: size) }
            for body in bodies {
                sender.publish(body: body, to: "", queue)
                sender.publish("behind", to: "", queue)
            }
            try await sender.barrier(behind: queue)
            try await channel.consume(queue, noAck: true)
            for body in bodies {
                let content = try await channel.delivery().content
                let isUntouched = content.body == body
                #expect(isUntouched, "the body was changed on the way")
                #expect(
                    content.pieces.allSatisfy { $0 <= Int(frameMax) - 8 },
                    "frames of up to \(content.pieces.max() ?? 0)")
                #expect(try await channel.delivery().text == "behind")
            }
        }
    }

    @Test(
        "Some megabytes of large messages reach a consumer whole and in order",
        .proves("framing.many-large-messages", ["spec/4.2.6.2/reassembly", "spec/4.7/ordering"]))
    func manyLargeMessages() async throws {
        let sender = try await Probe.openChannel()
        let queue = try await sender.declareQueue(exclusive: false)
        for number in 1...30 { sender.publish(body: [UInt8](repeating: UInt8(number), count: 100_000), to: "", queue) }
        try await sender.barrier(behind: queue)
        let channel = try await Probe.openChannel()
        try await channel.consume(queue, noAck: true)
        for number in 1...30 {
            let body = try await channel.delivery().content.body
            #expect(body.count == 100_000 && body.first == UInt8(number) && body.last == UInt8(number))
        }
    }
}
