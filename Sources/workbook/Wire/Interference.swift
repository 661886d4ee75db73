import AMQPWire
import Interceptor
import Synchronization

/// What a check does to the conversation between a program and the broker: confirms that come late, or not at all, and
/// connections that are cut. Everything else goes on as it came.
final class Interference: Hook {
    enum Confirms: Sendable {
        case pass
        /// They wait until ``release()``.
        case hold
        /// The next one is turned into a refusal.
        case refuseOne
    }

    private let state = Mutex((confirms: Confirms.pass, connections: [Interceptor]()))

    func set(_ confirms: Confirms) { state.withLock { $0.confirms = confirms } }

    func joined(_ connection: Interceptor) { state.withLock { $0.connections.append(connection) } }

    /// What was held goes on its way, and what comes from now on too.
    func release() {
        let connections = state.withLock { state in
            state.confirms = .pass
            return state.connections
        }
        for connection in connections { connection.release() }
    }

    /// Ends every connection, as a cable that is pulled out; what was held is lost with it.
    func cut() {
        let connections = state.withLock { state in
            defer { state = (.pass, []) }
            return state.connections
        }
        for connection in connections { connection.cut() }
    }

    func decide(_ piece: WirePiece, _ direction: Direction) -> Verdict {
        state.withLock { state in
            guard state.confirms != .pass, direction == .toClient, let frame = piece.frame, frame.kind == .method,
                case .basicAck(let ack)? = try? Method(frame.payload)
            else { return .pass }
            if state.confirms == .hold { return .hold }
            state.confirms = .pass
            var writer = FrameWriter()
            writer.method(BasicNack(deliveryTag: ack.deliveryTag, multiple: ack.multiple), channel: frame.channel)
            return .replace(writer.octets)
        }
    }
}
