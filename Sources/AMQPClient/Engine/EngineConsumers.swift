import AMQPWire
import Synchronization

// Deliveries on their way to consumers, and how many of them may wait.

/// What the engine knows of a channel that is open.
final class ChannelRecord: Sendable {
    let id: ChannelID
    /// Why it is closed, nil while it is open; and whether a caller has heard so.
    private let end = Mutex<(reason: AMQPError?, isTold: Bool)>((nil, false))
    private let listeners = Mutex(Listeners<ReturnedMessage>())
    private let unheard: Unheard

    /// - Parameter unheard: the connection's.
    init(_ id: ChannelID, _ unheard: Unheard) {
        self.id = id
        self.unheard = unheard
    }

    var reason: AMQPError? { end.withLock { $0.reason } }

    /// Called under the engine's lock.
    func ended(_ reason: AMQPError, isTold: Bool) {
        let isTold = end.withLock { end in
            end = (reason, isTold || end.isTold)
            return end.isTold
        }
        if isTold { unheard.markEndHeard(on: id) }
    }

    /// A caller hears this of a publish that no call has waited for.
    func markHeard(_ number: UInt64, _ error: AMQPError) {
        unheard.markHeard(number, on: id)
        // The end of the channel, which all of its publishes have in common.
        if error.scope != .client { markEndHeard() }
    }

    private func markEndHeard() {
        let isFirst = end.withLock { end in
            defer { end.isTold = true }
            return !end.isTold
        }
        if isFirst { unheard.markEndHeard(on: id) }
    }

    /// See ``Unheard/add(_:on:)``. Who closes before the answer has come has chosen not to hear it: 0 is nobody's number.
    func add(_ error: AMQPError) -> UInt64 { error.kind == .closedByClient ? 0 : unheard.add(error, on: id) }

    func forget(_ number: UInt64) { unheard.forget(number, on: id) }

    /// Throws why it is closed, if it is.
    func expectOpen() throws(AMQPError) {
        guard let reason else { return }
        markEndHeard()
        throw reason
    }

    /// Why it was closed, for who closes it after that: nil when this side did, or a caller has heard it.
    func untoldReason() -> AMQPError? {
        let reason = end.withLock { end -> AMQPError? in
            guard !end.isTold, end.reason?.kind != .closedByClient else { return nil }
            return end.reason
        }
        if reason != nil { markEndHeard() }
        return reason
    }

    /// Who hears of messages that come back.
    var returns: [Mailbox<ReturnedMessage>] { listeners.withLock { $0.mailboxes } }

    func addReturns(_ mailbox: Mailbox<ReturnedMessage>) -> UInt64 { listeners.withLock { $0.add(mailbox) } }

    func removeReturns(_ number: UInt64) { listeners.withLock { $0.remove(number) } }
}

/// A consumer's deliveries on this side.
struct ConsumerMailbox: Sendable {
    var mailbox: Mailbox<RawDelivery>
    var channel: ChannelID
    var noAck: Bool
    /// A graceful stop does not end it, and does not wait for it: it brings the answers to questions.
    var outlivesStop = false
    var tag: ShortString = ""
    /// No more deliveries come.
    var hasEnded = false
    var loops: LoopCount

    /// There are deliveries in hand, or there may be.
    var isAtWork: Bool { !outlivesStop && !(hasEnded && loops.isZero) }
}

extension ConnectionEngine {
    func consumerStarted(_ consumer: ConsumerID, _ tag: ShortString, _ state: inout State) {
        state.mailboxes[consumer]?.tag = tag
        if state.stopsConsumers, let entry = state.mailboxes[consumer], !entry.outlivesStop {
            stop(consumer, entry, &state)
        }
    }

    func deliver(_ delivery: RawDelivery, to consumer: ConsumerID, _ state: inout State) {
        guard let entry = state.mailboxes[consumer] else { return }
        buffered.add(delivery.cost, ordering: .sequentiallyConsistent)
        wake(entry.mailbox.put(delivery), &state)
    }

    /// A consumer took a delivery out of its mailbox.
    func taken(_ cost: Int) {
        let left = buffered.subtract(cost, ordering: .sequentiallyConsistent).newValue
        // Only now and then is there anything to do, so the lock is left alone.
        if left <= configuration.deliveryBufferLimit / 2, isPaused.load(ordering: .sequentiallyConsistent) {
            step { updateReading(&$0) }
        }
    }

    func endConsumer(_ consumer: ConsumerID, _ error: AMQPError?, _ state: inout State) {
        guard let entry = state.mailboxes[consumer] else { return }
        // After a close, what waits cannot be acknowledged any more and comes again; handing it out would only double it.
        let isChannelGone = error.map { $0.scope != .client } ?? false
        let drops = isChannelGone && !entry.noAck
        if drops { release(entry.mailbox.drain()) }
        wake(entry.mailbox.finish(error), &state)
        if isChannelGone { state.mailboxes[consumer] = nil } else { state.mailboxes[consumer]?.hasEnded = true }
    }

    /// Nobody will take this consumer's deliveries any more.
    func leave(_ consumer: ConsumerID, _ mailbox: Mailbox<RawDelivery>) {
        step { leave(consumer, mailbox, &$0) }
    }

    func leave(_ consumer: ConsumerID, _ mailbox: Mailbox<RawDelivery>, _ state: inout State) {
        wake(mailbox.finish(nil), &state)
        let left = mailbox.drain()
        release(left)
        updateReading(&state)
        // Gone already when the channel is.
        guard let entry = state.mailboxes.removeValue(forKey: consumer) else { return }
        state.connection.leave(
            consumer, tag: entry.tag, on: entry.channel, noAck: entry.noAck,
            unhandled: entry.noAck ? [] : left.filter { !$0.isOfStream }.map(\.deliveryTag), &state.effects)
    }

    private func release(_ deliveries: [RawDelivery]) {
        buffered.subtract(deliveries.reduce(0) { $0 + $1.cost }, ordering: .sequentiallyConsistent)
    }

    /// Stops reading while too much waits for consumers, and resumes at half of that.
    ///
    /// Answers wait unread behind the deliveries. So while somebody waits for one, reading goes on, up to eight times
    /// the limit: else a consumer that asks the broker something inside its own loop would wait for itself.
    func updateReading(_ state: inout State) {
        let limit = configuration.deliveryBufferLimit
        let isAwaited = state.connection.phase != .open || state.waiters.awaitingAnswer > 0
        let needed = isAwaited ? 8 : 1
        func wanted() -> Bool {
            let waiting = buffered.load(ordering: .sequentiallyConsistent)
            return waiting <= (state.isReading ? limit : limit / 2) * needed
        }
        if state.isReading, !wanted() {
            state.isReading = false
            isPaused.store(true, ordering: .sequentiallyConsistent)
            // A consumer may have taken the last one before it could see that there is a pause.
        }
        if !state.isReading, wanted() {
            state.isReading = true
            isPaused.store(false, ordering: .sequentiallyConsistent)
        }
        if state.isReading != state.streamReads {
            state.streamReads = state.isReading
            stream.setReading(state.isReading)
        }
    }
}

extension ConnectionState {
    func giveBack(_ tag: UInt64, on id: ChannelID, _ effects: inout Effects) {
        if hasChannel(id) { channels[id.number]?.giveBack([tag], &effects) }
    }

    mutating func leave(
        _ consumer: ConsumerID, tag: ShortString, on id: ChannelID, noAck: Bool, unhandled: [UInt64],
        _ effects: inout Effects
    ) {
        guard channels[id.number]?.id == id, channels[id.number]?.phase == .open else { return }
        channels[id.number]?.leave(consumer, tag: tag, noAck: noAck, unhandled: unhandled, &effects)
    }
}
