import Synchronization

/// The programs that a check has started, and the time that it has left.
final class Cast: Sendable {
    private struct State: Sendable {
        var runs: [Subject.Run] = []
        var lives: [Int: WireLog.Life] = [:]
        var count = 0
        var deadline: ContinuousClock.Instant?
        var isOutOfTime = false
        var starvation: Starvation?
    }

    private let state = Mutex(State())

    /// The number of the next program.
    func next() -> Int {
        state.withLock { state in
            state.count += 1
            return state.count
        }
    }

    /// The same program, now with a number; what killed it is known from now on.
    func enter(_ run: Subject.Run, _ number: Int) -> Subject.Run {
        let (kill, status, lines) = (run.kill, run.status, run.lastLines)
        var run = run
        run.number = number
        run.kill = { [self] in
            // As it was before: whether it has ended by itself.
            let status = status()
            state.withLock { state in
                if state.lives[number] == nil {
                    state.lives[number] = WireLog.Life(
                        run: number, status: status, isKilled: status == nil, lines: lines())
                }
            }
            kill()
        }
        let entered = run
        state.withLock { $0.runs.append(entered) }
        return run
    }

    var lives: [WireLog.Life] {
        let (runs, lives) = state.withLock { ($0.runs, $0.lives) }
        return runs.map { run in
            lives[run.number] ?? WireLog.Life(run: run.number, status: run.status(), lines: run.lastLines())
        }
    }

    /// The program has begun: from now on the check may take so long.
    func begin(_ whole: Duration) {
        let starvation = Starvation()
        state.withLock { state in
            guard state.deadline == nil else { return }
            (state.deadline, state.starvation) = (.now + whole, starvation)
        }
    }

    var hasBegun: Bool { state.withLock { $0.deadline != nil } }

    /// What took so long is not the check's.
    func extend(by time: Duration) {
        state.withLock { state in if let deadline = state.deadline { state.deadline = deadline + time } }
    }

    var isOutOfTime: Bool { state.withLock(\.isOutOfTime) }

    /// As long as this, or until the check's time is up.
    func limited(_ patience: Duration) -> Duration {
        guard let deadline = state.withLock(\.deadline) else { return patience }
        return max(.zero, min(patience, deadline - .now))
    }

    /// A wait of this length has come to its end. Returns how much of it the programs have waited for a processor; the check
    /// has so much more time.
    func starved(_ wait: Duration) -> Duration {
        state.withLock { state in
            guard let time = state.starvation?.take() else { return .zero }
            if let deadline = state.deadline { state.deadline = deadline + time }
            return min(time, wait)
        }
    }

    /// A wait of this length has come to its end without what it was for.
    func waitedInVain(_ patience: Duration, of wanted: Duration) {
        if patience < wanted { state.withLock { $0.isOutOfTime = true } }
    }
}
