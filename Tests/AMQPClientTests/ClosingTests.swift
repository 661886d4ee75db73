import AMQPTransport
import TestSupport
import Testing

@testable import AMQPClient

@Suite(.watched) struct ClosingTests {
    private static let notFound = ChannelClose(
        replyCode: .notFound, replyText: "NOT_FOUND - no exchange 'nope' in vhost '/'", cause: BasicPublish.id)

    /// What the existing Swift clients hang on: a 404 with a consumer, a confirm and a call pending.
    @Test func channelClosedByTheBrokerTellsEverybody() async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        let returns = channel.returns
        async let selected: Void = channel.selectConfirms()
        _ = try await peer.expect(ConfirmSelect.self)
        peer.send(ConfirmSelectOk(), channel: 1)
        try await selected
        async let consuming = channel.consume("q")
        _ = try await peer.expect(BasicConsume.self)
        peer.send(BasicConsumeOk(consumerTag: "c"), channel: 1)
        let consumer = try await consuming
        async let consumed = failure { for try await _ in consumer {} }
        async let confirmed = failure { try await channel.publishAndConfirm(Message("x"), exchange: "nope") }
        _ = try await peer.expect(BasicPublish.self)
        async let allConfirmed = failure { try await channel.waitForConfirms() }
        async let declared = failure { try await channel.declareQueue() }
        _ = try await peer.expect(QueueDeclare.self)
        async let queued = failure { try await channel.purgeQueue("q") }
        peer.send(Self.notFound, channel: 1)
        _ = try await peer.expect(ChannelCloseOk.self)

        let error = try #require(await declared)
        #expect(error.kind == .closedByBroker)
        #expect(error.scope == .channel)
        #expect(error.code == .notFound)
        #expect(error.text == Self.notFound.replyText.text)
        #expect(error.method == BasicPublish.id)
        #expect(
            error.description
                == "The broker closed the channel (404): NOT_FOUND - no exchange 'nope' in vhost '/' [basic.publish]. "
                + "Declare the exchange first, in the same virtual host; to publish to a queue, leave the exchange out: "
                + "the routing key is the queue's name.")
        #expect(await queued == error)
        #expect(await consumed == error)
        #expect(await confirmed == error)
        #expect(await allConfirmed == error)
        #expect(await failure { for try await _ in returns {} } == error)
        #expect(await failure { try await channel.publish(Message("late")) } == error)
        #expect(await failure { try await channel.ack(1) } == error)
        #expect(await failure { for try await _ in channel.returns {} } == error)
        #expect(channel.closeReason == error)

        // The connection lives on, and the number is not used again before all others were.
        #expect(connection.isOpen)
        async let second = connection.openChannel()
        try await peer.openChannel(2)
        #expect(try await second.number == 2)
    }

    @Test func connectionClosedByTheBrokerTellsEverybody() async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        let events = connection.events
        async let opening = failure { _ = try await connection.openChannel() }
        _ = try await peer.expect(ChannelOpen.self)
        async let declared = failure { try await channel.declareQueue() }
        _ = try await peer.expect(QueueDeclare.self)
        async let secret = failure { try await connection.updateSecret("new") }
        _ = try await peer.expect(ConnectionUpdateSecret.self)
        peer.send(
            ConnectionClose(replyCode: .connectionForced, replyText: "CONNECTION_FORCED - broker forced it"))
        _ = try await peer.expect(ConnectionCloseOk.self)
        try await peer.expectHangUp()
        let error = try #require(await declared)
        #expect(error.kind == .closedByBroker)
        #expect(error.scope == .connection)
        #expect(error.code == .connectionForced)
        #expect(await opening == error)
        #expect(await secret == error)
        #expect(channel.closeReason == error)
        var seen: [ConnectionEvent] = []
        for try await event in events { seen.append(event) }
        #expect(seen == [.closed(error)])
        for try await event in connection.events { seen.append(event) }
        #expect(seen == [.closed(error), .closed(error)])
        #expect(await failure { try await connection.close() } == error)
        try await channel.close()
    }

    @Test func closingHereTellsEverybody() async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        async let declared = failure { try await channel.declareQueue() }
        _ = try await peer.expect(QueueDeclare.self)
        async let closed: Void = connection.close()
        #expect(try await peer.expect(ConnectionClose.self).replyCode == .replySuccess)
        #expect(await declared?.kind == .closedByClient)
        // Ignored after the close: even what would be wrong.
        peer.send(BasicAck(deliveryTag: 9), channel: 1)
        peer.send(ConnectionCloseOk())
        try await closed
        try await peer.expectHangUp()
        #expect(await failure { _ = try await connection.openChannel() }?.kind == .closedByClient)
    }

    @Test func crossingConnectionCloses() async throws {
        let (connection, peer) = try await RawPeer.connect()
        async let closed = failure { try await connection.close() }
        _ = try await peer.expect(ConnectionClose.self)
        peer.send(ConnectionClose(replyCode: .connectionForced))
        _ = try await peer.expect(ConnectionCloseOk.self)
        peer.send(ConnectionCloseOk())
        // What was sent last, the broker may not have read any more.
        let error = await closed
        #expect(error?.kind == .closedByBroker)
        #expect(error?.code == .connectionForced)
        #expect(await failure { try await connection.close() } == error)
        #expect(connection.closeReason?.kind == .closedByClient)
    }

    @Test func crossingChannelCloses() async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        async let closed = failure { try await channel.close() }
        _ = try await peer.expect(ChannelClose.self)
        peer.send(Self.notFound, channel: 1)
        _ = try await peer.expect(ChannelCloseOk.self)
        // Still closing: a delivery on its way is ignored.
        peer.send { $0.deliver("c", 1, "x") }
        peer.send(ChannelCloseOk(), channel: 1)
        #expect(await closed?.code == .notFound)
        try await channel.close()
        #expect(channel.closeReason?.kind == .closedByClient)
        #expect(connection.isOpen)
    }

    /// As long as it was told to, not less and not more.
    @Test func closeThatIsNotAnswered() async throws {
        let time = ManualTime()
        let (connection, peer) = try await RawPeer.connect {
            $0.time = time
            $0.rpcTimeout = .seconds(30)
        }
        async let closed = failure { try await connection.close() }
        _ = try await peer.expect(ConnectionClose.self)
        time.advance(by: 29_999)
        #expect(connection.engine.state.withLock { $0.connection.phase } == .closing)
        time.advance(by: 1)
        try await peer.expectHangUp()
        let error = await closed
        #expect(error?.kind == .timedOut)
        #expect(error?.text == "No answer to connection.close within 30000 ms")
        await connection.waitUntilClosed()
        // Nor does a second one take it that all is well.
        #expect(await failure { try await connection.close() }?.kind == .connectionLost)
    }

    /// Nobody waits for the answer to the close that follows a violation.
    @Test func aCloseOnItsOwnIsNotWaitedForLong() async throws {
        let time = ManualTime()
        let (connection, peer) = try await RawPeer.connect {
            $0.time = time
            $0.rpcTimeout = .seconds(30)
        }
        async let ended: Void = connection.waitUntilClosed()
        peer.send(BasicAck(deliveryTag: 1), channel: 7)
        _ = try await peer.expect(ConnectionClose.self)
        time.advance(by: 5_000)
        try await peer.expectHangUp()
        await ended
    }

    @Test func aChannelNobodyHoldsIsClosed() async throws {
        let (connection, peer) = try await RawPeer.connect()
        do {
            async let channel = connection.openChannel()
            try await peer.openChannel()
            #expect(try await channel.isOpen)
        }
        _ = try await peer.expect(ChannelClose.self)
        #expect(connection.isOpen)
    }

    @Test func aConnectionNobodyHoldsIsClosed() async throws {
        let peer: RawPeer
        do {
            let (connection, other) = try await RawPeer.connect()
            #expect(connection.isOpen)
            peer = other
        }
        _ = try await peer.expect(ConnectionClose.self)
        peer.send(ConnectionCloseOk())
        try await peer.expectHangUp()
    }

    @Test func numbersRunOut() async throws {
        let (connection, peer) = try await RawPeer.connect(
            ConnectionTune(channelMax: 2, frameMax: 0, heartbeat: 0))
        async let opening = connection.openChannel()
        try await peer.openChannel(1)
        let first = try await opening
        async let second = connection.openChannel()
        try await peer.openChannel(2)
        #expect(try await second.number == 2)
        #expect(await failure { _ = try await connection.openChannel() }?.kind == .noFreeChannel)
        async let closed: Void = first.close()
        _ = try await peer.expect(ChannelClose.self)
        peer.send(ChannelCloseOk(), channel: 1)
        try await closed
        async let again = connection.openChannel()
        try await peer.openChannel(1)
        #expect(try await again.number == 1)
        // The old handle of the number stays closed.
        #expect(await failure { try await first.ack(1) }?.kind == .closedByClient)
    }
}
