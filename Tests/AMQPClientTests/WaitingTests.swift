import AMQPTransport
import TestSupport
import Testing

@testable import AMQPClient

/// Timeouts, cancellation, heartbeats: all with time that moves only when told to.
@Suite(.watched) struct WaitingTests {
    @Test func aCallThatIsNotAnswered() async throws {
        let time = ManualTime()
        let (_, channel, peer) = try await RawPeer.connectWithChannel {
            $0.time = time
            $0.rpcTimeout = .seconds(1)
        }
        async let declared = failure { try await channel.declareQueue("slow") }
        _ = try await peer.expect(QueueDeclare.self)
        time.advance(by: 999)
        #expect(channel.engine.state.withLock { $0.waiters.count } == 1)
        time.advance(by: 1)
        let error = await declared
        #expect(error?.kind == .timedOut)
        #expect(error?.text == "No answer to queue.declare within 1000 ms")
        // The late answer goes to nobody, the next one to the next call.
        async let next = channel.declareQueue("next")
        peer.send(QueueDeclareOk(queue: "slow", messageCount: 0, consumerCount: 0), channel: 1)
        #expect(try await peer.expect(QueueDeclare.self).queue == "next")
        peer.send(QueueDeclareOk(queue: "next", messageCount: 2, consumerCount: 1), channel: 1)
        let queue = try await next
        #expect(queue.name == "next")
        #expect(queue.messageCount == 2)
        #expect(queue.consumerCount == 1)
        #expect(channel.engine.state.withLock { $0.waiters.isEmpty })
    }

    @Test func cancelledCalls() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        let sent = Task { await failure { try await channel.declareQueue("sent") } }
        _ = try await peer.expect(QueueDeclare.self)
        let queued = Task { await failure { try await channel.declareQueue("queued") } }
        try await until { channel.engine.state.withLock { $0.waiters.count } >= 2 }
        queued.cancel()
        #expect(await queued.value?.kind == .cancelled)
        sent.cancel()
        #expect(await sent.value?.kind == .cancelled)
        async let next: Exchange = channel.declareExchange("next")
        peer.send(QueueDeclareOk(queue: "sent", messageCount: 0, consumerCount: 0), channel: 1)
        // The queued one never left.
        #expect(try await peer.expect(ExchangeDeclare.self).exchange == "next")
        peer.send(ExchangeDeclareOk(), channel: 1)
        _ = try await next
        let never = Task { () -> AMQPError? in
            await untilCancelled()
            return await failure { try await channel.declareQueue("never") }
        }
        never.cancel()
        #expect(await never.value?.kind == .cancelled)
        try await channel.ack(1)
        _ = try await peer.expect(BasicAck.self)
    }

    @Test func openChannelCancelled() async throws {
        let (connection, peer) = try await RawPeer.connect()
        let task = Task { await failure { _ = try await connection.openChannel() } }
        _ = try await peer.expect(ChannelOpen.self)
        task.cancel()
        #expect(await task.value?.kind == .cancelled)
        peer.send(ChannelOpenOk(), channel: 1)
        // Nobody has it, so it is closed again.
        _ = try await peer.expect(ChannelClose.self)
    }

    @Test func callsOnAChannelGoOneByOne() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        let count = 20
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                group.addTask {
                    let queue = try await channel.declareQueue("\(number)")
                    #expect(queue.name == "\(number)")
                }
            }
            for _ in 0..<count {
                let declare = try await peer.expect(QueueDeclare.self)
                peer.send(QueueDeclareOk(queue: declare.queue, messageCount: 0, consumerCount: 0), channel: 1)
            }
            try await group.waitForAll()
        }
    }

    // MARK: Heartbeats

    private func connect(heartbeat: UInt16) async throws -> (Connection, RawPeer, ManualTime) {
        let time = ManualTime()
        let (connection, peer) = try await RawPeer.connect(
            ConnectionTune(channelMax: 0, frameMax: 0, heartbeat: heartbeat)
        ) {
            $0.time = time
            $0.rpcTimeout = .zero
        }
        return (connection, peer, time)
    }

    @Test func beatsWhenIdle() async throws {
        let (connection, peer, time) = try await connect(heartbeat: 10)
        #expect(connection.heartbeat == 10)
        // The first half interval saw the handshake.
        time.advance(by: 5_000)
        time.advance(by: 5_000)
        let frame = try #require(try await peer.anyFrame())
        #expect(frame.kind == .heartbeat)
        #expect(frame.channel == 0)
        #expect(connection.isOpen)
    }

    @Test func silentPeerIsGone() async throws {
        let (connection, peer, time) = try await connect(heartbeat: 10)
        async let opening = failure { _ = try await connection.openChannel() }
        _ = try await peer.expect(ChannelOpen.self)
        time.advance(by: 19_999)
        #expect(connection.isOpen)
        time.advance(by: 1)
        let error = await opening
        #expect(error?.kind == .connectionLost)
        #expect(error?.text.contains("20 seconds") == true)
        try await peer.expectHangUp()
    }

    @Test func anyTrafficCountsAsALife() async throws {
        let (connection, peer, time) = try await connect(heartbeat: 10)
        var events = connection.events.makeAsyncIterator()
        for _ in 0..<10 {
            time.advance(by: 15_000)
            peer.send { $0.heartbeat() }
            peer.send(ConnectionUnblocked())
            #expect(try await events.next() == .unblocked)
        }
        #expect(connection.isOpen)
    }

    @Test func noHeartbeatsWhenOff() async throws {
        let time = ManualTime()
        let (connection, peer) = try await RawPeer.connect(
            ConnectionTune(channelMax: 0, frameMax: 0, heartbeat: 10)
        ) {
            $0.time = time
            $0.heartbeat = 0
        }
        time.advance(by: 1_000_000)
        #expect(connection.isOpen)
        async let closed: Void = connection.close()
        let frame = try #require(try await peer.anyFrame())
        #expect(frame.kind == .method)
        peer.send(ConnectionCloseOk())
        try await closed
    }
}
