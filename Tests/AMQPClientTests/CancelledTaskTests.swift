import AMQPTransport
import TestSupport
import Testing

@testable import AMQPClient

/// A service ends by cancelling its tasks. What ends things is sent from them too; only the wait is skipped.
@Suite(.watched) struct CancelledTaskTests {
    /// Runs `body` in a task that is cancelled before it begins.
    private func cancelled<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task {
            await untilCancelled()
            return try await body()
        }
        task.cancel()
        return try await task.value
    }

    @Test func closingTheConnection() async throws {
        let (connection, peer) = try await RawPeer.connect()
        try await cancelled { try await connection.close() }
        #expect(!connection.isOpen)
        _ = try await peer.expect(ConnectionClose.self)
        peer.send(ConnectionCloseOk())
        try await peer.expectHangUp()
    }

    @Test func aCloseThatNobodyWaitsForAndNobodyAnswers() async throws {
        let time = ManualTime()
        let (connection, peer) = try await RawPeer.connect {
            $0.time = time
            $0.rpcTimeout = .zero
        }
        try await cancelled { try await connection.close() }
        _ = try await peer.expect(ConnectionClose.self)
        time.advance(by: 5_000)
        try await peer.expectHangUp()
    }

    @Test func closingTheChannel() async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        try await cancelled { try await channel.close() }
        #expect(!channel.isOpen)
        _ = try await peer.expect(ChannelClose.self)
        peer.send(ChannelCloseOk(), channel: 1)
        #expect(connection.isOpen)
    }

    /// Also when it cannot leave at once, as another call is on the wire.
    @Test func cancellingTheConsumer() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        async let consuming = channel.consume("q")
        _ = try await peer.expect(BasicConsume.self)
        peer.send(BasicConsumeOk(consumerTag: "c"), channel: 1)
        let consumer = try await consuming
        async let declared = channel.declareQueue("q")
        _ = try await peer.expect(QueueDeclare.self)
        try await cancelled { try await consumer.cancel() }
        peer.send(QueueDeclareOk(queue: "q", messageCount: 0, consumerCount: 0), channel: 1)
        _ = try await declared
        #expect(try await peer.expect(BasicCancel.self).consumerTag == "c")
        peer.send(BasicCancelOk(consumerTag: "c"), channel: 1)
        for try await _ in consumer { Issue.record("nothing was delivered") }
    }

    @Test func aLastConfirmedPublish() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        let error = await failure {
            try await cancelled { try await channel.publishAndConfirm(Message("last"), routingKey: "q") }
        }
        #expect(error?.kind == .cancelled)
        _ = try await peer.expect(ConfirmSelect.self)
        _ = try await peer.expect(BasicPublish.self)
        #expect(channel.unconfirmedCount == 1)
        peer.send(ConfirmSelectOk(), channel: 1)
        peer.send(BasicAck(deliveryTag: 1), channel: 1)
        try await channel.waitForConfirms()
    }

    @Test func aLastPublishInAWindow() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        async let opening = channel.confirmedPublisher(limit: 2)
        _ = try await peer.expect(ConfirmSelect.self)
        peer.send(ConfirmSelectOk(), channel: 1)
        let publisher = try await opening
        try await cancelled { try await publisher.publish(Message("last"), routingKey: "q") }
        _ = try await peer.expect(BasicPublish.self)
    }
}
