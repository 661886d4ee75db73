import DataStructures
import Synchronization

/// Hands values from the connection to whoever iterates: a consumer's deliveries, returned messages, events.
///
/// Filling never waits. What bounds it is said where it is made: deliveries count against the connection's limit, the
/// others drop their oldest (``init(limit:)``).
final class Mailbox<Element: Sendable>: Sendable {
    private typealias Outcome = Result<Element?, AMQPError>

    private struct State: Sendable {
        var values = Ring<Element>()
        var takers = Line<CheckedContinuation<Outcome, Never>>()
        var lastTaker: UInt64 = 0
        /// Set: nothing more will be put in. The error comes after the values, once; then nil.
        var end: Outcome?
    }

    private let limit: Int
    private let state = Mutex(State())

    /// How many wait for a value.
    var takerCount: Int { state.withLock { $0.takers.count } }

    /// - Parameter limit: the most values that wait; one more, and the oldest is dropped.
    init(limit: Int = .max) { self.limit = limit }

    /// Returns what remains to be done after the caller has let go of its locks: waking who waits.
    func put(_ value: Element) -> Wakeup? {
        state.withLock { state in
            if state.end != nil { return nil }
            if let taker = state.takers.popFirst() {
                return { taker.resume(returning: .success(value)) }
            }
            state.values.append(value)
            if state.values.count > limit { _ = state.values.popFirst() }
            return nil
        }
    }

    /// Nothing more will be put in.
    func finish(_ error: AMQPError?) -> Wakeup? {
        state.withLock { state in
            if state.end != nil { return nil }
            state.end = .success(nil)
            let takers = state.takers.removeAll()
            if let error, takers.isEmpty { state.end = .failure(error) }
            let outcome = error.map(Outcome.failure) ?? .success(nil)
            return { for taker in takers { taker.resume(returning: outcome) } }
        }
    }

    /// Takes out all that wait.
    func drain() -> [Element] {
        state.withLock { state in
            defer { state.values.removeAll() }
            return Array(state.values)
        }
    }

    /// The next value; nil when there are no more, or when the task is cancelled. Throws the error it was finished with.
    nonisolated(nonsending)
        func next() async throws(AMQPError) -> Element?
    {
        if let outcome = state.withLock({ Self.take(&$0) }) { return try outcome.get() }
        let id = state.withLock { state in
            state.lastTaker += 1
            return state.lastTaker
        }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let outcome: Outcome? = state.withLock { state in
                    // Inside the lock: a cancellation before this is seen here, one after it finds the taker.
                    if Task.isCancelled { return .success(nil) }
                    if let outcome = Self.take(&state) { return outcome }
                    state.takers.append(continuation, as: id)
                    return nil
                }
                if let outcome { continuation.resume(returning: outcome) }
            }
        } onCancel: {
            state.withLock { $0.takers.remove(id) }?.resume(returning: .success(nil))
        }
        return try outcome.get()
    }

    private static func take(_ state: inout State) -> Outcome? {
        if let value = state.values.popFirst() { return .success(value) }
        guard let end = state.end else { return nil }
        state.end = .success(nil)
        return end
    }
}

/// Wakes somebody; run once no lock is held, so that the woken does not run into it.
typealias Wakeup = @Sendable () -> Void
