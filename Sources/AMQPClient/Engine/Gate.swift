import AMQPWire
import DataStructures

/// A publish that waits for room.
struct Held: Sendable {
    var channel: ChannelID
    /// Where its caller waits once it is written.
    var place: WaiterID.Place
    /// Writes it, and answers the caller if nothing else is to do so later.
    var write: @Sendable (inout ConnectionEngine.State, WaiterID) throws(AMQPError) -> Void
}

/// The publishes that wait for room, the longest waiting first, whichever channel they are for. Those of a channel that the
/// broker has stopped stand aside, and keep nobody else waiting.
///
/// Each of them comes, goes and leaves at a cost that does not depend on how many others there are.
struct Gate: Sendable {
    private struct Turn: Sendable {
        var number: UInt64
        var channel: ChannelID
    }

    /// One for each that waits, but for stopped channels. Turns of those that have left stay until they come up, or are the
    /// greater part.
    private var turns = Ring<Turn>()
    private var lines: [ChannelID: Line<(number: UInt64, held: Held)>] = [:]
    private var stopped: Set<ChannelID> = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// True if a publish of the channel that came now would overtake nobody.
    func isFree(for channel: ChannelID) -> Bool { isEmpty || turns.isEmpty && lines[channel] == nil }

    mutating func append(_ held: Held, as number: UInt64) {
        lines[held.channel, default: Line()].append((number, held), as: number)
        count += 1
        if !stopped.contains(held.channel) { turns.append(Turn(number: number, channel: held.channel)) }
    }

    /// The next whose channel flows.
    mutating func popFirst(where flows: (ChannelID) -> Bool) -> (number: UInt64, held: Held)? {
        while let turn = turns.popFirst() {
            Steps.take()
            guard lines[turn.channel]?.contains(turn.number) == true, !stopped.contains(turn.channel) else { continue }
            guard flows(turn.channel) else {
                stopped.insert(turn.channel)
                continue
            }
            // Not always the one whose turn it was: once resumed, a channel keeps its order all the same.
            guard let first = lines[turn.channel]?.popFirst() else { continue }
            countOut(turn.channel)
            return first
        }
        return nil
    }

    /// Channels that flow again take part again, behind those that wait now.
    mutating func resume(where flows: (ChannelID) -> Bool) {
        for channel in stopped where flows(channel) {
            stopped.remove(channel)
            for (number, _) in lines[channel]?.elements ?? [] { turns.append(Turn(number: number, channel: channel)) }
        }
    }

    mutating func remove(_ number: UInt64, of channel: ChannelID) {
        guard lines[channel]?.remove(number) != nil else { return }
        countOut(channel)
        if turns.count > 2 * count + 32 {
            turns.removeAll { [lines] in lines[$0.channel]?.contains($0.number) != true }
        }
    }

    /// - Returns: who waited, the longest waiting first.
    mutating func removeAll(of channel: ChannelID) -> [UInt64] {
        guard let line = lines.removeValue(forKey: channel) else { return [] }
        stopped.remove(channel)
        count -= line.count
        if isEmpty { turns.removeAll() }
        return line.elements.map(\.number)
    }

    /// - Returns: who waited.
    mutating func removeAll() -> [UInt64] {
        defer { self = Gate() }
        return lines.values.flatMap { $0.elements.map(\.number) }
    }

    private mutating func countOut(_ channel: ChannelID) {
        count -= 1
        guard lines[channel]?.isEmpty == true else { return }
        lines[channel] = nil
        stopped.remove(channel)
    }
}

extension ConnectionEngine {
    /// Writes a publish in its turn: at once, if there is room and nobody waits for any, or in the step that makes the room.
    /// So who has waited is not overtaken, and is woken once, with its message on its way.
    func enter(_ held: Held, as waiter: WaiterID, _ state: inout State) throws(AMQPError) {
        if try mayPublish(on: held.channel, state) { return try held.write(&state, waiter) }
        state.waiters.move(waiter, to: .gate)
        state.gate.append(held, as: waiter.number)
        // Those before it may all be of channels that are stopped.
        openGate(&state)
    }

    /// Throws where the configuration says not to wait for a broker that takes nothing.
    func mayPublish(on id: ChannelID, _ state: State) throws(AMQPError) -> Bool {
        if let refusal = refusal(state) { throw refusal }
        return state.connection.mayPublish(on: id) && state.gate.isFree(for: id) && hasRoom(state)
    }

    private func refusal(_ state: State) -> AMQPError? {
        guard let reason = state.connection.blockedReason, !configuration.publishWaitsWhileBlocked else { return nil }
        return AMQPError(.blocked, scope: .client, text: "The broker takes no publishes at present: \(reason)")
    }

    /// Writes as many of those that wait as there is room for.
    func openGate(_ state: inout State) {
        guard !state.gate.isEmpty else { return }
        while state.connection.blockedReason == nil, hasRoom(state) {
            let next = state.gate.popFirst { state.connection.mayPublish(on: $0) }
            guard let (number, held) = next else { return }
            let waiter = WaiterID(number: number)
            state.waiters.move(waiter, to: held.place)
            do throws(AMQPError) {
                try held.write(&state, waiter)
            } catch {
                state.effects.fail(waiter, error)
            }
        }
    }

    /// The broker takes publishes again, of a channel or of all.
    func publishingResumed(_ state: inout State) {
        state.gate.resume { state.connection.mayPublish(on: $0) }
        openGate(&state)
    }

    /// The broker takes no publishes: who is not to wait for that hears so.
    func publishingBlocked(_ state: inout State) {
        guard let refusal = refusal(state) else { return }
        for number in state.gate.removeAll() { fail(number, refusal, &state) }
    }

    func closeGate(of channel: ChannelID, _ error: AMQPError, _ state: inout State) {
        for number in state.gate.removeAll(of: channel) { fail(number, error, &state) }
    }

    private func fail(_ number: UInt64, _ error: AMQPError, _ state: inout State) {
        if let waiter = state.waiters.remove(WaiterID(number: number)) { wake(waiter.settle(.failure(error)), &state) }
    }

    func hasRoom(_ state: State) -> Bool {
        stream.unsent + state.effects.output.count <= configuration.outputHighWaterMark
    }

    /// Publishes in its turn, and returns once the message is written.
    /// - Parameters:
    ///   - timeout: milliseconds that it may wait for room; 0: as long as it takes.
    ///   - isAwaited: a call waits for what becomes of it.
    ///   - confirmed: called with what becomes of it, under the lock, if the channel has confirms.
    nonisolated(nonsending)
        func publishInTurn(
            _ method: BasicPublish, _ message: Message, on record: ChannelRecord, timeout: Int = 0,
            isAwaited: Bool = true, confirmed: (@Sendable (Result<Answer, AMQPError>) -> Wakeup?)? = nil
        ) async throws(AMQPError)
    {
        // Almost always: without a waiter.
        if try publish(method, message, on: record, isAwaited: isAwaited, confirmed: confirmed) { return }
        let held = Held(channel: record.id, place: .gate) { [self] state, waiter throws(AMQPError) in
            try write(method, message, on: record, isAwaited: isAwaited, confirmed: confirmed, &state)
            state.effects.answer(waiter, .done)
        }
        try await wait(.room(on: record, timeout), held)
    }

    /// Waits until a publish would find room.
    nonisolated(nonsending)
        func waitForRoom(on record: ChannelRecord) async throws(AMQPError)
    {
        try await wait(.room(on: record), Held(channel: record.id, place: .gate) { $0.effects.answer($1, .done) })
    }

    nonisolated(nonsending)
        private func wait(_ wait: Wait, _ held: Held) async throws(AMQPError)
    {
        _ = try await self.wait(wait) { state, waiter throws(AMQPError) in try enter(held, as: waiter, &state) }
    }
}

extension ConnectionEngine.Wait {
    static func room(on record: ChannelRecord, _ timeout: Int = 0) -> Self {
        Self(what: Self.room, place: .gate, channel: record, timeout: timeout)
    }

    /// What those at the gate wait for.
    static let room = "room to publish"
}
