import AMQPWire

/// The confirm of one publish, which is still to come (RabbitMQ, page "Publisher Confirms", the asynchronous strategy).
///
/// ``Channel/publishAndConfirm(_:exchange:routingKey:mandatory:)`` waits for each, and ``ConfirmedPublisher`` for all of
/// them together. This is for who publishes on, and wants to know of every single one later.
public struct PendingConfirm: Sendable {
    private let answer = Mailbox<Result<Void, AMQPError>>()

    fileprivate func settle(_ result: Result<Void, AMQPError>) { answer.put(result)?() }

    /// Waits until the broker has taken responsibility for the message; at once, if it has done so already. May be called
    /// again.
    ///
    /// - Throws: ``AMQPError``, as ``Channel/publishAndConfirm(_:exchange:routingKey:mandatory:)``.
    nonisolated(nonsending)
        public func wait() async throws(AMQPError)
    {
        guard let result = try await answer.next() else { throw .cancelled("the confirm of a publish") }
        settle(result)
        try result.get()
    }

    /// Waits for the broker's answer, and returns it, also one that ``wait()`` would throw. May be called again.
    ///
    /// - Throws: ``AMQPError`` when there is no answer: `timedOut`, `cancelled`, what closed the channel.
    nonisolated(nonsending)
        public func outcome() async throws(AMQPError) -> PublishOutcome
    {
        do throws(AMQPError) {
            try await wait()
            return .confirmed
        } catch {
            return try PublishOutcome(error)
        }
    }
}

/// What the broker has answered to a publish (RabbitMQ, page "Publisher Confirms").
public enum PublishOutcome: Sendable, Equatable {
    /// It has taken responsibility for the message (`basic.ack`).
    case confirmed
    /// No queue takes the mandatory message, which came back (`basic.return`).
    case returned(ReturnedMessage)
    /// It has not taken responsibility for the message (`basic.nack`).
    case nacked

    /// The answer that an error stands for; throws the error, if it stands for none.
    init(_ error: AMQPError) throws(AMQPError) {
        switch error.kind {
        case .nacked: self = .nacked
        case .returned(let message): self = .returned(message)
        default: throw error
        }
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
        let message = engine.traced(message)
        try await startConfirms()
        let confirm = PendingConfirm()
        while try !engine.publish(method, message, on: record, confirmed: { confirm.settle($0.map { _ in }) }) {
            try await engine.waitForRoom(on: record)
        }
        return confirm
    }
}
