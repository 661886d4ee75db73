import AMQPTransport
import TestSupport
import Testing

@testable import AMQPClient

/// A close that returns says that the broker has read what was sent before. So a loss on the way to it is told.
@Suite(.watched) struct LostClosingTests {
    private static let notFound = ChannelClose(
        replyCode: .notFound, replyText: "NOT_FOUND - no exchange 'nope' in vhost '/'", cause: BasicPublish.id)

    @Test func aConnectionLostBeforeItIsClosed() async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        try await channel.publish(Message("x"))
        _ = try await peer.expect(BasicPublish.self)
        peer.reset()
        await connection.waitUntilClosed()
        let error = await failure { try await connection.close() }
        #expect(error?.kind == .connectionLost)
        #expect(error == connection.closeReason)
        // Nobody has heard it on the channel yet; once is enough there.
        #expect(await failure { try await channel.close() } == error)
        try await channel.close()
    }

    @Test(arguments: [false, true]) func aConnectionLostBeforeTheAnswer(isReset: Bool) async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        try await channel.publish(Message("x"))
        async let closed = failure { try await connection.close() }
        _ = try await peer.expect(BasicPublish.self)
        while try await peer.method().id != ConnectionClose.id {}
        if isReset { peer.reset() } else { peer.hangUp() }
        let error = try #require(await closed)
        #expect(error.kind == .connectionLost)
        #expect(error.method == ConnectionClose.id)
        #expect(error.text.hasSuffix(", before it had answered the close"))
        #expect(error.nextStep.hasPrefix("The last publishes may not have arrived"))
        #expect(connection.closeReason?.kind == .closedByClient)
        #expect(await failure { try await connection.close() } == error)
    }

    @Test func aConnectionLostBeforeTheAnswerToAChannelsClose() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        async let closed = failure { try await channel.close() }
        _ = try await peer.expect(ChannelClose.self)
        peer.hangUp()
        #expect(await closed?.kind == .connectionLost)
    }

    /// The whole connection is closed from here meanwhile: nothing is lost by that.
    @Test func aConnectionClosedBeforeTheAnswerToAChannelsClose() async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        async let channelClosed: Void = channel.close()
        _ = try await peer.expect(ChannelClose.self)
        async let closed: Void = connection.close()
        _ = try await peer.expect(ConnectionClose.self)
        peer.send(ConnectionCloseOk())
        try await closed
        try await channelClosed
    }

    /// Whoever only publishes has made no call that could have thrown it.
    @Test func aChannelClosedByTheBrokerUnheard() async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        let returns = channel.returns
        try await channel.publish(Message("x"), exchange: "nope")
        _ = try await peer.expect(BasicPublish.self)
        peer.send(Self.notFound, channel: 1)
        #expect(await failure { for try await _ in returns {} }?.code == .notFound)
        #expect(await failure { try await channel.close() }?.code == .notFound)
        try await channel.close()
        #expect(connection.isOpen)
    }

    @Test func aChannelClosedByTheBrokerAndHeardByWhoWaited() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        async let declared = failure { try await channel.declareQueue("q", passive: true) }
        _ = try await peer.expect(QueueDeclare.self)
        peer.send(Self.notFound, channel: 1)
        #expect(await declared?.code == .notFound)
        try await channel.close()
    }

    @Test func aChannelClosedByTheBrokerAndHeardByWhoCameLater() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        let returns = channel.returns
        peer.send(Self.notFound, channel: 1)
        #expect(await failure { for try await _ in returns {} }?.code == .notFound)
        #expect(await failure { try await channel.publish(Message("x")) }?.code == .notFound)
        try await channel.close()
    }

    @Test func aBlockThatOnlyPublishesHearsOfIt() async throws {
        let connection = try await TestBroker.connect()
        let error = await failure {
            try await connection.withChannel { try await $0.publish(Message("x"), exchange: "nope") }
        }
        #expect(error?.code == .notFound)
        // What a block has heard itself is its own affair.
        let exists = try await connection.withChannel { channel in
            (try? await channel.declareQueue("no-such-queue", passive: true)) != nil
        }
        #expect(!exists)
        try await connection.close()
    }
}
