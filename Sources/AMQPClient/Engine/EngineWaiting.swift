import AMQPTransport
import AMQPWire
import Synchronization

// Those who wait for an answer: how they are registered, timed, cancelled.

/// Somebody who waits.
struct Waiter: Sendable {
    /// What for, in words: `queue.declare`.
    var what: String
    var channel: ChannelID?
    /// When the patience is over, and how many milliseconds it was; nil: never.
    var deadline: (time: Int64, milliseconds: Int)?
    /// True for who waits for the closing handshake or the very end.
    var outlivesEnd = false
    /// False for who does not wait for anything that the broker was asked.
    var awaitsAnswer = true
    var resume: @Sendable (Result<Answer, AMQPError>) -> Void
}

/// The engine's appointments with the clock.
struct Timers: Sendable {
    var heartbeat: TimerHandle?
    var close: TimerHandle?
    var deadline: TimerHandle?
    /// The time of `deadline`.
    var nextDeadline: Int64 = .max

    mutating func cancelAll() {
        for handle in [heartbeat, close, deadline] { handle?.cancel() }
        self = Timers()
    }
}

extension ConnectionEngine {
    /// What a caller waits for and how long.
    struct Wait: Sendable {
        var what: String
        var channel: ChannelRecord?
        /// Milliseconds; 0: as long as it takes.
        var timeout = 0
        /// The milliseconds that an error tells of, where ``timeout`` is only what is left of them.
        var allowed: Int?
        var outlivesEnd = false
        var awaitsAnswer = true
    }

    /// Does `begin` and waits for the answer to the waiter it is given, all in one step, so the answer cannot come first.
    nonisolated(nonsending)
        func wait(
            _ wait: Wait, _ begin: (inout State, WaiterID) throws(AMQPError) -> Void
        ) async throws(AMQPError) -> Answer
    {
        let id = WaiterID(number: nextID())
        let outcome: Result<Answer, AMQPError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                step { state in
                    // Inside the lock: a cancellation before this is seen here, one after it finds the waiter.
                    if Task.isCancelled {
                        state.wakeups.append { continuation.resume(returning: .failure(.cancelled(wait.what))) }
                        return
                    }
                    register(id, wait, &state) { continuation.resume(returning: $0) }
                    attempt(id, wait, &state, begin)
                }
            }
        } onCancel: {
            abandon(id, .cancelled(wait.what))
        }
        return try outcome.get()
    }

    func register(
        _ id: WaiterID, _ wait: Wait, _ state: inout State,
        _ resume: @escaping @Sendable (Result<Answer, AMQPError>) -> Void
    ) {
        var waiter = Waiter(
            what: wait.what, channel: wait.channel?.id, outlivesEnd: wait.outlivesEnd,
            awaitsAnswer: wait.awaitsAnswer, resume: resume)
        if wait.timeout > 0 {
            let time = configuration.time.now + Int64(wait.timeout)
            waiter.deadline = (time, wait.allowed ?? wait.timeout)
            arm(time, &state)
        }
        state.waiters[id] = waiter
    }

    private func attempt(
        _ id: WaiterID, _ wait: Wait, _ state: inout State, _ begin: (inout State, WaiterID) throws(AMQPError) -> Void
    ) {
        do throws(AMQPError) {
            if let reason = wait.channel?.reason.withLock({ $0 }) { throw reason }
            try begin(&state, id)
            updateReading(&state)
        } catch {
            state.effects.fail(id, error)
        }
    }

    /// The waiter will not wait any longer. What it asked for is undone as far as that is possible.
    func abandon(_ id: WaiterID, _ error: AMQPError) {
        step { state in
            guard let waiter = state.waiters.removeValue(forKey: id) else { return }
            state.connection.abandon(id, channel: waiter.channel)
            state.gate.removeAll { $0 == id }
            state.wakeups.append { waiter.resume(.failure(error)) }
        }
    }

    func failWaiters(_ error: AMQPError, _ state: inout State, where fits: (Waiter) -> Bool) {
        for (id, waiter) in state.waiters where fits(waiter) {
            state.waiters[id] = nil
            state.wakeups.append { waiter.resume(.failure(error)) }
        }
        state.gate.removeAll { state.waiters[$0] == nil }
    }

    // MARK: Deadlines

    /// One appointment for the earliest deadline. Deadlines come in nearly rising order, so it seldom moves; a timer for
    /// each confirmed publish would cost more than the publish.
    private func arm(_ time: Int64, _ state: inout State) {
        guard time < state.timers.nextDeadline else { return }
        state.timers.deadline?.cancel()
        state.timers.nextDeadline = time
        state.timers.deadline = configuration.time.wake(at: time) { [weak self] in self?.deadlinePassed() }
    }

    private func deadlinePassed() {
        let now = configuration.time.now
        let (late, isReading) = state.withLock { state in
            state.timers.nextDeadline = .max
            let next = state.waiters.values.compactMap { $0.deadline?.time }.filter { $0 > now }.min()
            if let next { arm(next, &state) }
            return (state.waiters.filter { $0.value.deadline.map { $0.time <= now } == true }, state.isReading)
        }
        for (id, waiter) in late {
            var error = AMQPError.timedOut(waiter.what, milliseconds: waiter.deadline?.milliseconds ?? 0)
            if !isReading {
                error.nextStep =
                    "The answer waits behind deliveries that no consumer takes: take them, or set a prefetch with qos."
            }
            abandon(id, error)
        }
    }

    // MARK: Heartbeats

    func startHeartbeats(_ state: inout State) {
        // Between the answer and this, the connection may have ended: the clock is not to be asked for anything more.
        if state.connection.closeReason != nil { return }
        state.heartbeats = HeartbeatMonitor(seconds: state.connection.limits.heartbeat)
        armHeartbeat(&state)
    }

    private func armHeartbeat(_ state: inout State) {
        guard let interval = state.heartbeats?.tickInterval else { return }
        state.timers.heartbeat = configuration.time.wake(at: configuration.time.now + interval) { [weak self] in
            self?.heartbeatTick()
        }
    }

    private func heartbeatTick() {
        let isGone = step { state in
            guard let action = state.heartbeats?.tick(isReading: state.isReading) else { return false }
            switch action {
            case .none: break
            case .beat: state.effects.output.heartbeat()
            case .peerIsGone:
                let seconds = 2 * Int(state.connection.limits.heartbeat)
                state.connection.lost("Nothing was heard from the broker for \(seconds) seconds", &state.effects)
                return true
            }
            armHeartbeat(&state)
            return false
        }
        // Not a clean end: nobody is there to take one.
        if isGone { stream.abort() }
    }

    // MARK: Room to publish

    func openGate(_ state: inout State) {
        for id in state.gate {
            if let waiter = state.waiters.removeValue(forKey: id) {
                state.wakeups.append { waiter.resume(.success(.done)) }
            }
        }
        state.gate = []
    }

    /// A stream that took everything at once does not report that it is drained.
    func openGateIfDrained(_ state: inout State) {
        if !state.gate.isEmpty, hasRoom(state) { openGate(&state) }
    }

    func hasRoom(_ state: State) -> Bool {
        stream.unsent + state.effects.output.count <= configuration.outputHighWaterMark
    }
}
