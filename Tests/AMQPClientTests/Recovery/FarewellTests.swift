import AMQPTransport
import Synchronization
import TestSupport
import Testing

@testable import AMQPClient

/// How a run ends whose closure has returned: what it has published is confirmed, or the run says that it may be lost.
@Suite(.watched) struct FarewellTests {
    /// A client whose brokers are written by hand, and whose time stands still unless it is moved.
    private final class Peers: Sendable {
        let time = ManualTime()
        private let peers = Mailbox<RawPeer>()
        private let attempts = Mutex(0)
        var attemptCount: Int { attempts.withLock { $0 } }

        func client(grace: Duration) -> Client {
            var configuration = ConnectionConfiguration.unhurried
            (configuration.time, configuration.heartbeat) = (time, 0)
            return Client([configuration], grace: grace) { [self] _ in
                attempts.withLock { $0 += 1 }
                let (ours, theirs) = MemoryStream.pair()
                peers.put(RawPeer(theirs))?()
                return ours
            }
        }

        /// The next one that was connected to, with the session's channel open.
        func next() async throws -> RawPeer {
            let peer = try #require(try await peers.next())
            try await peer.handshake()
            try await peer.openChannel()
            return peer
        }
    }

    /// What one run with one session throws.
    private func end(
        grace: Duration = .seconds(30), _ body: @escaping @Sendable (Session) async throws -> Void,
        _ play: (RawPeer, Peers, _ stop: () -> Void) async throws -> Void
    ) async throws -> AMQPError? {
        let peers = Peers()
        let client = peers.client(grace: grace)
        let run = Task { () async -> (any Error)? in
            do { try await client.run(body) } catch { return error }
            return nil
        }
        defer { run.cancel() }
        let peer = try await peers.next()
        try await play(peer, peers) { run.cancel() }
        let error = await run.value
        withExtendedLifetime(peer) {}
        // It ended well: nothing is to be done again.
        #expect(peers.attemptCount == 1)
        #expect(error == nil || error is AMQPError)
        return error as? AMQPError
    }

    /// One that has its closes answered.
    private func answerCloses(_ peer: RawPeer) async throws {
        _ = try await peer.expect(ChannelClose.self)
        peer.send(ChannelCloseOk(), channel: 1)
        _ = try await peer.expect(ConnectionClose.self)
        peer.send(ConnectionCloseOk())
    }

    private static func publish(_ session: Session) async throws {
        try await session.channel.publish(Message("x"), exchange: "e")
    }

    private static func publishNumbered(_ session: Session) async throws {
        try await session.channel.selectConfirms()
        try await publish(session)
    }

    /// The broker's side of ``publishNumbered(_:)``.
    private func takeNumbered(_ peer: RawPeer) async throws {
        _ = try await peer.expect(ConfirmSelect.self)
        peer.send(ConfirmSelectOk(), channel: 1)
        _ = try await peer.expect(BasicPublish.self)
    }

    private static let notFound = ChannelClose(
        replyCode: .notFound, replyText: "NOT_FOUND - no exchange 'e' in vhost '/'", cause: BasicPublish.id)
    private static let shutdown = ConnectionClose(
        replyCode: .connectionForced, replyText: "CONNECTION_FORCED - broker forced connection closure", cause: .none)

    // MARK: Losses

    @Test(arguments: [false, true]) func aPublishThatTheCloseDoesNotAnswerFor(isReset: Bool) async throws {
        let error = try await end(Self.publish) { peer, _, _ in
            _ = try await peer.expect(BasicPublish.self)
            _ = try await peer.method()
            if isReset { peer.reset() } else { peer.hangUp() }
        }
        #expect(error?.kind == .connectionLost)
        #expect(error?.nextStep.hasPrefix("The last publishes may not have arrived") == true)
    }

    @Test func aPublishThatTheBrokersShutdownOvertakes() async throws {
        let error = try await end(Self.publish) { peer, _, _ in
            _ = try await peer.expect(BasicPublish.self)
            _ = try await peer.method()
            peer.send(Self.shutdown)
            try await peer.expectHangUp()
        }
        #expect(error?.code == .connectionForced)
        #expect(error?.nextStep.hasPrefix("The last publishes may not have arrived") == true)
    }

    @Test func aPublishToAnExchangeThatIsNotThere() async throws {
        let error = try await end(Self.publish) { peer, _, _ in
            _ = try await peer.expect(BasicPublish.self)
            _ = try await peer.method()
            peer.send(Self.notFound, channel: 1)
            while let frame = try await peer.frame() {
                switch try Method(frame.payload).id {
                case ChannelCloseOk.id: peer.send(ChannelCloseOk(), channel: 1)
                case ConnectionClose.id: return peer.send(ConnectionCloseOk())
                default: break
                }
            }
        }
        #expect(error?.code == .notFound)
    }

    @Test func aConfirmThatIsLost() async throws {
        let error = try await end(Self.publishNumbered) { peer, _, _ in
            try await takeNumbered(peer)
            peer.hangUp()
        }
        #expect(error?.kind == .connectionLost)
        #expect(error?.nextStep.hasPrefix("The last publishes") == true)
    }

    @Test func aRefusalThatNobodyHasHeard() async throws {
        let error = try await end(Self.publishNumbered) { peer, _, _ in
            try await takeNumbered(peer)
            peer.send(BasicNack(deliveryTag: 1), channel: 1)
            try await answerCloses(peer)
        }
        #expect(error?.kind == .nacked)
    }

    /// Nothing is outstanding any more when the closure returns.
    @Test func aRefusalThatCameBefore() async throws {
        let error = try await end { session in
            try await Self.publishNumbered(session)
            try await until { session.channel.unconfirmedCount == 0 }
        } _: { peer, _, _ in
            try await takeNumbered(peer)
            peer.send(BasicNack(deliveryTag: 1), channel: 1)
            try await answerCloses(peer)
        }
        #expect(error?.kind == .nacked)
    }

    @Test(arguments: [false, true]) func aStopThatCannotWaitForTheBroker(isNumbered: Bool) async throws {
        let error = try await end(grace: .seconds(5), isNumbered ? Self.publishNumbered : Self.publish) {
            peer, peers, stop in
            if isNumbered { try await takeNumbered(peer) } else { _ = try await peer.expect(BasicPublish.self) }
            // The run waits for the confirm, or the answer to the close.
            if !isNumbered { _ = try await peer.expect(ChannelClose.self) }
            stop()
            // A client that is kept waiting may find its time for the close over as well, and hang up without it.
            while let method = try? await peer.nextMethod(orUntil: { peers.time.advance(by: 1_000) }),
                method != ConnectionClose.id
            {}
        }
        #expect(error?.kind == .timedOut)
    }

    // MARK: No losses

    @Test func aCloseOfASessionThatHasPublishedNothing() async throws {
        let error = try await end({ _ in }) { peer, _, _ in
            _ = try await peer.expect(ChannelClose.self)
            peer.reset()
        }
        #expect(error == nil)
    }

    @Test func aPublishBeforeACallThatWasAnswered() async throws {
        let error = try await end { session in
            try await Self.publish(session)
            try await session.channel.declareQueue("q")
        } _: { peer, _, _ in
            _ = try await peer.expect(BasicPublish.self)
            _ = try await peer.expect(QueueDeclare.self)
            peer.send(QueueDeclareOk(queue: "q", messageCount: 0, consumerCount: 0), channel: 1)
            _ = try await peer.expect(ChannelClose.self)
            peer.send(Self.shutdown)
            try await peer.expectHangUp()
        }
        #expect(error == nil)
    }

    /// The call was sent before the publish, so its answer says nothing of that.
    @Test func aPublishBehindACallThatWasAnswered() async throws {
        let error = try await end { session in
            async let declared = session.channel.declareQueue("q")
            try await until { session.connection.engine.state.withLock { $0.waiters.awaitingAnswer > 0 } }
            try await Self.publish(session)
            _ = try await declared
        } _: { peer, _, _ in
            _ = try await peer.expect(QueueDeclare.self)
            _ = try await peer.expect(BasicPublish.self)
            peer.send(QueueDeclareOk(queue: "q", messageCount: 0, consumerCount: 0), channel: 1)
            _ = try await peer.expect(ChannelClose.self)
            peer.hangUp()
        }
        #expect(error?.kind == .connectionLost)
    }

    @Test func aPublishThatWasConfirmed() async throws {
        let error = try await end(Self.publishNumbered) { peer, _, _ in
            try await takeNumbered(peer)
            peer.send(BasicAck(deliveryTag: 1), channel: 1)
            _ = try await peer.expect(ChannelClose.self)
            peer.hangUp()
        }
        #expect(error == nil)
    }

    @Test func aPublishWhoseChannelWasClosed() async throws {
        let error = try await end(Self.publish) { peer, _, _ in
            _ = try await peer.expect(BasicPublish.self)
            _ = try await peer.expect(ChannelClose.self)
            peer.send(ChannelCloseOk(), channel: 1)
            _ = try await peer.expect(ConnectionClose.self)
            peer.hangUp()
        }
        #expect(error == nil)
    }

    /// What the closure has thrown itself is what the run is about.
    @Test func anErrorOfTheClosureCounts() async throws {
        let error = try await end { session in
            try await Self.publish(session)
            throw AMQPError(.badArgument, scope: .client, text: "its own")
        } _: { peer, _, _ in
            _ = try await peer.expect(BasicPublish.self)
            _ = try await peer.expect(ConnectionClose.self)
            peer.hangUp()
        }
        #expect(error?.text == "its own")
    }

    /// A run that is not stopped has the time that the configuration gives, however short the grace is.
    @Test func theGraceIsForStops() async throws {
        let error = try await end(grace: .zero, Self.publishNumbered) { peer, peers, _ in
            try await takeNumbered(peer)
            peers.time.advance(by: 1_000)
            peer.send(BasicAck(deliveryTag: 1), channel: 1)
            try await answerCloses(peer)
        }
        #expect(error == nil)
    }
}

extension RawPeer {
    /// The next method's id, while something else is done again and again.
    fileprivate func nextMethod(orUntil work: @escaping @Sendable () -> Void) async throws -> MethodID {
        let other = Task {
            while !Task.isCancelled {
                work()
                try? await Task.sleep(for: .milliseconds(1))
            }
        }
        defer { other.cancel() }
        return try await method().id
    }
}
