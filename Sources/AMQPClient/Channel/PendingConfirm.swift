import AMQPWire
import Synchronization

/// The confirm of one publish, which is still to come (RabbitMQ, page "Publisher Confirms", the asynchronous strategy).
///
/// ``Channel/publishAndConfirm(_:exchange:routingKey:mandatory:)`` waits for each, and ``ConfirmedPublisher`` for all of
/// them together. This is for who publishes on, and wants to know of every single one later.
///
/// One that nobody waits for is not lost: the close of the channel or the connection waits for it, and tells a refusal.
public struct PendingConfirm: Sendable {
    private let answer: LaterAnswer

    fileprivate init(_ answer: LaterAnswer) { self.answer = answer }

    /// Waits until the broker has taken responsibility for the message; at once, if it has done so already. May be called
    /// again.
    ///
    /// - Throws: ``AMQPError``, as ``Channel/publishAndConfirm(_:exchange:routingKey:mandatory:)``.
    nonisolated(nonsending)
        public func wait() async throws(AMQPError)
    {
        try await answer.get()
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

/// The answer to a publish, which somebody may ask for, again and again, or nobody.
private final class LaterAnswer: Sendable {
    private let record: ChannelRecord
    private let results = Mailbox<Result<Void, AMQPError>>()
    /// By which the channel knows the failure that no call has told of yet.
    private let unheard = Mutex<UInt64?>(nil)

    init(_ record: ChannelRecord) { self.record = record }

    // Nobody can ask any more.
    deinit { if let number = unheard.withLock({ $0 }) { record.forget(number) } }

    func settle(_ result: Result<Void, AMQPError>) -> Wakeup? {
        guard case .failure(let error) = result else { return results.put(result) }
        unheard.withLock { $0 = record.add(error) }
        let wakeup = results.put(result)
        // Somebody waits, and is told.
        if wakeup != nil { markHeard(error) }
        return wakeup
    }

    private func markHeard(_ error: AMQPError) {
        if let number = unheard.withLock({ $0.take() }) { record.markHeard(number, error) }
    }

    nonisolated(nonsending)
        func get() async throws(AMQPError)
    {
        guard let result = try await results.next() else { throw .cancelled("the confirm of a publish") }
        // For the next who asks.
        results.put(result)?()
        if case .failure(let error) = result { markHeard(error) }
        try result.get()
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
    ///
    /// - Throws: ``AMQPError``: `timedOut` when there was no room for it within the configuration's `confirmTimeout`, so it was
    ///   not sent; why the channel is closed.
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
        let answer = LaterAnswer(record)
        let confirmed: @Sendable (Result<Answer, AMQPError>) -> Wakeup? = { answer.settle($0.map { _ in }) }
        try await engine.publishInTurn(
            method, message, on: record, timeout: engine.configuration.confirmMilliseconds, isAwaited: false,
            confirmed: confirmed)
        return PendingConfirm(answer)
    }
}
