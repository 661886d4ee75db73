import AMQPTransport
import Synchronization
import TestSupport
import Testing

@testable import AMQPClient

@Suite(.watched) struct PublishTests {
    @Test(arguments: [
        // frame_max 4096 leaves 4088 octets of body for a frame
        (0, []), (1, [1]), (4088, [4088]), (4089, [4088, 1]), (8176, [4088, 4088]), (8177, [4088, 4088, 1]),
    ])
    func bodiesAreCutAtFrameMaxMinusEight(size: Int, frames: [Int]) async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel { $0.frameMax = 4096 }
        try await channel.publish(
            Message(body: Array(repeating: 7, count: size)), exchange: "e", routingKey: "k", mandatory: true)
        let method = try #require(try await peer.frame())
        #expect(
            try Method(method.payload)
                == .basicPublish(BasicPublish(exchange: "e", routingKey: "k", mandatory: true)))
        let header = try #require(try await peer.frame())
        #expect(try ContentHeader(header.payload).bodySize == UInt64(size))
        for length in frames {
            let body = try #require(try await peer.frame())
            #expect(body.kind == .body)
            #expect(body.payload.count == length)
        }
        try await channel.ack(1)
        #expect(try await peer.frame()?.kind == .method)
    }

    @Test func namesOver255Octets() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        let most = String(repeating: "k", count: 255)
        try await channel.publish(Message("x"), routingKey: most)
        #expect(try await peer.expect(BasicPublish.self).routingKey.text == most)
        for call: () async throws -> Void in [
            { try await channel.publish(Message("x"), routingKey: most + "k") },
            { try await channel.publish(Message("x"), exchange: most + "k") },
            { try await channel.declareQueue(most + "k") },
            { try await channel.declareExchange(most + "k") },
            { _ = try await channel.consume("q", tag: most + "k") },
            { try await channel.publishAndConfirm(Message("x"), routingKey: most + "k") },
        ] {
            let error = await failure { try await call() }
            #expect(error?.kind == .badArgument)
            #expect(error?.scope == .client)
            #expect(error?.text.contains("256 bytes") == true)
        }
        #expect(channel.isOpen)
    }

    @Test func tablesOverFrameMax() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel { $0.frameMax = 4096 }
        let table: FieldTable = ["x": .longString(Array(repeating: 0, count: 5_000))]
        let properties = BasicProperties(headers: table)
        #expect(
            await failure { try await channel.publish(Message(body: [], properties: properties)) }?.kind
                == .badArgument)
        #expect(await failure { try await channel.declareQueue("q", arguments: table) }?.kind == .badArgument)
        try await channel.ack(1)
        #expect(try await peer.frame()?.kind == .method)
    }

    /// RabbitMQ closes the connection over one, for all who use it.
    @Test func numbersThatNoBrokerReads() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        let table: FieldTable = ["a": 1, "limits": ["values": .array([.float(1), .double(.nan)])]]
        let properties = BasicProperties(headers: table)
        let error = await failure { try await channel.publish(Message(body: [], properties: properties)) }
        #expect(error?.kind == .badArgument)
        #expect(error?.text.contains("'limits.values[1]'") == true)
        #expect(await failure { try await channel.declareQueue("q", arguments: table) }?.kind == .badArgument)
        #expect(
            await failure { try await channel.bindQueue("q", to: "e", arguments: ["x": .float(.infinity)]) }?.kind
                == .badArgument)
        try await channel.ack(1)
        #expect(try await peer.frame()?.kind == .method)
    }

    // MARK: Blocked

    @Test func eventsBeginWithACurrentBlock() async throws {
        let (connection, peer) = try await RawPeer.connect()
        var before = connection.events.makeAsyncIterator()
        peer.send(ConnectionBlocked(reason: "low on disk"))
        _ = try await before.next()
        var after = connection.events.makeAsyncIterator()
        #expect(try await after.next() == .blocked(reason: "low on disk"))
        peer.send(ConnectionUnblocked())
        #expect(try await after.next() == .unblocked)
        #expect(try await before.next() == .unblocked)
    }

    @Test func aTimeoutWhileBlockedSaysSo() async throws {
        let time = ManualTime()
        let (connection, channel, peer) = try await RawPeer.connectWithChannel {
            $0.time = time
            $0.rpcTimeout = .seconds(1)
        }
        var events = connection.events.makeAsyncIterator()
        peer.send(ConnectionBlocked(reason: "low on memory"))
        _ = try await events.next()
        async let declared = failure { try await channel.declareQueue("q") }
        _ = try await peer.expect(QueueDeclare.self)
        time.advance(by: 1_000)
        let error = await declared
        #expect(error?.kind == .timedOut)
        #expect(error?.text.contains("low on memory") == true)
        #expect(error?.nextStep.contains("unblocked") == true)
    }

    @Test func acksGoOnWhileBlocked() async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        let events = connection.events
        var iterator = events.makeAsyncIterator()
        peer.send(ConnectionBlocked(reason: "low on memory"))
        #expect(try await iterator.next() == .blocked(reason: "low on memory"))
        #expect(connection.blockedReason == "low on memory")
        async let published: Void = channel.publish(Message("waits"))
        try await channel.ack(1)
        try await channel.nack(2)
        try await channel.reject(3)
        async let declared = channel.declareQueue("q")
        #expect(try await peer.expect(BasicAck.self).deliveryTag == 1)
        #expect(try await peer.expect(BasicNack.self).deliveryTag == 2)
        #expect(try await peer.expect(BasicReject.self).deliveryTag == 3)
        #expect(try await peer.expect(QueueDeclare.self).queue == "q")
        peer.send(QueueDeclareOk(queue: "q", messageCount: 0, consumerCount: 0), channel: 1)
        _ = try await declared
        peer.send(ConnectionUnblocked())
        #expect(try await iterator.next() == .unblocked)
        try await published
        _ = try await peer.expect(BasicPublish.self)
    }

    @Test func publishFailsWhileBlockedIfSoConfigured() async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel { $0.publishWaitsWhileBlocked = false }
        var iterator = connection.events.makeAsyncIterator()
        peer.send(ConnectionBlocked(reason: "disk"))
        _ = try await iterator.next()
        let error = await failure { try await channel.publish(Message("x")) }
        #expect(error?.kind == .blocked)
        #expect(error?.text.contains("disk") == true)
    }

    @Test func closeEndsABlockedPublish() async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        var iterator = connection.events.makeAsyncIterator()
        peer.send(ConnectionBlocked(reason: ""))
        _ = try await iterator.next()
        async let published = failure { try await channel.publish(Message("waits")) }
        async let closed: Void = connection.close()
        _ = try await peer.expect(ConnectionClose.self)
        #expect(await published?.kind == .closedByClient)
        peer.send(ConnectionCloseOk())
        try await closed
    }

    @Test func flowStopsOneChannel() async throws {
        let (connection, first, peer) = try await RawPeer.connectWithChannel()
        async let opening = connection.openChannel()
        try await peer.openChannel(2)
        let second = try await opening
        peer.send(ChannelFlow(active: false), channel: 1)
        #expect(try await peer.expect(ChannelFlowOk.self).active == false)
        async let published: Void = first.publish(Message("waits"), routingKey: "one")
        try await second.publish(Message("goes"), routingKey: "two")
        #expect(try await peer.expect(BasicPublish.self).routingKey == "two")
        peer.send(ChannelFlow(active: true), channel: 1)
        #expect(try await peer.expect(ChannelFlowOk.self).active)
        #expect(try await peer.expect(BasicPublish.self).routingKey == "one")
        try await published
    }

    // MARK: Too much unsent

    /// A peer that does not read: publishing waits at the mark instead of piling up, and goes on when it reads again.
    @Test func waitsAtTheHighWaterMark() async throws {
        let (ours, theirs) = MemoryStream.pair()
        let peer = RawPeer(theirs)
        var configuration = ConnectionConfiguration.unhurried
        configuration.outputHighWaterMark = 100_000
        configuration.time = ManualTime()
        async let opening = Connection.open(over: ours, configuration)
        try await peer.handshake()
        let connection = try await opening
        async let channelOpening = connection.openChannel()
        try await peer.openChannel()
        let channel = try await channelOpening
        theirs.setReading(false)
        let count = 50
        let published = Counter()
        let task = Task {
            for _ in 0..<count {
                try await channel.publish(Message(body: Array(repeating: 1, count: 10_000)))
                published.add()
            }
        }
        // It stops by itself at the mark, and one more: nothing else moves the stream.
        try await until { !channel.engine.state.withLock { $0.gate.isEmpty } }
        #expect(published.value < 15)
        #expect(ours.unsent < 130_000)
        theirs.setReading(true)
        try await task.value
        #expect(published.value == count)
        for _ in 0..<count { _ = try await peer.expect(BasicPublish.self) }
    }

    @Test func cancelledWhileWaitingForRoom() async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        var iterator = connection.events.makeAsyncIterator()
        peer.send(ConnectionBlocked(reason: ""))
        _ = try await iterator.next()
        let task = Task { await failure { try await channel.publish(Message("waits")) } }
        task.cancel()
        #expect(await task.value?.kind == .cancelled)
        #expect(channel.engine.state.withLock { $0.gate.isEmpty && $0.waiters.isEmpty })
    }
}

final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add() { count.withLock { $0 += 1 } }
}
