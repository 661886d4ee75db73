import AMQPTransport
import AMQPWire
import Synchronization

/// Publishes with confirms over a connection of its own, which comes back after every loss.
///
/// ```swift
/// let publisher = client.publisher(window: 256, whileDown: .wait(upTo: .seconds(30)))
/// try await publisher.publish(Message("a chair"), to: "orders", key: "new")     // returns once confirmed
/// ```
/// Any number of tasks may publish; they share the window. It connects when it is first used. A connection of its own,
/// because a broker that is short of memory blocks whole connections, and a consumer must go on then.
public final class Publisher: Sendable {
    /// What a publish does while there is no connection, or one that takes nothing: the broker has blocked it, or does not
    /// read.
    public enum WhileDown: Sendable, Equatable {
        /// It fails at once, with ``AMQPError/Kind/unreachable``, or with ``AMQPError/Kind/blocked`` while the broker blocks
        /// the connection. For a broker that does not read, which shows only in time, it waits for the configuration's
        /// `confirmTimeout`, and fails with ``AMQPError/Kind/timedOut``.
        case fail
        /// It waits, all losses together at most so long, and for room at most so long at a time. Then it fails with
        /// ``AMQPError/Kind/timedOut``.
        case wait(upTo: Duration)
    }

    /// What becomes of messages that were sent, and not confirmed, when the connection was lost.
    public enum Resend: Sendable, Equatable {
        /// They fail with ``AMQPError/Kind/unknownOutcome``.
        case never
        /// They are sent again, so some may arrive twice. Nothing in the protocol marks them; a `messageID` of the
        /// application's own does. When the broker closes the channel over a message, and does not say which (406, for one
        /// with another's `userID`), they fail as with ``never``: the same would happen again.
        case atLeastOnce
    }

    private let core: PublisherCore

    init(_ client: Client, window: Int, whileDown: WhileDown, resend: Resend) {
        // A malformed URI is told by each publish.
        let confirmTimeout = (try? client.configurations.get().first)?.confirmTimeout ?? .zero
        core = PublisherCore(
            client,
            PublisherState(window: window, whileDown: whileDown, resend: resend, confirmTimeout: confirmTimeout))
    }

    deinit { core.stop() }

    /// Publishes a message and waits until the broker has taken responsibility for it.
    ///
    /// - Parameters:
    ///   - message: what is sent.
    ///   - exchange: empty: the default exchange, where the key is the name of a queue.
    ///   - key: the routing key, at most 255 octets.
    ///   - mandatory: a message that no queue takes comes back, and `returned` is thrown.
    /// - Throws: ``AMQPError``: of kind `unknownOutcome` when the connection was lost before the broker had answered, or it
    ///   did not answer within the configuration's `confirmTimeout`; `nacked`, `returned`; `timedOut`, `unreachable` or
    ///   `blocked` when there was no connection, or none that takes anything, and the message was never sent; `closedByClient`
    ///   when the publisher was closed before it was sent; what ends the client, such as a wrong password;
    ///   404 for an exchange that does not exist, 406 for a message that is too large. ``AMQPError/publish`` is the message.
    ///   In a task that is cancelled the message is sent if there is a connection that takes it at once, and `cancelled` thrown.
    public func publish(
        _ message: Message, to exchange: String = "", key: String = "", mandatory: Bool = false
    ) async throws(AMQPError) {
        _ = try ShortString(exchange, as: "exchange name")
        _ = try ShortString(key, as: "routing key")
        try await core.publish(
            AMQPError.Publish(
                message: message.traced(by: core.hooks.traceparent), exchange: exchange, routingKey: key,
                mandatory: mandatory))
    }

    /// Publishes a message and returns the broker's answer, also one that ``publish(_:to:key:mandatory:)`` would throw. Here a
    /// message is mandatory unless you say otherwise.
    ///
    /// - Throws: ``AMQPError`` when there is no answer, as ``publish(_:to:key:mandatory:)``.
    public func outcome(
        of message: Message, to exchange: String = "", key: String = "", mandatory: Bool = true
    ) async throws(AMQPError) -> PublishOutcome {
        do throws(AMQPError) {
            try await publish(message, to: exchange, key: key, mandatory: mandatory)
            return .confirmed
        } catch {
            return try PublishOutcome(error)
        }
    }

    /// Messages whose outcome is open.
    public var outstandingCount: Int { core.outstandingCount }

    /// What the publisher's connection is about, from now on. See ``Client/states``.
    public var states: Notices<ClientState> { core.states }

    /// Waits until the outcome of every message is known, at most the client's `grace`, and closes the connection. What is
    /// published later opens one again. In a task that is cancelled the close is sent all the same, and only the waits are
    /// skipped: what is not confirmed by then is of unknown outcome.
    public func close() async { await core.close() }
}

extension Client {
    /// A publisher with a connection of its own.
    ///
    /// - Parameters:
    ///   - window: how many messages may be on their way at a time, 1 at least.
    ///   - whileDown: what a publish does while there is no connection.
    ///   - resend: what becomes of unconfirmed messages when the connection is lost.
    public func publisher(
        window: Int = 256, whileDown: Publisher.WhileDown = .wait(upTo: .seconds(30)), resend: Publisher.Resend = .never
    ) -> Publisher {
        Publisher(self, window: window, whileDown: whileDown, resend: resend)
    }
}
