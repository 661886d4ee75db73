import AMQPTransport
import AMQPWire
import Synchronization

/// What keeps a ``ConnectionState`` running: the stream, the callers that wait, the clock.
///
/// One lock guards it all, and one step under it does all that belongs together: it numbers a publish and appends its
/// octets, or registers who waits and appends the request, so no answer can come before somebody waits for it, and no
/// two tasks can get between each other's frames. An actor would give the same order, but each publish would pay for a
/// hop to it, and a reply could find the actor busy.
final class ConnectionEngine: Sendable {
    struct State: Sendable {
        var connection: ConnectionState
        var effects = Effects()
        var waiters = Waiters()
        /// Those of the waiters that wait for room to publish.
        var gate = Gate()
        var mailboxes: [ConsumerID: ConsumerMailbox] = [:]
        var channels: [ChannelID: ChannelRecord] = [:]
        var events = Listeners<ConnectionEvent>()
        var heartbeats: HeartbeatMonitor?
        var timers = Timers()
        /// Somebody is sending; what is written meanwhile goes with the next round.
        var isSending = false
        /// A task is on its way that will send what the last sender left.
        var isRelayed = false
        /// The buffer of the last round, for the next.
        var spare = FrameWriter()
        var hangsUp = false
        /// The session is to end: no consumer is to be begun.
        var stopsConsumers = false
        var isReading = true
        /// What the stream was last told about reading.
        var streamReads = true
        var wakeups: [Wakeup] = []
    }

    let configuration: ConnectionConfiguration
    /// Unlike that of any other of this process.
    let number = ConnectionEngine.lastNumber.add(1, ordering: .relaxed).newValue
    let stream: any ByteStream
    let state: Mutex<State>
    /// What the broker has said of publishes, and no call has told.
    let unheard = Unheard()
    /// What the deliveries in all mailboxes take of `deliveryBufferLimit`. Outside the lock: every delivery taken changes it.
    let buffered = Atomic<Int>(0)
    /// A copy of `!isReading` for a look without the lock.
    let isPaused = Atomic<Bool>(false)
    private let lastID = Atomic<UInt64>(0)
    private static let lastNumber = Atomic<UInt64>(0)

    init(_ stream: any ByteStream, _ configuration: ConnectionConfiguration) {
        self.stream = stream
        self.configuration = configuration
        var state = State(connection: ConnectionState(configuration))
        state.effects.countsConfirms = configuration.hooks.counting != nil
        self.state = Mutex(state)
    }

    func nextID() -> UInt64 { lastID.add(1, ordering: .relaxed).newValue }

    /// One step: `body` under the lock, then what came of it: octets to the stream, waiters woken.
    func step<Value: Sendable, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var wakeups: [Wakeup] = []
        var round = Round.nothing
        // The lock is let go of before anything is sent or anybody woken: both could take a while, and the woken would
        // only run into the lock.
        defer {
            send(&round)
            for wakeup in wakeups { wakeup() }
        }
        return try state.withLock { state throws(Failure) in
            defer {
                self.carryOut(&state)
                if !state.isSending { round = nextRound(&state, empty: nil) }
                // Last: who has waited for room is woken too.
                swap(&wakeups, &state.wakeups)
            }
            return try body(&state)
        }
    }

    // MARK: Sending

    private enum Round {
        case nothing
        case octets(FrameWriter)
        case hangUp
        /// There is more, for somebody else to send.
        case relay
    }

    /// How many rounds a caller sends for others after its own.
    static let roundsForOthers = 1

    /// Takes what is written and leaves `empty` to write on.
    private func nextRound(_ state: inout State, empty: FrameWriter?, isLast: Bool = false) -> Round {
        // A stream that took everything at once does not report that it is drained.
        if state.effects.output.isEmpty, !state.gate.isEmpty {
            openGate(&state)
            carryOut(&state)
        }
        guard !state.effects.output.isEmpty else {
            if let empty { state.spare = empty }
            state.isSending = false
            return state.hangsUp ? .hangUp : .nothing
        }
        if isLast {
            if let empty { state.spare = empty }
            state.isSending = false
            if state.isRelayed { return .nothing }
            state.isRelayed = true
            return .relay
        }
        var batch = FrameWriter()
        if let empty { batch = empty } else { swap(&state.spare, &batch) }
        swap(&state.effects.output, &batch)
        state.isSending = true
        state.heartbeats?.sent()
        return .octets(batch)
    }

    /// Sends what is written. One task at a time does this, for all: a task that writes meanwhile goes on at once, and its
    /// octets go out in the next round together with others', which under load makes one write of many publishes.
    ///
    /// Nobody does it for long: after its own round and one for others a caller leaves the rest to the next caller, or to
    /// a task that is started for it, whichever comes first. All octets are in one buffer, so the order stays.
    private func send(_ round: inout Round) {
        var roundsLeft = 1 + Self.roundsForOthers
        while case .octets(var batch) = round {
            round = .nothing
            roundsLeft -= 1
            stream.send(batch.octets.span.bytes)
            // The memory of a huge message is given back, that of ordinary ones is used again.
            if batch.count > 1 << 20 { batch = FrameWriter() } else { batch.removeAll() }
            var wakeups: [Wakeup] = []
            round = state.withLock { state in
                let round = nextRound(&state, empty: batch, isLast: roundsLeft == 0)
                swap(&wakeups, &state.wakeups)
                return round
            }
            for wakeup in wakeups { wakeup() }
        }
        if case .relay = round { Task.detached { self.step { $0.isRelayed = false } } }
        if case .hangUp = round { stream.close() }
    }

    // MARK: Effects

    func carryOut(_ state: inout State) {
        guard !state.effects.events.isEmpty else { return }
        var events: [Effects.Event] = []
        // One may cause others: who has waited for room is answered.
        while !state.effects.events.isEmpty {
            swap(&events, &state.effects.events)
            for event in events { carryOut(event, &state) }
            events.removeAll(keepingCapacity: true)
        }
        swap(&events, &state.effects.events)
        updateReading(&state)
    }

    private func carryOut(_ event: Effects.Event, _ state: inout State) {
        switch event {
        case .answer(let id, let outcome):
            if let waiter = state.waiters.remove(id) { wake(waiter.settle(outcome.mapError(ours)), &state) }
        case .consumerStarted(let consumer, let tag): consumerStarted(consumer, tag, &state)
        case .deliver(let consumer, let delivery): deliver(delivery, to: consumer, &state)
        case .consumerEnded(let consumer, let error): endConsumer(consumer, error.map(ours), &state)
        case .returned(let channel, let message):
            count(.returned, &state)
            for mailbox in state.channels[channel]?.returns ?? [] { wake(mailbox.put(message), &state) }
        case .confirmed(let count, let isTaken): self.count(isTaken ? .confirmed(count) : .nacked(count), &state)
        case .channelEnded(let channel, let error, let isTold):
            endChannel(channel, ours(error), isTold: isTold, &state)
        case .unheard(let channel, let error):
            if let record = state.channels[channel], !isHeard(error, record) {
                unheard.addForgotten(error, on: channel)
            }
        case .blocked(let reason):
            publish(.blocked(reason: reason), &state)
            publishingBlocked(&state)
        case .unblocked: publish(.unblocked, &state)
        case .publishingResumed: publishingResumed(&state)
        case .ended(let error): end(ours(error), &state)
        case .hangUp:
            state.hangsUp = true
            state.timers.cancelAll()
        }
    }

    /// Marked as one of this connection: for those who have several.
    func ours(_ error: AMQPError) -> AMQPError {
        var error = error
        error.origin = AMQPError.Origin(self)
        return error
    }

    func wake(_ wakeup: Wakeup?, _ state: inout State) {
        if let wakeup { state.wakeups.append(wakeup) }
    }

    private func publish(_ event: ConnectionEvent, _ state: inout State) {
        for mailbox in state.events.mailboxes { wake(mailbox.put(event), &state) }
    }

    private func endChannel(_ id: ChannelID, _ error: AMQPError, isTold: Bool, _ state: inout State) {
        guard let record = state.channels.removeValue(forKey: id) else { return }
        record.ended(error, isTold: isTold)
        for mailbox in record.returns { wake(mailbox.finish(error), &state) }
        // Everybody else on the channel is answered by its state machine.
        closeGate(of: id, error, &state)
    }

    private func end(_ error: AMQPError, _ state: inout State) {
        failWaiters(error, &state) { !$0.outlivesEnd }
        publish(.closed(error), &state)
        for mailbox in state.events.mailboxes { wake(mailbox.finish(nil), &state) }
        state.events = Listeners()
        state.heartbeats = nil
        armClose(after: patienceWithCloses, &state)
    }

    /// Milliseconds after which a close that nobody waits for goes without its answer.
    var patienceWithCloses: Int {
        configuration.rpcMilliseconds == 0 ? 5_000 : min(5_000, configuration.rpcMilliseconds)
    }

    /// A close that is not answered must not keep the stream open. As long as somebody waits for the answer, it is up to
    /// them how long.
    func armClose(after patience: Int, _ state: inout State) {
        guard state.connection.phase == .closing, state.connection.closers.isEmpty, state.timers.close == nil else {
            return
        }
        state.timers.close = configuration.time.wake(at: configuration.time.now + Int64(patience)) { [weak self] in
            self?.giveUpClosing()
        }
    }

    private func giveUpClosing() {
        let isOver = step { state in
            state.timers.close = nil
            guard state.connection.closers.isEmpty else { return false }
            state.connection.giveUp(&state.effects)
            return true
        }
        if isOver { stream.abort() }
    }
}

extension ConnectionEngine: ByteStreamReceiver {
    func streamReceived(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { octets in
            step { state in
                state.heartbeats?.heard()
                state.connection.received(octets, &state.effects)
                // Here, not in the task that opens the connection: on a busy machine that may be long in coming.
                if state.heartbeats == nil, state.connection.phase == .open { startHeartbeats(&state) }
            }
        }
    }

    func streamDrained() { step { openGate(&$0) } }

    func streamEnded(_ end: StreamEnd) {
        step { $0.connection.streamEnded(end, &$0.effects) }
    }
}
