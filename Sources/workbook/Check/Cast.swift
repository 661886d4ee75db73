import Synchronization

/// The programs that a check, or a bout of the gauntlet, has started.
final class Cast: Sendable {
    private struct State: Sendable {
        var runs: [Subject.Run] = []
        var lives: [Int: WireLog.Life] = [:]
        var withheld: [Int: Duration] = [:]
        var count = 0
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

    /// For how long the machine has kept the programs waiting, in all. One that has ended waits for nothing any more.
    var withheld: Duration {
        let (runs, killed) = state.withLock { ($0.runs, Set($0.lives.keys)) }
        let there = runs.filter { !killed.contains($0.number) && !$0.hasEnded }.map { ($0.number, $0.withheld()) }
        return state.withLock { state in
            for (number, time) in there { state.withheld[number] = time }
            return state.withheld.values.reduce(.zero, +)
        }
    }

    func killAll() { for run in state.withLock(\.runs) { run.kill() } }
}
