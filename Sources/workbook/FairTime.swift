import Synchronization

/// How long a program has had to do something.
///
/// What the machine gave to others while the program wanted to run does not count: on a busy machine it gets as long as on
/// an idle one, and nobody takes one that is kept waiting for one that waits.
final class FairTime: Sendable {
    /// What there is to know at a moment.
    struct Look: Sendable {
        /// When something passed last, by any clock.
        var lastEvent: Int64?
        /// For how long the machine has kept the programs waiting, in all.
        var withheld: Duration
    }

    private struct State: Sendable {
        var now = Duration.zero
        var quietSince = Duration.zero
        var longestGap = Duration.zero
        var lost = Duration.zero
        var last = Look(withheld: .zero)
    }

    private static let step = Duration.milliseconds(50)
    private let state = Mutex(State())

    var now: Duration { state.withLock(\.now) }
    /// For so long nothing has passed.
    var quietFor: Duration { state.withLock { $0.now - $0.quietSince } }
    /// The longest time between one thing that passed and the next.
    var longestGap: Duration { state.withLock(\.longestGap) }
    /// What did not count.
    var lost: Duration { state.withLock(\.lost) }

    /// Goes on until there is nothing to look at any more.
    func follow(_ look: @escaping @Sendable () -> Look?) {
        Task { [weak self] in
            var before = ContinuousClock.now
            while true {
                try? await Task.sleep(for: Self.step)
                guard let self, let seen = look() else { return }
                let now = ContinuousClock.now
                add(now - before, seen)
                before = now
            }
        }
    }

    /// So much time has passed since the last look.
    func add(_ elapsed: Duration, _ seen: Look) {
        state.withLock { state in
            // Who wakes up late was kept waiting, and so were the broker and the other role, which are in this process: what
            // lies between a blow and the program's word about it goes through many hands, and each comes as late as this
            // one. So the later it is, the less of the time counts.
            let had = Self.step * min(1, Self.step / elapsed) - max(.zero, seen.withheld - state.last.withheld)
            state.now += max(.zero, had)
            state.lost += elapsed - max(.zero, had)
            if seen.lastEvent != state.last.lastEvent {
                if state.last.lastEvent != nil {
                    state.longestGap = max(state.longestGap, state.now - state.quietSince)
                }
                state.quietSince = state.now
            }
            state.last = seen
        }
    }
}

/// For how long the processes of a group have been ready to run, and waited for a processor.
final class Withheld: Sendable {
    private struct State: Sendable {
        var members: [Int32] = []
        var looks = 0
        var known: SchedulerWaits.ByThread = [:]
        /// In nanoseconds.
        var total: UInt64 = 0
    }

    private let group: Int32
    private let state = Mutex(State())

    init(group: Int32) { self.group = group }

    var total: Duration {
        state.withLock { state in
            // Programs seldom start others, and to look for them takes long.
            if state.looks % 10 == 0 { state.members = SchedulerWaits.members(of: [group]) }
            state.looks += 1
            for (thread, waited) in SchedulerWaits.threads(of: state.members) {
                state.total += waited - min(waited, state.known[thread] ?? 0)
                state.known[thread] = waited
            }
            return .nanoseconds(Int64(clamping: state.total))
        }
    }
}
