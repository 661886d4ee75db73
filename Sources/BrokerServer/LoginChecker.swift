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
        var queue = LoginQueue()
        var runningCount = 0
    }

    var waitingCount: Int { state.withLock { $0.queue.count } }
    var runningCount: Int { state.withLock { $0.runningCount } }
    var isAtRest: Bool { state.withLock { $0.runningCount == 0 } }

    /// Calls the check's `finished`, from another thread, once it was checked.
    func check(_ check: LoginQueue.Check) {
        let isStarted = state.withLock { state in
            state.queue.add(check)
            guard state.runningCount < Self.most else { return false }
            state.runningCount += 1
            return true
        }
        if isStarted { DispatchQueue.global(qos: .utility).async { self.run() } }
    }

    /// Forgets a check whose client has left.
    func drop(_ ticket: LoginQueue.Ticket) { state.withLock { $0.queue.drop(ticket) } }

    private func run() {
        var done: (LoginQueue.Check, isRight: Bool)?
        while let check = next(after: done) {
            let isRight = check.run()
            check.finished(isRight)
            done = (check, isRight)
        }
    }

    private func next(after done: (LoginQueue.Check, isRight: Bool)?) -> LoginQueue.Check? {
        state.withLock { state in
            if let done { state.queue.noteEnd(of: done.0, isRight: done.isRight) }
            let next = state.queue.next()
            if next == nil { state.runningCount -= 1 }
            return next
        }
    }
}
