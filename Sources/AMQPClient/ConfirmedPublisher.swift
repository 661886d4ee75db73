import AMQPWire
import Synchronization

/// Publishes with confirms and a window: up to `limit` messages are on their way at a time, so that neither each publish
/// waits for its confirm nor the unconfirmed pile up (RabbitMQ, tutorial 7, the batched and asynchronous strategies).
///
/// ```swift
/// let publisher = try await channel.confirmedPublisher(limit: 100)
/// for line in lines { try await publisher.publish(Message(line), routingKey: "lines") }
/// try await publisher.waitForAll()
/// ```
public final class ConfirmedPublisher: Sendable {
    /// Who waits until at most so many are outstanding.
    private typealias Waiting = (id: UInt64, atMost: Int, continuation: CheckedContinuation<Void, Never>)

    private struct State: Sendable {
        var outstanding = 0
        var failure: AMQPError?
        var waiting: [Waiting] = []
    }

    public let channel: Channel
    /// The most messages that may be unconfirmed at a time.
    public let limit: Int
    private let state = Mutex(State())

    init(_ channel: Channel, limit: Int) {
        self.channel = channel
        self.limit = limit
    }

    /// Publishes; waits first while `limit` messages are unconfirmed.
    ///
    /// - Throws: ``AMQPError``, also that of an *earlier* message that was refused or came back: once, then the publisher
    ///   can be used on.
    nonisolated(nonsending)
        public func publish(
            _ message: Message, exchange: String = "", routingKey: String = "", mandatory: Bool = false
        ) async throws(AMQPError)
    {
        let method = try BasicPublish(
            exchange: ShortString(exchange, as: "exchange name"),
            routingKey: ShortString(routingKey, as: "routing key"), mandatory: mandatory)
        try await enter()
        let engine = channel.engine
        do throws(AMQPError) {
            while true {
                let written = try engine.publish(
                    method, message, on: channel.record, confirmed: { [self] in settled($0) })
                if written { return }
                try await engine.waitForRoom(on: channel.record)
            }
        } catch {
            settled(.success(.done))
            throw error
        }
    }

    /// Waits until everything published is confirmed. Throws the first refusal or return that nobody was told of yet.
    public func waitForAll() async throws(AMQPError) {
        while try !state.withLock({ state throws(AMQPError) in try Self.isDown(to: 0, &state) }) {
            try await waitUntil(atMost: 0)
        }
    }

    /// Messages that are not confirmed yet.
    public var unconfirmedCount: Int { state.withLock { $0.outstanding } }

    /// Takes a place in the window, waiting for one if need be.
    nonisolated(nonsending)
        private func enter() async throws(AMQPError)
    {
        while true {
            let entered = try state.withLock { state throws(AMQPError) in
                guard try Self.isDown(to: limit - 1, &state) else { return false }
                state.outstanding += 1
                return true
            }
            if entered { return }
            try await waitUntil(atMost: limit - 1)
        }
    }

    private static func isDown(to count: Int, _ state: inout State) throws(AMQPError) -> Bool {
        if let failure = state.failure {
            state.failure = nil
            throw failure
        }
        return state.outstanding <= count
    }

    /// Returns when there may be as few outstanding, or a failure to tell: the caller looks again.
    nonisolated(nonsending)
        private func waitUntil(atMost count: Int) async throws(AMQPError)
    {
        let id = channel.engine.nextID()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    if Task.isCancelled || state.outstanding <= count || state.failure != nil { return true }
                    state.waiting.append((id, count, continuation))
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            wake { $0.id == id }
        }
        if Task.isCancelled { throw .cancelled("confirms") }
    }

    private func settled(_ outcome: Result<Answer, AMQPError>) {
        let outstanding = state.withLock { state in
            state.outstanding -= 1
            if case .failure(let error) = outcome, state.failure == nil { state.failure = error }
            return state.failure == nil ? state.outstanding : 0
        }
        wake { $0.atMost >= outstanding }
    }

    private func wake(_ fits: (Waiting) -> Bool) {
        let woken = state.withLock { state in
            let woken = state.waiting.filter(fits)
            state.waiting.removeAll(where: fits)
            return woken
        }
        for waiter in woken { waiter.continuation.resume() }
    }
}

extension Channel {
    /// A publisher with a window of `limit` unconfirmed messages, 1 at least; switches confirms on.
    public func confirmedPublisher(limit: Int = 50) async throws(AMQPError) -> ConfirmedPublisher {
        try await selectConfirms()
        return ConfirmedPublisher(self, limit: max(1, limit))
    }
}
