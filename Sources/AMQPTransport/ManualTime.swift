import Synchronization

/// Time for tests: it stands still until told to move.
public final class ManualTime: TimeSource {
    private struct State: Sendable {
        var now: Int64 = 1_000_000_000_000
        var timers = TimerQueue()
    }

    private let state = Mutex(State())

    /// The time starts at 1 000 000 000 000 (September 2001), the same in every run.
    public init() {}

    public var now: Int64 { state.withLock { $0.now } }

    @discardableResult
    public func wake(at time: Int64, _ work: @escaping @Sendable () -> Void) -> TimerHandle {
        let id = state.withLock { $0.timers.add(at: time, work) }
        return TimerHandle { [weak self] in self?.state.withLock { $0.timers.cancel(id) } }
    }

    /// Moves the time on and runs what falls due, in order of time, on the caller's thread. While a work runs, `now` is
    /// the time it asked for; work that it adds within the same stretch runs too. `advance(by: 0)` runs what is due now.
    public func advance(by milliseconds: Int64) {
        let target = now + max(0, milliseconds)
        while let work = popDue(by: target) { work() }
        state.withLock { $0.now = max($0.now, target) }
    }

    /// When the next work falls due; nil: there is none.
    public var nextDue: Int64? { state.withLock { $0.timers.next() } }

    /// How many works wait for their time.
    public var waitingCount: Int { state.withLock { $0.timers.count } }

    private func popDue(by target: Int64) -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard let due = state.timers.pop(dueAt: target) else { return nil }
            state.now = max(state.now, due.time)
            return due.work
        }
    }
}
