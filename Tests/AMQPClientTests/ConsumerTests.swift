import AMQPTransport
import Synchronization
import TestSupport
import Testing

@testable import AMQPClient

@Suite(.watched) struct ConsumerTests {
    /// A consumer with the tag "c" on channel 1, and what the peer sends in the same write as its consume-ok.
    private func consume(
        noAck: Bool = false, with first: (inout FrameWriter) -> Void = { _ in }
    ) async throws -> (Consumer, Channel, RawPeer) {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        async let consumer = channel.consume("q", noAck: noAck)
        _ = try await peer.expect(BasicConsume.self)
        peer.send {
            $0.method(BasicConsumeOk(consumerTag: "c"), channel: 1)
            first(&$0)
        }
        return (try await consumer, channel, peer)
    }

    @Test func deliveriesInTheSameReadAsConsumeOk() async throws {
        let (consumer, _, _) = try await consume { writer in
            for tag: UInt64 in 1...100 { writer.deliver("c", tag, "\(tag)") }
        }
        #expect(consumer.tag == "c")
        var tags: [UInt64] = []
        for try await delivery in consumer {
            tags.append(delivery.deliveryTag)
            if tags.count == 100 { break }
        }
        #expect(tags == Array(1...100))
    }

    @Test func breakCancelsAndGivesBack() async throws {
        let (consumer, channel, peer) = try await consume {
            for tag: UInt64 in 1...3 { $0.deliver("c", tag, "") }
        }
        for try await delivery in consumer {
            try await delivery.ack()
            break
        }
        #expect(try await peer.expect(BasicAck.self).deliveryTag == 1)
        let cancel = try await peer.expect(BasicCancel.self)
        #expect(cancel == BasicCancel(consumerTag: "c"))
        // One more on its way; nothing goes back before the broker knows, or it could come again at once.
        peer.send { $0.deliver("c", 4, "late") }
        peer.send(BasicCancelOk(consumerTag: "c"), channel: 1)
        for tag: UInt64 in 2...4 {
            #expect(try await peer.expect(BasicNack.self) == BasicNack(deliveryTag: tag, requeue: true))
        }
        #expect(channel.isOpen)
    }

    /// A stream takes nothing back, and RabbitMQ 3.10 closes the connection of who tries.
    @Test func aStreamIsGivenNothingBack() async throws {
        func deliver(_ tag: UInt64, _ writer: inout FrameWriter) {
            writer.content(
                BasicDeliver("c", tag), BasicProperties(headers: ["x-stream-offset": .int64(Int64(tag))]), body: [],
                channel: 1, frameMax: 131_072)
        }
        let (consumer, channel, peer) = try await consume { for tag: UInt64 in 1...3 { deliver(tag, &$0) } }
        for try await _ in consumer { break }
        _ = try await peer.expect(BasicCancel.self)
        peer.send { deliver(4, &$0) }
        peer.send(BasicCancelOk(consumerTag: "c"), channel: 1)
        async let purged = channel.purgeQueue("q")
        _ = try await peer.expect(QueuePurge.self)
        peer.send(QueuePurgeOk(messageCount: 0), channel: 1)
        #expect(try await purged == 0)
    }

    @Test func cancelledTaskCancelsTheConsumer() async throws {
        let (consumer, _, peer) = try await consume { $0.deliver("c", 1, "one") }
        let started = Mailbox<String>()
        let task = Task {
            for try await delivery in consumer { started.put(delivery.text)?() }
            return "ended"
        }
        #expect(try await started.next() == "one")
        task.cancel()
        #expect(try await task.value == "ended")
        _ = try await peer.expect(BasicCancel.self)
    }

    @Test func aConsumerNobodyIteratesIsCancelled() async throws {
        let peer: RawPeer
        let channel: Channel
        do {
            let (consumer, its, other) = try await consume { $0.deliver("c", 1, "") }
            #expect(consumer.tag == "c")
            peer = other
            channel = its
        }
        _ = try await peer.expect(BasicCancel.self)
        peer.send(BasicCancelOk(consumerTag: "c"), channel: 1)
        #expect(try await peer.expect(BasicNack.self).deliveryTag == 1)
        #expect(channel.isOpen)
    }

    @Test func noAckIsNotGivenBack() async throws {
        let (consumer, channel, peer) = try await consume(noAck: true) {
            for tag: UInt64 in 1...3 { $0.deliver("c", tag, "") }
        }
        for try await _ in consumer { break }
        _ = try await peer.expect(BasicCancel.self)
        peer.send(BasicCancelOk(consumerTag: "c"), channel: 1)
        try await channel.ack(77)
        #expect(try await peer.expect(BasicAck.self).deliveryTag == 77)
    }

    @Test func cancelLetsTheLoopFinish() async throws {
        let (consumer, _, peer) = try await consume {
            for tag: UInt64 in 1...3 { $0.deliver("c", tag, "") }
        }
        async let cancelled: Void = consumer.cancel()
        _ = try await peer.expect(BasicCancel.self)
        peer.send {
            $0.deliver("c", 4, "")
            $0.method(BasicCancelOk(consumerTag: "c"), channel: 1)
        }
        try await cancelled
        var tags: [UInt64] = []
        for try await delivery in consumer { tags.append(delivery.deliveryTag) }
        #expect(tags == [1, 2, 3, 4])
    }

    @Test func cancelledByTheBroker() async throws {
        let (consumer, channel, peer) = try await consume { $0.deliver("c", 1, "") }
        peer.send { $0.method(BasicCancel(consumerTag: "c", noWait: true), channel: 1) }
        var tags: [UInt64] = []
        let error = await failure {
            for try await delivery in consumer {
                tags.append(delivery.deliveryTag)
                // The channel lives: what came before the cancel is still to be worked on.
                try await delivery.ack()
            }
        }
        #expect(tags == [1])
        #expect(error?.kind == .consumerCancelled)
        #expect(error?.text.contains("'c'") == true)
        #expect(channel.isOpen)
        #expect(try await peer.expect(BasicAck.self).deliveryTag == 1)
        // No basic.cancel follows for a consumer that is gone.
        try await channel.ack(5)
        #expect(try await peer.expect(BasicAck.self).deliveryTag == 5)
    }

    @Test func cancelThatWantsAnAnswer() async throws {
        let (consumer, _, peer) = try await consume()
        peer.send(BasicCancel(consumerTag: "c"), channel: 1)
        #expect(try await peer.expect(BasicCancelOk.self).consumerTag == "c")
        #expect(await failure { for try await _ in consumer {} }?.kind == .consumerCancelled)
    }

    /// After a close nothing can be acknowledged, and the broker delivers it all again.
    @Test func closeDropsWhatWaitsUnlessNoAck() async throws {
        for noAck in [false, true] {
            let (consumer, channel, peer) = try await consume(noAck: noAck) {
                $0.deliver("c", 1, "")
                $0.method(ChannelClose(replyCode: .internalError), channel: 1)
            }
            _ = try await peer.expect(ChannelCloseOk.self)
            var tags: [UInt64] = []
            let error = await failure {
                for try await delivery in consumer { tags.append(delivery.deliveryTag) }
            }
            #expect(tags == (noAck ? [1] : []))
            #expect(error == channel.closeReason)
            #expect(channel.engine.buffered.load(ordering: .relaxed) == 0)
        }
    }

    @Test func consumeCancelledBeforeItsAnswer() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        let task = Task { await failure { _ = try await channel.consume("q") } }
        _ = try await peer.expect(BasicConsume.self)
        task.cancel()
        #expect(await task.value?.kind == .cancelled)
        peer.send {
            $0.method(BasicConsumeOk(consumerTag: "c"), channel: 1)
            $0.deliver("c", 1, "")
        }
        _ = try await peer.expect(BasicCancel.self)
        peer.send(BasicCancelOk(consumerTag: "c"), channel: 1)
        #expect(try await peer.expect(BasicNack.self) == BasicNack(deliveryTag: 1, requeue: true))
    }

    @Test func getCancelledBeforeItsAnswer() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        let task = Task { await failure { _ = try await channel.get("q") } }
        _ = try await peer.expect(BasicGet.self)
        task.cancel()
        #expect(await task.value?.kind == .cancelled)
        peer.send {
            $0.content(
                BasicGetOk(deliveryTag: 6, exchange: "", routingKey: "q", messageCount: 0), BasicProperties(),
                body: [1, 2, 3], channel: 1, frameMax: 4096)
        }
        #expect(try await peer.expect(BasicNack.self) == BasicNack(deliveryTag: 6, requeue: true))
    }

    @Test func get() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        async let got = channel.get("q")
        #expect(try await peer.expect(BasicGet.self).queue == "q")
        peer.send {
            $0.content(
                BasicGetOk(
                    deliveryTag: 6, redelivered: true, exchange: "e", routingKey: "k", messageCount: 41),
                BasicProperties(contentType: "text/plain"), body: [], channel: 1, frameMax: 4096)
        }
        let delivery = try #require(try await got)
        #expect(delivery.deliveryTag == 6)
        #expect(delivery.redelivered)
        #expect(delivery.exchange == "e")
        #expect(delivery.routingKey == "k")
        #expect(delivery.messageCount == 41)
        #expect(delivery.properties.contentType == "text/plain")
        #expect(delivery.body.isEmpty)
        async let none = channel.get("q")
        _ = try await peer.expect(BasicGet.self)
        peer.send(BasicGetEmpty(), channel: 1)
        #expect(try await none == nil)
    }

    @Test func twoLoopsShare() async throws {
        let (consumer, _, _) = try await consume { for tag: UInt64 in 1...2 { $0.deliver("c", tag, "") } }
        var one = consumer.makeAsyncIterator()
        var two = consumer.makeAsyncIterator()
        #expect(try await one.next()?.deliveryTag == 1)
        #expect(try await two.next()?.deliveryTag == 2)
    }

    /// By leaving it or by cancelling its task: the other one goes on, and the last one's end is the consumer's.
    @Test func leavingOneLoopEndsOnlyThatOne() async throws {
        let (consumer, channel, peer) = try await consume { for tag: UInt64 in 1...2 { $0.deliver("c", tag, "") } }
        try await other(consumer, channel, peer)
        _ = try await peer.expect(BasicCancel.self)
    }

    private func other(_ consumer: Consumer, _ channel: Channel, _ peer: RawPeer) async throws {
        var other = consumer.makeAsyncIterator()
        for try await delivery in consumer {
            #expect(delivery.deliveryTag == 1)
            break
        }
        let started = Mailbox<Void>()
        let task = Task {
            var third = consumer.makeAsyncIterator()
            started.put(())?()
            await untilCancelled()
            return try await third.next() == nil
        }
        _ = try await started.next()
        task.cancel()
        #expect(try await task.value)
        try await channel.ack(1)
        _ = try await peer.expect(BasicAck.self)
        peer.send { $0.deliver("c", 3, "") }
        #expect(try await other.next()?.deliveryTag == 2)
        #expect(try await other.next()?.deliveryTag == 3)
    }

    /// Brokers do not hold themselves to frame_max for a header: each death of a message adds to its x-death.
    @Test func headersThatOutgrewTheFrame() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel { $0.frameMax = 4096 }
        async let got = channel.get("q")
        _ = try await peer.expect(BasicGet.self)
        let deaths = FieldValue.array((0..<500).map { .table(["count": .int64($0), "queue": .string("retry")]) })
        peer.send {
            $0.content(
                BasicGetOk(deliveryTag: 1, exchange: "", routingKey: "q", messageCount: 0),
                BasicProperties(headers: ["x-death": deaths]), body: [1], channel: 1, frameMax: 131_072)
        }
        #expect(try await got?.properties.headers?["x-death"] == deaths)
        #expect(channel.isOpen)
    }
}
