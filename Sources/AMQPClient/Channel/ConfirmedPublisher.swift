import AMQPWire

/// Publishes with confirms and a window: up to `limit` messages are on their way at a time, so that neither each publish
/// waits for its confirm nor the unconfirmed pile up (RabbitMQ, tutorial 7, the batched and asynchronous strategies).
///
/// ```swift
/// let publisher = try await channel.confirmedPublisher(limit: 100)
/// for line in lines { try await publisher.publish(Message(line), routingKey: "lines") }
/// try await publisher.waitForAll()
/// ```
/// A refusal that no call has told is told by the close of the channel or the connection, which waits for confirms that are
/// due: ``Channel/close()``.
public struct ConfirmedPublisher: Sendable {
    /// The channel that it publishes on.
    public let channel: Channel
    private let window: PublishWindow

    init(_ channel: Channel, limit: Int) {
        self.channel = channel
        window = PublishWindow(limit, channel.record)
    }

    /// The most messages that may be unconfirmed at a time.
    public var limit: Int { window.limit }

    /// Messages that are not confirmed yet.
    public var unconfirmedCount: Int { window.count }

    /// Publishes; waits first while `limit` messages are unconfirmed, and for room.
    ///
    /// - Throws: ``AMQPError`` about the message in ``AMQPError/publish``. That is this one when it could not be sent: the
    ///   channel is closed, the task was cancelled, there was no room within the configuration's `confirmTimeout`. Or it is an
    ///   *earlier* one that was refused or came back, each of them once; then this one has been sent, and the publisher can be
    ///   used on.
    nonisolated(nonsending)
        public func publish(
            _ message: Message, exchange: String = "", routingKey: String = "", mandatory: Bool = false
        ) async throws(AMQPError)
    {
        let method = try BasicPublish(
            exchange: ShortString(exchange, as: "exchange name"),
            routingKey: ShortString(routingKey, as: "routing key"), mandatory: mandatory)
        let message = channel.engine.traced(message)
        let engine = channel.engine
        let publish = AMQPError.Publish(
            message: message, exchange: exchange, routingKey: routingKey, mandatory: mandatory)
        do throws(AMQPError) {
            try await window.enter()
        } catch {
            throw error.about(publish)
        }
        do throws(AMQPError) {
            // Not the channel: a publish under way must not keep it from being let go of.
            let confirmed: @Sendable (Result<Answer, AMQPError>) -> Wakeup? = { [window] in
                window.leave($0.mapError { $0.about(publish) })
            }
            try await engine.publishInTurn(
                method, message, on: channel.record, timeout: engine.configuration.confirmMilliseconds,
                isAwaited: false, confirmed: confirmed)
        } catch {
            window.leave(nil)?()
            throw error.about(publish)
        }
        try window.tellFailure()
    }

    /// Waits until everything published is confirmed. Throws the first refusal or return that nobody was told of yet; if
    /// several messages were refused, each call throws the next.
    nonisolated(nonsending)
        public func waitForAll() async throws(AMQPError)
    {
        try await window.waitUntilEmpty()
    }
}

extension Channel {
    /// A publisher with a window of `limit` unconfirmed messages, 1 at least; switches confirms on.
    /// - Throws: ``AMQPError`` as ``selectConfirms()``.
    public func confirmedPublisher(limit: Int = 50) async throws(AMQPError) -> ConfirmedPublisher {
        try await selectConfirms()
        return ConfirmedPublisher(self, limit: max(1, limit))
    }
}
