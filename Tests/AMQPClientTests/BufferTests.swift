import AMQPTransport
import Synchronization
import TestSupport
import Testing

@testable import AMQPClient

/// Deliveries wait in a bounded place: without a prefetch, the client stops reading.
@Suite(.watched) struct BufferTests {
    /// A consumer to which the peer has delivered until the client stopped reading.
    private func consume(
        limit: Int, messages: Int, size: Int, _ time: ManualTime = ManualTime()
    ) async throws -> (Consumer, Channel, RawPeer, MemoryStream) {
        let (ours, theirs) = MemoryStream.pair()
        let peer = RawPeer(theirs)
        var configuration = ConnectionConfiguration.unhurried
        configuration.deliveryBufferLimit = limit
        configuration.time = time
        async let opening = Connection.open(over: ours, configuration)
        try await peer.handshake()
        let connection = try await opening
        async let channelOpening = connection.openChannel()
        try await peer.openChannel()
        let channel = try await channelOpening
        async let consumer = channel.consume("q", noAck: true)
        _ = try await peer.expect(BasicConsume.self)
        peer.send(BasicConsumeOk(consumerTag: "c"), channel: 1)
        let body = String(repeating: "x", count: size)
        let result = try await consumer
        // One write a message, each once the last was read, or until none is read any more.
        for tag in 1...UInt64(messages) {
            peer.send { $0.deliver("c", tag, body) }
            try await until { theirs.unsent == 0 || !channel.engine.state.withLock { $0.streamReads } }
        }
        return (result, channel, peer, theirs)
    }

    @Test func stopsReadingAndGoesOn() async throws {
        let (consumer, channel, _, theirs) = try await consume(limit: 50_000, messages: 100, size: 1_000)
        #expect(channel.engine.state.withLock { $0.streamReads } == false)
        #expect(theirs.unsent > 0)
        #expect(channel.engine.buffered.load(ordering: .relaxed) < 60_000)
        var tags: [UInt64] = []
        for try await delivery in consumer {
            tags.append(delivery.deliveryTag)
            if tags.count == 100 { break }
        }
        #expect(tags == Array(1...100))
        #expect(channel.engine.buffered.load(ordering: .relaxed) == 0)
        #expect(channel.engine.state.withLock { $0.streamReads })
    }

    /// A consumer that asks the broker something inside its loop must not wait for itself.
    @Test func readsOnWhileSomebodyWaitsForAnAnswer() async throws {
        let (consumer, channel, peer, _) = try await consume(limit: 50_000, messages: 100, size: 1_000)
        for try await _ in consumer {
            async let declared = channel.declareQueue("q2")
            _ = try await peer.expect(QueueDeclare.self)
            peer.send(QueueDeclareOk(queue: "q2", messageCount: 0, consumerCount: 0), channel: 1)
            #expect(try await declared.name == "q2")
            break
        }
    }

    /// Beyond eight times the limit the answer stays unread, and the error says why.
    @Test func timeoutBehindDeliveriesSaysSo() async throws {
        let time = ManualTime()
        let (consumer, channel, peer, _) = try await consume(limit: 5_000, messages: 100, size: 1_000, time)
        async let declared = failure { try await channel.declareQueue("q2") }
        _ = try await peer.expect(QueueDeclare.self)
        try await until { !channel.engine.state.withLock { $0.streamReads } }
        time.advance(by: 20_000)
        #expect(await declared?.nextStep.contains("prefetch") == true)
        #expect(consumer.tag == "c")
    }

    @Test func leavingResumesReading() async throws {
        let (consumer, channel, peer, _) = try await consume(limit: 50_000, messages: 100, size: 1_000)
        for try await _ in consumer { break }
        #expect(channel.engine.state.withLock { $0.streamReads })
        #expect(channel.engine.buffered.load(ordering: .relaxed) == 0)
        _ = try await peer.expect(BasicCancel.self)
    }

    @Test func noticesDropTheirOldest() async throws {
        let (connection, peer) = try await RawPeer.connect()
        let events = connection.events
        peer.send { writer in
            for number in 0..<1_500 {
                writer.method(ConnectionBlocked(reason: ShortString(truncating: "\(number)")), channel: 0)
            }
        }
        try await until { connection.blockedReason == "1499" }
        var iterator = events.makeAsyncIterator()
        #expect(try await iterator.next() == .blocked(reason: "500"))
    }
}
