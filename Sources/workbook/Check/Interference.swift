import AMQPTransport
import AMQPWire
import Synchronization

/// What a check does to the conversation between a program and the broker: confirms that come late, or not at all, and
/// connections that are cut. Everything else goes on as it came.
final class Interference: Sendable {
    enum Confirms: Sendable {
        case pass
        /// They wait until ``release()``.
        case hold
        /// The next one is turned into a refusal.
        case refuseOne
    }

    private struct State: Sendable {
        var confirms = Confirms.pass
        var held: [@Sendable () -> Void] = []
        var streams: [any ByteStream] = []
    }

    private let state = Mutex(State())

    func set(_ confirms: Confirms) { state.withLock { $0.confirms = confirms } }

    func joined(_ stream: any ByteStream) { state.withLock { $0.streams.append(stream) } }

    /// What was held goes on its way, and what comes from now on too.
    func release() {
        let held = state.withLock { state in
            defer { (state.held, state.confirms) = ([], .pass) }
            return state.held
        }
        for send in held { send() }
    }

    /// Ends every connection, as a cable that is pulled out; what was held is lost with it.
    func cut() {
        let streams = state.withLock { state in
            defer { (state.held, state.streams, state.confirms) = ([], [], .pass) }
            return state.streams
        }
        for stream in streams { stream.abort() }
    }

    /// Sends a frame of the broker's, at once or later, as it is or not.
    func pass(_ frame: Frame, _ send: @escaping @Sendable ([UInt8]) -> Void) {
        var writer = FrameWriter()
        writer.frame(frame.kind, channel: frame.channel) { $0.raw(frame.payload) }
        let octets = writer.octets
        let now: [UInt8]? = state.withLock { state in
            guard state.confirms != .pass, frame.kind == .method, let method = try? Method(frame.payload),
                case .basicAck(let ack) = method
            else { return octets }
            if state.confirms == .hold {
                state.held.append { send(octets) }
                return nil
            }
            state.confirms = .pass
            var writer = FrameWriter()
            writer.method(BasicNack(deliveryTag: ack.deliveryTag, multiple: ack.multiple), channel: frame.channel)
            return writer.octets
        }
        if let now { send(now) }
    }
}
