import AMQPClient
import AMQPTransport
import AMQPWire
import Interceptor
import Synchronization

/// Stands between any clients and a broker, and judges the clients.
public final class Watch: Sendable {
    /// Why there is nothing to watch.
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    private struct State: Sendable {
        var findings = WatchFindings()
        var open = 0
    }

    private let state = Mutex(State())
    private let time = SystemTime()
    private let start: Int64
    private let catalogue: Catalogue
    /// Called when a client has gone and none is left.
    private let idle: @Sendable () -> Void
    /// Called with a sentence when a client can't be served.
    private let trouble: @Sendable (String) -> Void

    private init(
        _ catalogue: Catalogue, idle: @escaping @Sendable () -> Void, trouble: @escaping @Sendable (String) -> Void
    ) {
        (self.catalogue, self.idle, self.trouble) = (catalogue, idle, trouble)
        start = time.now
    }

    /// Begins to listen on this machine; the port that was chosen is that of the listener.
    ///
    /// - Parameters:
    ///   - port: 0 for any free one
    ///   - url: the broker; clients log in for themselves, so only its host and port count
    public static func begin(
        port: Int, to url: String, idle: @escaping @Sendable () -> Void = {},
        trouble: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(Failed) -> (watch: Watch, listener: TCPListener) {
        do {
            let target = try Target(url)
            let watch = Watch(try Catalogue.current.get(), idle: idle, trouble: trouble)
            let listener = try TCPListener(host: "localhost", port: port, loop: .shared) { watch.serve($0, target) }
            return (watch, listener)
        } catch {
            throw Failed(description: "\(error)")
        }
    }

    /// What has been found out so far.
    public var report: WatchReport { WatchReport(state.withLock { $0.findings }, catalogue) }

    private func serve(_ client: TCPStream, _ target: Target) {
        let number = state.withLock { state in
            state.open += 1
            state.findings.connections += 1
            return state.findings.connections
        }
        Task {
            do throws(AMQPError) {
                let broker = try await Connection.stream(to: target.configuration)
                Relay.join(client, Interceptor(broker, Note(number, self)))
            } catch {
                trouble("\(error)")
                client.abort()
                leave()
            }
        }
    }

    private func leave() {
        let isIdle = state.withLock { state in
            state.open -= 1
            return state.open == 0
        }
        if isIdle { idle() }
    }

    /// Reads one connection as it passes. Nothing waits for a frame to be whole.
    private final class Note: Hook {
        private let watch: Watch
        private let watcher: Mutex<Watcher>
        private let hasEnded = Mutex(false)

        init(_ number: Int, _ watch: Watch) {
            self.watch = watch
            watcher = Mutex(Watcher(name: "connection \(number)"))
        }

        var mode: WireReader.Mode { .unread }

        func decide(_ piece: WirePiece, _ direction: Direction) -> Verdict {
            judge { $0.read(piece.octets, direction, at: $1, into: &$2) }
            return .pass
        }

        func ended(_ direction: Direction, _ end: ConversationEnd) {
            judge { $0.end(direction, end, at: $1, into: &$2) }
            let isFirst = hasEnded.withLock { hasEnded in
                defer { hasEnded = hasEnded || direction == .toBroker }
                return !hasEnded && direction == .toBroker
            }
            if isFirst { watch.leave() }
        }

        private func judge(_ body: (inout Watcher, Int64, inout WatchFindings) -> Void) {
            let now = watch.time.now - watch.start
            watcher.withLock { watcher in watch.state.withLock { body(&watcher, now, &$0.findings) } }
        }
    }
}
