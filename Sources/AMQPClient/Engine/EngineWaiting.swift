import AMQPTransport
import AMQPWire
import Synchronization

// Those who wait for an answer: how they are registered, timed, cancelled. Who they are is in `Waiters`.

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
        var place = WaiterID.Place.connection
        var channel: ChannelRecord?
        /// Milliseconds; 0: as long as it takes.
        var timeout = 0
        /// The milliseconds that an error tells of, where ``timeout`` is only what is left of them.
        var allowed: Int?
        var outlivesEnd = false
        var awaitsAnswer = true
        /// What ends things, and a publish to be confirmed, is done in a cancelled task too: only the wait is skipped.
        var beginsCancelled = false
        /// The time is over already: what is not answered at once is not waited for.
        var isOver = false
        /// It looks for what nobody has heard. That its channel has ended meanwhile is answered, and has not been told by that.
        var isFarewell = false
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
                    let isCancelled = Task.isCancelled
                    if isCancelled, !wait.beginsCancelled {
                        state.wakeups.append { continuation.resume(returning: .failure(.cancelled(wait.what))) }
                        return
                    }
                    register(id, wait, &state) { outcome in { continuation.resume(returning: outcome) } }
                    attempt(id, wait, &state, begin)
                    if isCancelled {
                        abandonOnceBegun(id, &state) { _, _ in .cancelled(wait.what) }
                    } else if wait.isOver {
                        abandonOnceBegun(id, &state, timedOut)
                    }
                }
            }
        } onCancel: {
            abandon(id, .cancelled(wait.what))
        }
        return try outcome.get()
    }

    /// Does what ends something, whether or not the task is cancelled; a cancellation only skips the wait.
    nonisolated(nonsending)
        func waitUnlessCancelled(
            _ wait: Wait, _ begin: (inout State, WaiterID) throws(AMQPError) -> Void
        ) async throws(AMQPError)
    {
        var wait = wait
        wait.beginsCancelled = true
        do throws(AMQPError) {
            _ = try await self.wait(wait, begin)
        } catch {
            if error.kind != .cancelled { throw error }
        }
    }

    func register(
        _ id: WaiterID, _ wait: Wait, _ state: inout State,
        _ settle: @escaping @Sendable (Result<Answer, AMQPError>) -> Wakeup?
    ) {
        var waiter = Waiter(
            what: wait.what, place: wait.place, channel: wait.channel?.id, outlivesEnd: wait.outlivesEnd,
            awaitsAnswer: wait.awaitsAnswer, settle: settle)
        if wait.timeout > 0 {
            waiter.deadline = (configuration.time.now + Int64(wait.timeout), wait.allowed ?? wait.timeout)
        }
        state.waiters.add(id, waiter)
        arm(&state)
    }

    private func attempt(
        _ id: WaiterID, _ wait: Wait, _ state: inout State, _ begin: (inout State, WaiterID) throws(AMQPError) -> Void
    ) {
        do throws(AMQPError) {
            if let channel = wait.channel {
                if wait.isFarewell, channel.reason != nil { return state.effects.answer(id, .done) }
                try channel.expectOpen()
            }
            try begin(&state, id)
            updateReading(&state)
        } catch {
            state.effects.fail(id, error)
        }
    }

    /// The waiter will not wait any longer. What it asked for is undone as far as that is possible.
    private func abandon(_ id: WaiterID, _ error: AMQPError) {
        step { state in
            if let waiter = state.waiters.remove(id) { abandon(id, waiter, error, &state) }
        }
    }

    private func abandon(_ id: WaiterID, _ waiter: Waiter, _ error: AMQPError, _ state: inout State) {
        var error = error
        if waiter.place == .gate, let channel = waiter.channel {
            state.gate.remove(id.number, of: channel)
            // Whatever else it would have waited for: its message has not left.
            if error.kind == .cancelled { error = .cancelled(Wait.room) }
        }
        state.connection.abandon(id, at: waiter.place, channel: waiter.channel, &state.effects)
        if waiter.place == .end { armClose(after: error.kind == .timedOut ? 0 : patienceWithCloses, &state) }
        wake(waiter.settle(.failure(ours(error))), &state)
    }

    /// For a task that was cancelled before it began, or whose time was over. What is answered already in this step stays
    /// answered.
    private func abandonOnceBegun(_ id: WaiterID, _ state: inout State, _ error: (Waiter, State) -> AMQPError) {
        carryOut(&state)
        if let waiter = state.waiters.remove(id) { abandon(id, waiter, error(waiter, state), &state) }
    }

    func failWaiters(_ error: AMQPError, _ state: inout State, where fits: (Waiter) -> Bool) {
        for waiter in state.waiters.removeAll(where: fits) { wake(waiter.settle(.failure(error)), &state) }
    }

    // MARK: Deadlines

    /// The most deadlines that are looked at in one turn of the clock, which other connections' heartbeats wait for.
    static let deadlinesAtOnce = 256

    /// One appointment for the earliest deadline. Deadlines come in nearly rising order, so it seldom moves; a timer for
    /// each confirmed publish would cost more than the publish.
    private func arm(_ state: inout State) {
        // Whoever asks after the very end is answered at once; deadlines of those who were answered may still stand there.
        guard !state.hangsUp, let time = state.waiters.nextDeadline, time < state.timers.nextDeadline else { return }
        state.timers.deadline?.cancel()
        state.timers.nextDeadline = time
        state.timers.deadline = configuration.time.wake(at: time) { [weak self] in self?.deadlinePassed() }
    }

    private func deadlinePassed() {
        let now = configuration.time.now
        step { state in
            state.timers.nextDeadline = .max
            for (id, waiter) in state.waiters.removeOverdue(at: now, limit: Self.deadlinesAtOnce) {
                abandon(id, waiter, timedOut(waiter, state), &state)
            }
            arm(&state)
        }
    }

    private func timedOut(_ waiter: Waiter, _ state: State) -> AMQPError {
        let milliseconds = waiter.deadline?.milliseconds ?? 0
        var error = AMQPError.timedOut(waiter.what, milliseconds: milliseconds)
        if waiter.place == .gate {
            error.text = "There was no room to publish within \(milliseconds) ms, so the message was not sent"
        }
        if let reason = state.connection.blockedReason {
            error.text += "; meanwhile the broker takes no publishes: \(reason)"
            error.nextStep =
                "Wait until the broker has memory and disk space again (ConnectionEvent.unblocked), then try again."
        } else if !state.isReading {
            error.nextStep =
                "The answer waits behind deliveries that no consumer takes: take them, or set a prefetch with qos."
        }
        return error
    }

    // MARK: Heartbeats

    func startHeartbeats(_ state: inout State) {
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
}
