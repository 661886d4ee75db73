import AMQPTransport
import Synchronization

/// The machine's time, in which a check can leap ahead: what waits in a queue for a minute need not be waited for.
final class HastyTime: TimeSource {
    private final class Work: Sendable {
        let time: Int64
        private let work: Mutex<(@Sendable () -> Void)?>

        init(_ time: Int64, _ work: @escaping @Sendable () -> Void) {
            self.time = time
            self.work = Mutex(work)
        }

        /// Once, however often it is called.
        func run() {
            let work = work.withLock { work in
                defer { work = nil }
                return work
            }
            work?()
        }

        func cancel() { work.withLock { $0 = nil } }
    }

    private struct State: Sendable {
        var ahead: Int64 = 0
        var pending: [Int: Work] = [:]
        var count = 0
    }

    private let system = SystemTime()
    private let state = Mutex(State())

    var now: Int64 { system.now + state.withLock(\.ahead) }

    @discardableResult func wake(at time: Int64, _ work: @escaping @Sendable () -> Void) -> TimerHandle {
        let work = Work(time, work)
        let (id, ahead) = state.withLock { state in
            state.count += 1
            state.pending[state.count] = work
            return (state.count, state.ahead)
        }
        ask(id, work, ahead)
        return TimerHandle { [weak self] in
            work.cancel()
            self?.state.withLock { $0.pending[id] = nil }
        }
    }

    /// It is so much later now, in milliseconds.
    func leap(_ milliseconds: Int64) {
        let (pending, ahead) = state.withLock { state in
            state.ahead += milliseconds
            return (state.pending, state.ahead)
        }
        for (id, work) in pending { ask(id, work, ahead) }
    }

    private func ask(_ id: Int, _ work: Work, _ ahead: Int64) {
        system.wake(at: work.time == .max ? .max : work.time - ahead) { [weak self] in
            self?.state.withLock { $0.pending[id] = nil }
            work.run()
        }
    }
}
