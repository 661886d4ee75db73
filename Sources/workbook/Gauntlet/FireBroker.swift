import AMQPClient
import AMQPTransport
import AMQPWire
import BrokerCore
import BrokerServer
import BrokerTesting
import Interceptor
import Synchronization

/// A broker of its own for one run of the gauntlet: with a fire between it and the programs, and with a store in memory, so
/// that it can be restarted.
///
/// What passes is noted on both sides of the fire: what a program has sent, and what of it the broker has got.
final class FireBroker: Sendable {
    private struct State: Sendable {
        /// nil: it is elsewhere.
        var broker: Broker?
        var files: MemoryFiles
        var listeners: [TCPListener] = []
        /// Those who came while it was down.
        var waiting: [@Sendable (any ByteStream) -> Void] = []
        var isDown = false
        var hasRestarted = false
    }

    /// What the programs see, and what the broker sees.
    let near: WireRecord
    let far: WireRecord
    let fire: Fire
    private let state: Mutex<State>

    private let elsewhere: ConnectionConfiguration?
    var isElsewhere: Bool { elsewhere != nil }

    /// - Parameters:
    ///   - later: how long after its frame a blow comes that falls in the middle of the work
    ///   - elsewhere: a broker that is there already, and can't be restarted
    init(_ blow: Blow?, later: Duration = .zero, elsewhere: ConnectionConfiguration? = nil) throws {
        self.elsewhere = elsewhere
        let near = WireRecord(keepsFrames: true)
        (self.near, far) = (near, WireRecord(keepsFrames: false, since: near.start))
        fire = Fire(blow, later: later) { near.now }
        let files = MemoryFiles()
        let broker = try elsewhere == nil ? Self.broker(files) : nil
        state = Mutex(State(broker: broker, files: files))
    }

    private static func broker(_ files: MemoryFiles) throws -> Broker {
        var configuration = BrokerConfiguration()
        configuration.handshakeTimeout = 600_000
        configuration.product = .rabbitMQ(configuration.dialect)
        return try Broker(configuration, time: SystemTime(), files: files) { fatalError("\($0)") }
    }

    /// Opens a port for a program, and returns its address.
    func address(forRun run: Int) throws(TransportError) -> String {
        let listener = try TCPListener(host: "localhost", port: 0, loop: .shared) { [weak self] stream in
            self?.accept(stream, run)
        }
        state.withLock { $0.listeners.append(listener) }
        guard let elsewhere else { return "amqp://guest:guest@localhost:\(listener.port)" }
        let user = PercentCoding.encode(segment: elsewhere.user)
        let password = PercentCoding.encode(segment: elsewhere.password)
        let path = elsewhere.virtualHost == "/" ? "" : "/" + PercentCoding.encode(segment: elsewhere.virtualHost)
        return "amqp://\(user):\(password)@localhost:\(listener.port)\(path)"
    }

    private func accept(_ stream: TCPStream, _ run: Int) {
        let connection = near.connect()
        near.add(run, connection, .toBroker, 0, .connected)
        let (near, far, fire) = (self.near, self.far, self.fire)
        let join: @Sendable (any ByteStream) -> Void = { inside in
            let outer = Interceptor(inside, WireNote(run, connection, far))
            let inner = fire.join(outer, run: run, connection: connection)
            Relay.join(stream, Interceptor(inner, WireNote(run, connection, near)))
        }
        if let elsewhere {
            Task {
                guard let inside = try? await TCPStream.connect(host: elsewhere.host, port: elsewhere.port) else {
                    return stream.abort()
                }
                join(inside)
            }
            return
        }
        let broker = state.withLock { state -> Broker? in
            guard state.isDown || fire.isRestarting && !state.hasRestarted else { return state.broker }
            state.waiting.append(join)
            return nil
        }
        if let broker { join(broker.connect()) }
    }

    /// Connects the other role, whose talk is not noted.
    func connect() async throws -> Connection {
        if let broker = state.withLock(\.broker) { return try await Connection.open(over: broker.connect(), .patient) }
        return try await Connection.open(elsewhere ?? .patient)
    }

    /// Messages that were handed out and are not settled.
    var unsettled: Int {
        let snapshot = state.withLock(\.broker)?.snapshot(of: [.queues], in: nil)
        return snapshot?.queues.reduce(0) { $0 + $1.unacknowledgedCount } ?? 0
    }

    /// Ends as by an operator's hand, or is killed, and starts again with what is durable: after a kill with what was on disk
    /// at that moment.
    func restart() throws {
        let atOnce = fire.blow?.isCrash == true ? state.withLock(\.files).copy() : nil
        let old = state.withLock { state in
            state.isDown = true
            return state.broker
        }
        old?.shutDown()
        fire.cutAll()
        let files = atOnce ?? state.withLock(\.files).copy()
        let broker = try Self.broker(files)
        let waiting = state.withLock { state in
            (state.broker, state.files, state.isDown, state.hasRestarted) = (broker, files, false, true)
            defer { state.waiting = [] }
            return state.waiting
        }
        for join in waiting { join(broker.connect()) }
    }

    func shutDown() {
        let (broker, listeners) = state.withLock { ($0.broker, $0.listeners) }
        for listener in listeners { listener.close() }
        broker?.shutDown()
        fire.end()
    }
}
