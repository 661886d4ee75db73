import Dispatch
import Synchronization

/// The machine's time. Work runs on a private serial queue, so hop from there when it takes long.
public final class SystemTime: TimeSource {
    private struct State: Sendable {
        var timers = TimerQueue()
        /// The earliest time for which the queue has been asked to come back.
        var armed: Int64 = .max
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "AMQPTransport.SystemTime")
    private let wallAtStart: Int64
    private let monotonicAtStart: UInt64

    public init() {
        wallAtStart = Socket.wallClockMilliseconds()
        monotonicAtStart = DispatchTime.now().uptimeNanoseconds
    }

    public var now: Int64 {
        wallAtStart + Int64((DispatchTime.now().uptimeNanoseconds - monotonicAtStart) / 1_000_000)
    }

    @discardableResult
    public func wake(at time: Int64, _ work: @escaping @Sendable () -> Void) -> TimerHandle {
        let id = state.withLock { state in
            let id = state.timers.add(at: time, work)
            arm(&state)
            return id
        }
        return TimerHandle { [weak self] in self?.state.withLock { $0.timers.cancel(id) } }
    }

    /// One appointment with Dispatch for the earliest work only: thousands of pending timers cost a heap entry each.
    private func arm(_ state: inout State) {
        guard let next = state.timers.next(), next < state.armed else { return }
        state.armed = next
        // A day at most, then look again: no sum of ours can overflow, however far away the time asked for is.
        let now = self.now
        let delay = next <= now ? 0 : Int(min(next - now, 86_400_000))
        queue.asyncAfter(deadline: .now() + .milliseconds(delay)) { [weak self] in self?.runDue() }
    }

    private func runDue() {
        let now = self.now
        while let due = state.withLock({ $0.timers.pop(dueAt: now) }) { due.work() }
        state.withLock { state in
            state.armed = .max
            arm(&state)
        }
    }
}
