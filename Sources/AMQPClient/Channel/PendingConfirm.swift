import AMQPWire

/// The confirm of one publish, which is still to come (RabbitMQ, page "Publisher Confirms", the asynchronous strategy).
///
/// ``Channel/publishAndConfirm(_:exchange:routingKey:mandatory:)`` waits for each, and ``ConfirmedPublisher`` for all of
/// them together. This is for who publishes on, and wants to know of every single one later.
public struct PendingConfirm: Sendable {
    private let outcome = Mailbox<Result<Void, AMQPError>>()

    fileprivate func settle(_ result: Result<Void, AMQPError>) { outcome.put(result)?() }

    /// Waits until the broker has taken responsibility for the message; at once, if it has done so already. May be called
    /// again.
    ///
    /// - Throws: ``AMQPError``, as ``Channel/publishAndConfirm(_:exchange:routingKey:mandatory:)``.
    nonisolated(nonsending)
        public func wait() async throws(AMQPError)
    {
        guard let result = try await outcome.next() else { throw .cancelled("the confirm of a publish") }
        settle(result)
        try result.get()
    }
}

extension Channel {
    /// Publishes a message, and returns once it is on its way, with the confirm that is to come. The first such call on a
    /// channel switches confirms on. How many are on their way at a time is up to the caller.
    nonisolated(nonsending)
        public func publishForConfirm(
            _ message: Message, exchange: String = "", routingKey: String = "", mandatory: Bool = false
        ) async throws(AMQPError) -> PendingConfirm
    {
        let method = try BasicPublish(
            exchange: ShortString(exchange, as: "exchange name"),
            routingKey: ShortString(routingKey, as: "routing key"), mandatory: mandatory)
        try await startConfirms()
        let confirm = PendingConfirm()
        while try !engine.publish(method, message, on: record, confirmed: { confirm.settle($0.map { _ in }) }) {
            try await engine.waitForRoom(on: record)
        }
        return confirm
    }
}
