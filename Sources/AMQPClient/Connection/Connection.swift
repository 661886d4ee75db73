import AMQPTLS
import AMQPTransport
import AMQPWire
import Synchronization

/// A connection to a broker (AMQP 0-9-1, class connection). Any number of tasks may share it.
///
/// Open one for a program, then a ``Channel`` for each task that works on its own:
/// ```swift
/// let connection = try await Connection.open("amqp://localhost")
/// let channel = try await connection.openChannel()
/// ```
/// ``close()`` says goodbye properly. A connection whose last reference (its own, or a channel's) is gone closes itself.
public final class Connection: Sendable {
    let engine: ConnectionEngine
    /// What carries it: how those who made the stream know the connection.
    package var stream: any ByteStream { engine.stream }

    init(_ engine: ConnectionEngine) { self.engine = engine }

    deinit { engine.step { $0.connection.close(nil, &$0.effects) } }

    /// Opens a channel (channel.open).
    /// - Throws: ``AMQPError``: `noFreeChannel` when all numbers up to ``channelMax`` are taken; `timedOut` after `rpcTimeout`;
    ///   `cancelled`; why the connection is closed.
    public func openChannel() async throws(AMQPError) -> Channel {
        let answer = try await engine.wait(
            .init(what: "channel.open", timeout: engine.configuration.rpcMilliseconds)
        ) { state, waiter throws(AMQPError) in
            try state.connection.openChannel(waiter, &state.effects)
        }
        guard case .channel(let id) = answer else { throw .unexpectedAnswer(to: "channel.open") }
        return try Channel(id, self)
    }

    // MARK: Closing

    /// Says goodbye (`connection.close`) and waits for the broker's answer; all channels are closed with it. Whatever
    /// waits on them is told. When it returns, the broker has read everything that was sent before. Closing once more does
    /// nothing.
    ///
    /// With publisher confirms, it first waits for those that are due on any channel and that no call waits for, as
    /// ``Channel/close()`` does. In a task that is cancelled the close is sent all the same, and only the waits are skipped.
    ///
    /// - Throws: the first publish that was refused or came back, `nacked` or `returned`, if no call has thrown that yet; the
    ///   connection is closed all the same. `connectionLost` or `closedByBroker` when that came before the answer, whether
    ///   the close was under way or not yet sent: what was sent last may not have arrived. `timedOut` when the broker does
    ///   not answer within the configuration's `rpcTimeout`, or does not confirm within its `confirmTimeout`. The connection
    ///   is gone then all the same.
    public func close() async throws(AMQPError) {
        let loss = await engine.loss(of: .due)
        do throws(AMQPError) {
            try await closeAtOnce()
        } catch {
            throw loss ?? error
        }
        if let loss, loss.kind != .cancelled { throw loss }
    }

    /// The same without a wait for confirms.
    package func closeAtOnce() async throws(AMQPError) {
        try await engine.waitUnlessCancelled(
            .init(
                what: "connection.close", place: .end, timeout: engine.configuration.rpcMilliseconds, outlivesEnd: true)
        ) { $0.connection.close($1, &$0.effects) }
    }

    /// Returns when the connection is closed, by whomever, or when the task is cancelled; ``closeReason`` says why.
    public func waitUntilClosed() async {
        // It throws only that the task is cancelled.
        _ = try? await engine.wait(
            .init(what: "the end of the connection", place: .end, outlivesEnd: true, awaitsAnswer: false)
        ) { $0.connection.awaitEnd($1, &$0.effects) }
    }

    /// False as soon as no more calls are taken.
    public var isOpen: Bool { closeReason == nil }

    /// Why the connection is closed; nil while it is open.
    public var closeReason: AMQPError? { engine.state.withLock { $0.connection.closeReason } }

    // MARK: What was agreed on

    /// What the broker says of itself: product, version, capabilities.
    public var serverProperties: FieldTable { engine.state.withLock { $0.connection.serverProperties } }

    /// The most channels that may be open at a time.
    public var channelMax: Int { Int(engine.state.withLock { $0.connection.limits.channelMax }) }

    /// Octets of the largest frame, its 8 octets of overhead included; 0: no limit.
    public var frameMax: Int { Int(engine.state.withLock { $0.connection.limits.frameMax }) }

    /// Seconds between heartbeats; 0: none.
    public var heartbeat: Int { Int(engine.state.withLock { $0.connection.limits.heartbeat }) }

    // MARK: Notices

    /// What happens to the connection from now on: blocked, unblocked, closed. Each call makes a sequence of its own. If
    /// the broker takes no publishes at present, it begins with that.
    public var events: Notices<ConnectionEvent> {
        let mailbox = Mailbox<ConnectionEvent>(limit: Notices<ConnectionEvent>.limit)
        let number = engine.step { state -> UInt64? in
            if let reason = state.connection.closeReason {
                engine.wake(mailbox.put(.closed(reason)), &state)
                engine.wake(mailbox.finish(nil), &state)
                return nil
            }
            if let reason = state.connection.blockedReason {
                engine.wake(mailbox.put(.blocked(reason: reason)), &state)
            }
            return state.events.add(mailbox)
        }
        return Notices(mailbox) { [weak engine] in
            if let number { engine?.step { $0.events.remove(number) } }
        }
    }

    /// The broker's reason for taking no publishes at present; nil when it takes them.
    public var blockedReason: String? { engine.state.withLock { $0.connection.blockedReason } }

    /// Hands the broker a new secret for a login whose credentials expire (RabbitMQ: `connection.update-secret`).
    /// - Parameters:
    ///   - secret: the new password or token.
    ///   - reason: for the broker's log, at most 255 octets.
    /// - Throws: ``AMQPError``: the broker's refusal, which closes the connection; `timedOut` after `rpcTimeout`;
    ///   `cancelled`; why the connection is closed.
    public func updateSecret(_ secret: String, reason: String = "") async throws(AMQPError) {
        let reason = try ShortString(reason, as: "reason")
        _ = try await engine.wait(
            .init(what: "connection.update-secret", timeout: engine.configuration.rpcMilliseconds)
        ) { state, waiter throws(AMQPError) in
            try state.connection.updateSecret(Array(secret.utf8), reason: reason, waiter, &state.effects)
        }
    }
}

extension AMQPError {
    init(_ error: TransportError) {
        let kind: Kind =
            switch error {
            case .timedOut: .timedOut
            case .cancelled: .cancelled
            default: .unreachable
            }
        self.init(
            kind, scope: .connection, text: error.description,
            nextStep: kind == .cancelled ? "" : Advice.next(kind: .unreachable))
    }

    init(_ error: TLSError) {
        let kind: Kind =
            switch error.kind {
            case .unavailable: .notSupported
            case .file: .badArgument
            case .refused: .tlsFailed
            case .lost: .connectionLost
            case .timedOut: .timedOut
            case .cancelled: .cancelled
            }
        self.init(
            kind, scope: kind == .notSupported || kind == .badArgument ? .client : .connection, text: error.text,
            nextStep: error.nextStep.isEmpty ? nil : error.nextStep)
    }

    /// The state machine lets no other reply through; should it ever, the caller gets an error, not a trap.
    static func unexpectedAnswer(to what: String) -> AMQPError {
        AMQPError(.protocolViolation, scope: .client, text: "The answer to \(what) was of another kind")
    }
}
