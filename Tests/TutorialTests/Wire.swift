import AMQPClient
import AMQPTransport
import AMQPWire
import Interceptor
import Synchronization

/// A wire between programs and their broker. Each connection goes silent with its first publish: the broker gets
/// everything, and none of its answers arrive, until the wire is cut. Connections made after the cut work.
final class Wire: Sendable {
    private let listener: TCPListener
    private let connections: Connections
    let uri: String

    init(to uri: String) throws {
        let target = try ConnectionConfiguration(uri: uri)
        let connections = Connections()
        self.connections = connections
        listener = try TCPListener(host: "localhost", port: 0, loop: .shared) { program in
            Task {
                guard let broker = try? await Connection.stream(to: target) else {
                    return program.abort()
                }
                Relay.join(program, connections.begin(broker))
            }
        }
        let user = target.user == "guest" ? "" : "\(target.user):\(target.password)@"
        self.uri = "amqp://\(user)localhost:\(listener.port)/"
    }

    func cut() { connections.cut() }

    func close() {
        listener.close()
        cut()
    }
}

/// All that pass a wire.
private final class Connections: Sendable {
    private struct State: Sendable {
        var interceptors: [Interceptor] = []
        var wasCut = false
    }

    private let state = Mutex(State())

    func begin(_ broker: any ByteStream) -> Interceptor {
        state.withLock { state in
            guard !state.wasCut else { return Interceptor(broker, PassOn()) }
            let interceptor = Interceptor(broker, SilentFromTheFirstPublish())
            state.interceptors.append(interceptor)
            return interceptor
        }
    }

    func cut() {
        let interceptors = state.withLock { state in
            state.wasCut = true
            defer { state.interceptors = [] }
            return state.interceptors
        }
        for interceptor in interceptors { interceptor.cut() }
    }
}

private struct PassOn: Hook {}

/// Once silent, a connection stays so: what a slow broker answers at the moment of the cut must not slip through.
private final class SilentFromTheFirstPublish: Hook {
    private let isSilent = Atomic(false)

    func decide(_ piece: WirePiece, _ direction: Direction) -> Verdict {
        if direction == .toClient { return isSilent.load(ordering: .acquiring) ? .drop : .pass }
        if let frame = piece.frame, frame.kind == .method, case .basicPublish? = try? Method(frame.payload) {
            isSilent.store(true, ordering: .releasing)
        }
        return .pass
    }
}
