import BrokerCore
import Dispatch
import Synchronization

/// Checks the passwords that take long to check, beside the broker: not under its lock, and a few at a time, so that
/// whoever tries one password after the other keeps neither messages nor the whole machine waiting.
final class LoginChecker: Sendable {
    /// How many are checked at the same time.
    static let most = 2

    private let state = Mutex(State())

    private struct State: Sendable {
        var waiting: ArraySlice<LoginCheck> = []
        var runningCount = 0
    }

    /// Calls `finished` for each of them, from another thread, once it was checked. Those that came first go first.
    func check(_ checks: [LoginCheck], _ finished: @escaping @Sendable (ConnectionID, Bool) -> Void) {
        if checks.isEmpty { return }
        let started = state.withLock { state in
            state.waiting += checks
            let started = min(Self.most - state.runningCount, state.waiting.count)
            state.runningCount += started
            return started
        }
        for _ in 0..<started { DispatchQueue.global(qos: .utility).async { self.run(finished) } }
    }

    private func run(_ finished: @Sendable (ConnectionID, Bool) -> Void) {
        while let check = next() { finished(check.connection, check.run()) }
    }

    private func next() -> LoginCheck? {
        state.withLock { state in
            let next = state.waiting.popFirst()
            if next == nil { state.runningCount -= 1 }
            return next
        }
    }
}
