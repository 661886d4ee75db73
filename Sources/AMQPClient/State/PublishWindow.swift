import DataStructures
import Synchronization

/// Counts what is on its way and holds back who would exceed the limit, the longest waiting first. Keeps the failures of
/// those that were on their way, for the calls that follow.
final class PublishWindow: Sendable {
    private typealias Outcome = Result<Void, AMQPError>
    private typealias Turn = CheckedContinuation<Outcome, Never>

    private struct State: Sendable {
        var count = 0
        /// Of messages that no call has told of yet, the oldest first, with the numbers by which the channel knows them. Hardly
        /// more than the limit: while there are any, each message that is sent has one told.
        var failures = Ring<(number: UInt64, error: AMQPError)>()
        /// The end of the channel, which is that of all messages on their way, has come.
        var isOver = false
        /// Callers that wait for a place. It is taken for them before they are woken.
        var entering = Line<Turn>()
        /// Callers that wait until nothing is on its way.
        var emptying = Line<Turn>()
        var lastID: UInt64 = 0
        /// Callers woken so far.
        var wakeups = 0
    }

    let limit: Int
    private let record: ChannelRecord?
    private let state = Mutex(State())

    /// - Parameter record: of the channel that is to know which failures no call has told of.
    init(_ limit: Int, _ record: ChannelRecord? = nil) {
        self.limit = limit
        self.record = record
    }

    // Nobody can ask any more.
    deinit { for failure in state.withLock({ $0.failures }) { record?.forget(failure.number) } }

    var count: Int { state.withLock { $0.count } }
    /// Callers woken so far: what a test holds the cost against.
    var wakeups: Int { state.withLock { $0.wakeups } }
    var waitingCount: Int { state.withLock { $0.entering.count + $0.emptying.count } }

    /// Takes a place, waiting for one if need be.
    nonisolated(nonsending)
        func enter() async throws(AMQPError)
    {
        let entered = state.withLock { state in
            guard state.count < limit, state.entering.isEmpty else { return false }
            state.count += 1
            return true
        }
        if !entered { try await wait(in: \.entering) }
    }

    /// Throws the failure of an earlier message, if there is one: once this one is on its way, so that whoever catches an
    /// error of another message has not lost this one.
    func tellFailure() throws(AMQPError) { try state.withLock { state throws(AMQPError) in try throwFailure(&state) } }

    nonisolated(nonsending)
        func waitUntilEmpty() async throws(AMQPError)
    {
        let isEmpty = try state.withLock { state throws(AMQPError) in
            try throwFailure(&state)
            return state.count == 0
        }
        if !isEmpty { try await wait(in: \.emptying) }
    }

    /// Gives a place back. nil: the message was never sent. Returns what remains to be done without a lock.
    func leave(_ outcome: Result<Answer, AMQPError>?) -> Wakeup? {
        let woken = state.withLock { state in
            state.count -= 1
            if case .failure(let error) = outcome { noteFailure(error, &state) }
            return takeTurns(&state)
        }
        if woken.isEmpty { return nil }
        return { for (turn, outcome) in woken { turn.resume(returning: outcome) } }
    }

    private func noteFailure(_ error: AMQPError, _ state: inout State) {
        if error.scope != .client {
            if state.isOver { return }
            state.isOver = true
        }
        state.failures.append((record?.add(error) ?? 0, error))
    }

    private func takeFailure(_ state: inout State) -> AMQPError? {
        guard let (number, error) = state.failures.popFirst() else { return nil }
        record?.markHeard(number, error)
        return error
    }

    private func throwFailure(_ state: inout State) throws(AMQPError) {
        if let failure = takeFailure(&state) { throw failure }
    }

    /// Whose turn it is now: one goes for each place, one of those who wait for the end hears of each failure, and all once
    /// nothing is on its way.
    private func takeTurns(_ state: inout State) -> [(Turn, Outcome)] {
        var woken: [(Turn, Outcome)] = []
        while !state.failures.isEmpty, let first = state.emptying.popFirst() {
            if let failure = takeFailure(&state) { woken.append((first, .failure(failure))) }
        }
        while state.count < limit, let next = state.entering.popFirst() {
            state.count += 1
            woken.append((next, .success(())))
        }
        if state.count == 0 { woken += state.emptying.removeAll().map { ($0, .success(())) } }
        state.wakeups += woken.count
        return woken
    }

    nonisolated(nonsending)
        private func wait(in line: any WritableKeyPath<State, Line<Turn>> & Sendable) async throws(AMQPError)
    {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let outcome: Outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let woken = state.withLock { state -> [(Turn, Outcome)] in
                    // Inside the lock: a cancellation before this is seen here, one after it finds the place in line.
                    if Task.isCancelled { return [(continuation, .failure(.cancelled("confirms")))] }
                    state[keyPath: line].append(continuation, as: id)
                    // The last place may have been left since this caller looked.
                    return takeTurns(&state)
                }
                for (turn, outcome) in woken { turn.resume(returning: outcome) }
            }
        } onCancel: {
            let turn = state.withLock { $0[keyPath: line].remove(id) }
            turn?.resume(returning: .failure(.cancelled("confirms")))
        }
        try outcome.get()
    }
}
