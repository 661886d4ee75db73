import AMQPTransport
import AMQPWire
import Interceptor
import Synchronization

/// What a check does to the conversation between a program and the broker: confirms that come late, together, or not at
/// all, publishes that are held up, and connections that are cut. Everything else goes on as it came.
final class Interference: Sendable {
    enum Mode: Sendable {
        case pass
        /// Confirms wait until ``release()``, which makes one of all that wait.
        case holdConfirms
        /// The next confirm is turned into a refusal.
        case refuseOne
        /// From the first publish on nothing reaches the broker until ``release()``.
        case holdPublishes
    }

    private struct State: Sendable {
        var mode = Mode.pass
        var forgetsHeartbeats = false
        var lines: [(run: Int, line: Line, connection: Interceptor)] = []
    }

    private let state = Mutex(State())

    func set(_ mode: Mode) { state.withLock { $0.mode = mode } }

    /// For a broker whose time leaps: a client must not seem to have been silent for as long.
    func forgetHeartbeats() { state.withLock { $0.forgetsHeartbeats = true } }

    /// Puts itself between a connection and the broker.
    func join(_ stream: any ByteStream, of run: Int) -> Interceptor {
        let line = Line(self)
        let connection = Interceptor(stream, line)
        state.withLock { $0.lines.append((run, line, connection)) }
        return connection
    }

    /// What was held goes on its way, and what comes from now on too.
    func release() {
        let lines = state.withLock { state in
            state.mode = .pass
            return state.lines
        }
        for (_, line, connection) in lines {
            let confirms = line.takeConfirms()
            if !confirms.isEmpty { connection.carryOut(confirms) }
            connection.release()
        }
    }

    /// A sign of life for every client, where the broker gives none because heartbeats are forgotten.
    func beat() {
        let heartbeat = [Step.send([8, 0, 0, 0, 0, 0, 0, 0xCE], .toClient)]
        for (_, _, connection) in state.withLock(\.lines) { connection.carryOut(heartbeat) }
    }

    /// Ends every connection, as a cable that is pulled out; what was held is lost with it.
    func cut() {
        let lines = state.withLock { state in
            defer { (state.mode, state.lines) = (.pass, []) }
            return state.lines
        }
        for (_, _, connection) in lines { connection.cut() }
    }

    /// Ends the connections of one program.
    func cut(run: Int) {
        for line in state.withLock(\.lines) where line.run == run { line.connection.cut() }
    }

    /// Lets go of all connections.
    func end() { state.withLock { $0.lines = [] } }

    fileprivate var mode: Mode { state.withLock(\.mode) }
    fileprivate var forgetsHeartbeats: Bool { state.withLock(\.forgetsHeartbeats) }
    /// Whether the next confirm is the one to be refused.
    fileprivate func takeRefusal() -> Bool {
        state.withLock { state in
            guard state.mode == .refuseOne else { return false }
            state.mode = .pass
            return true
        }
    }
}

/// One connection of a program.
private final class Line: Hook {
    private struct State: Sendable {
        /// By channel, the confirms that are held back.
        var confirms: [UInt16: (tag: UInt64, count: Int)] = [:]
        var isHolding = false
    }

    private let interference: Interference
    private let state = Mutex(State())

    init(_ interference: Interference) { self.interference = interference }

    func decide(_ piece: WirePiece, _ direction: Direction) -> Verdict {
        let mode = interference.mode
        if direction == .toBroker, mode == .holdPublishes, state.withLock(\.isHolding) { return .hold }
        guard let frame = piece.frame, frame.kind == .method else { return .pass }
        // Most of what passes is not touched, and needs no reading.
        guard mode != .pass || interference.forgetsHeartbeats, let method = try? Method(frame.payload) else {
            return .pass
        }
        switch (direction, method) {
        case (.toBroker, .connectionTuneOk(var tuned)) where interference.forgetsHeartbeats:
            tuned.heartbeat = 0
            return .replace(octets(tuned, frame.channel))
        case (.toBroker, .basicPublish) where mode == .holdPublishes:
            state.withLock { $0.isHolding = true }
            return .hold
        case (.toClient, .basicAck(let ack)) where mode == .holdConfirms:
            state.withLock { state in
                let before = state.confirms[frame.channel] ?? (0, 0)
                state.confirms[frame.channel] = (
                    max(before.tag, ack.deliveryTag), before.count + (ack.multiple ? 2 : 1)
                )
            }
            return .drop
        case (.toClient, .basicAck(let ack)) where interference.takeRefusal():
            return .replace(
                octets(BasicNack(deliveryTag: ack.deliveryTag, multiple: ack.multiple), frame.channel))
        default: return .pass
        }
    }

    private func octets(_ method: some MethodFields, _ channel: UInt16) -> [UInt8] {
        var writer = FrameWriter()
        writer.method(method, channel: channel)
        return writer.octets
    }

    /// One confirm for all that were held on a channel.
    func takeConfirms() -> [Step] {
        let confirms = state.withLock { state in
            defer { state = State() }
            return state.confirms
        }
        return confirms.map { channel, held in
            .send(octets(BasicAck(deliveryTag: held.tag, multiple: held.count > 1), channel), .toClient)
        }
    }
}
