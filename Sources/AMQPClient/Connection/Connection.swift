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

    private init(_ engine: ConnectionEngine) { self.engine = engine }

    deinit { engine.step { $0.connection.close(nil, &$0.effects) } }

    // MARK: Opening

    /// Connects and logs in.
    ///
    /// - Parameter uri: see ``ConnectionConfiguration/init(uri:)``.
    /// - Throws: ``AMQPError``: what is wrong with the URI, nobody there (with host and port), the broker's own text for a
    ///   refused login or virtual host, no answer within the configuration's `connectionTimeout`.
    public static func open(
        _ uri: String = "amqp://guest:guest@localhost:5672/"
    ) async throws(AMQPError) -> Connection {
        try await open(ConnectionConfiguration(uri: uri))
    }

    /// Connects over TCP, with TLS if the configuration says so, and logs in. Throws as ``open(_:)-(String)``.
    public static func open(_ configuration: ConnectionConfiguration) async throws(AMQPError) -> Connection {
        try configuration.validate()
        if let here = InProcessHost.named(configuration.host) { return try await open(at: here, configuration) }
        let start = configuration.time.now
        let stream = try await stream(to: configuration)
        return try await logIn(over: stream, configuration, spent: Int(configuration.time.now - start))
    }

    /// The way to a broker, with nothing said yet: over TCP, with TLS if the configuration says so. The caller closes it.
    ///
    /// - Throws: ``AMQPError``: nobody there, no encrypted connection and why, no answer within `connectionTimeout`.
    package static func stream(to configuration: ConnectionConfiguration) async throws(AMQPError) -> any ByteStream {
        let start = configuration.time.now
        let allowed = configuration.connectionMilliseconds
        let stream: TCPStream
        do {
            stream = try await TCPStream.connect(
                host: configuration.host, port: configuration.port, timeoutMilliseconds: allowed)
        } catch {
            throw AMQPError(error)
        }
        guard let tls = configuration.tls else { return stream }
        do throws(TLSError) {
            return try await TLSStream.connect(
                over: stream, tls, host: configuration.host,
                milliseconds: max(1, allowed - Int(configuration.time.now - start)), time: configuration.time)
        } catch {
            throw AMQPError(error)
        }
    }

    /// Logs in over a stream that is connected already, for instance to a broker in the same process; host and port of
    /// the configuration are not looked at. The connection closes the stream. Throws as ``open(_:)-(String)``.
    package static func open(
        over stream: any ByteStream, _ configuration: ConnectionConfiguration = .init()
    ) async throws(AMQPError) -> Connection {
        do throws(AMQPError) {
            try configuration.validate()
        } catch {
            stream.abort()
            throw error
        }
        return try await logIn(over: stream, configuration, spent: 0)
    }

    /// - Parameter spent: milliseconds of the configuration's `connectionTimeout` that connecting has taken.
    private static func logIn(
        over stream: any ByteStream, _ configuration: ConnectionConfiguration, spent: Int
    ) async throws(AMQPError) -> Connection {
        let allowed = configuration.connectionMilliseconds
        let engine = ConnectionEngine(stream, configuration)
        stream.start(engine)
        do throws(AMQPError) {
            _ = try await engine.wait(
                .init(what: "the login", timeout: max(1, allowed - spent), allowed: allowed)
            ) { state, waiter throws(AMQPError) in
                try state.connection.start(waiter, &state.effects)
            }
        } catch {
            // Closes politely if the broker has spoken, drops a stream on which nothing is to be said.
            engine.step { $0.connection.close(nil, &$0.effects) }
            // In TLS 1.3 a broker says only after the handshake that it wants another certificate, or one at all.
            if error.kind == .connectionLost, let reason = (stream as? TLSStream)?.failure { throw AMQPError(reason) }
            throw error
        }
        return Connection(engine)
    }

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
        engine.step { state in
            if let reason = state.connection.closeReason {
                engine.wake(mailbox.put(.closed(reason)), &state)
                engine.wake(mailbox.finish(nil), &state)
            } else {
                if let reason = state.connection.blockedReason {
                    engine.wake(mailbox.put(.blocked(reason: reason)), &state)
                }
                state.events.append(mailbox)
            }
        }
        return Notices(mailbox) { [weak engine] in
            engine?.step { $0.events.removeAll { $0 === mailbox } }
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
