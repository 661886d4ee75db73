import AMQPClient
import AMQPTransport
import Synchronization

/// A wire between programs and their broker that goes silent with the first publish, until it is cut: the broker gets
/// everything, and none of its answers arrive. Connections made after the cut work.
final class Wire: Sendable {
    fileprivate struct State: Sendable {
        var streams: [TCPStream] = []
        var isSilent = false
        var wasCut = false
    }

    private let listener: TCPListener
    private let state: Shared
    let uri: String

    /// What both directions of all connections know.
    fileprivate final class Shared: Sendable {
        let state = Mutex(State())
    }

    init(to uri: String) throws {
        let target = try ConnectionConfiguration(uri: uri)
        let state = Shared()
        self.state = state
        listener = try TCPListener(host: "localhost", port: 0, loop: .shared) { program in
            Task {
                guard let broker = try? await TCPStream.connect(host: target.host, port: target.port) else {
                    return program.abort()
                }
                state.state.withLock { $0.streams += [program, broker] }
                program.start(Direction(to: broker, state, isFromProgram: true))
                broker.start(Direction(to: program, state, isFromProgram: false))
            }
        }
        let user = target.user == "guest" ? "" : "\(target.user):\(target.password)@"
        self.uri = "amqp://\(user)localhost:\(listener.port)/"
    }

    func cut() {
        let streams = state.state.withLock { state in
            state.wasCut = true
            state.isSilent = false
            defer { state.streams = [] }
            return state.streams
        }
        for stream in streams { stream.abort() }
    }

    func close() {
        listener.close()
        cut()
    }
}

private final class Direction: ByteStreamReceiver {
    private let target: TCPStream
    private let shared: Wire.Shared
    private let isFromProgram: Bool
    /// What could be the beginning of a publish, from the octets before.
    private let rest = Mutex([UInt8]())

    init(to target: TCPStream, _ shared: Wire.Shared, isFromProgram: Bool) {
        (self.target, self.shared, self.isFromProgram) = (target, shared, isFromProgram)
    }

    func streamReceived(_ bytes: RawSpan) {
        if isFromProgram { look(at: bytes.withUnsafeBytes { Array($0) }) }
        if !isFromProgram, shared.state.withLock({ $0.isSilent }) { return }
        target.send(bytes)
    }

    func streamDrained() {}

    func streamEnded(_ end: StreamEnd) { target.close() }

    /// basic.publish is class 60, method 40; nothing that a step sends before looks like it.
    private func look(at octets: [UInt8]) {
        let isPublish = rest.withLock { rest in
            let all = rest + octets
            rest = all.suffix(3)
            return all.indices.dropLast(3).contains { all[$0..<($0 + 4)] == [0, 60, 0, 40] }
        }
        if isPublish { shared.state.withLock { $0.isSilent = !$0.wasCut } }
    }
}
