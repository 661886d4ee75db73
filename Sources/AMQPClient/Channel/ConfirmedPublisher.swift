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

    /// Publishes; waits first while `limit` messages are unconfirmed.
    ///
    /// - Throws: ``AMQPError``, also that of an *earlier* message that was refused or came back: each of them once, then the
    ///   publisher can be used on. ``AMQPError/publish`` is the message that it is about.
    nonisolated(nonsending)
        public func publish(
            _ message: Message, exchange: String = "", routingKey: String = "", mandatory: Bool = false
        ) async throws(AMQPError)
    {
        let method = try BasicPublish(
            exchange: ShortString(exchange, as: "exchange name"),
            routingKey: ShortString(routingKey, as: "routing key"), mandatory: mandatory)
        let message = channel.engine.traced(message)
        try await window.enter()
        do throws(AMQPError) {
            let engine = channel.engine
            let publish = AMQPError.Publish(message: message, exchange: exchange, routingKey: routingKey)
            // Not the channel: a publish under way must not keep it from being let go of.
            let confirmed: @Sendable (Result<Answer, AMQPError>) -> Wakeup? = { [window] in
                window.leave($0.mapError { $0.about(publish) })
            }
            while try !engine.publish(method, message, on: channel.record, isAwaited: false, confirmed: confirmed) {
                try await engine.waitForRoom(on: channel.record)
            }
        } catch {
            window.leave(nil)?()
            throw error
        }
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
    public func confirmedPublisher(limit: Int = 50) async throws(AMQPError) -> ConfirmedPublisher {
        try await selectConfirms()
        return ConfirmedPublisher(self, limit: max(1, limit))
    }
}
