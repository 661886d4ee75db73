import Synchronization

/// Counts what is on its way and holds back who would exceed the limit.
final class PublishWindow: Sendable {
    /// Who waits until at most so many are on their way, and then looks again.
    private typealias Waiting = (id: UInt64, atMost: Int, continuation: CheckedContinuation<Void, Never>)

    private struct State: Sendable {
        var count = 0
        /// Of a message that nobody has been told of yet.
        var failure: AMQPError?
        var waiting: [Waiting] = []
        var lastID: UInt64 = 0
    }

    let limit: Int
    private let state = Mutex(State())

    init(_ limit: Int) { self.limit = limit }

    var count: Int { state.withLock { $0.count } }

    /// Takes a place, waiting for one if need be. Throws the failure of an earlier message.
    nonisolated(nonsending)
        func enter() async throws(AMQPError)
    {
        while true {
            let entered = try state.withLock { state throws(AMQPError) in
                guard try Self.isDown(to: limit - 1, &state) else { return false }
                state.count += 1
                return true
            }
            if entered { return }
            try await wait(atMost: limit - 1)
        }
    }

    nonisolated(nonsending)
        func waitUntilEmpty() async throws(AMQPError)
    {
        while try !state.withLock({ state throws(AMQPError) in try Self.isDown(to: 0, &state) }) {
            try await wait(atMost: 0)
        }
    }

    /// Gives a place back. nil: the message was never sent.
    func leave(_ outcome: Result<Answer, AMQPError>?) {
        let count = state.withLock { state in
            state.count -= 1
            if case .failure(let error) = outcome, state.failure == nil { state.failure = error }
            // A failure is news for everybody who waits.
            return state.failure == nil ? state.count : 0
        }
        wake { $0.atMost >= count }
    }

    private static func isDown(to count: Int, _ state: inout State) throws(AMQPError) -> Bool {
        if let failure = state.failure {
            state.failure = nil
            throw failure
        }
        return state.count <= count
    }

    nonisolated(nonsending)
        private func wait(atMost count: Int) async throws(AMQPError)
    {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    if Task.isCancelled || state.count <= count || state.failure != nil { return true }
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

    private func wake(_ fits: (Waiting) -> Bool) {
        let woken = state.withLock { state in
            let woken = state.waiting.filter(fits)
            state.waiting.removeAll(where: fits)
            return woken
        }
        for waiter in woken { waiter.continuation.resume() }
    }
}
