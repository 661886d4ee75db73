import AMQPTransport

/// When a broker is woken up next.
struct WakeUp: Sendable {
    fileprivate var time = Int64.max
    fileprivate var timer: TimerHandle?
}

extension Broker {
    /// Has the broker woken up at this time, if that is earlier than before.
    ///
    /// There is one timer at a time. If those of later times stayed, each of them would end with a new one for what is next,
    /// and there would be more and more: a client can bring something that is due earlier as often as it likes.
    func setTimer(_ deadline: Int64?, _ state: inout State) {
        guard let deadline, deadline < state.wakeUp.time else { return }
        state.wakeUp.timer?.cancel()
        state.wakeUp.time = deadline
        state.wakeUp.timer = time.wake(at: deadline) { [weak self] in self?.wake() }
    }

    private func wake() {
        state.withLock { state in
            state.wakeUp.time = .max
            step(.time, &state)
        }
    }
}
