import AMQPTransport
import Synchronization

/// Serves the listing API on a port.
///
/// It has an event loop of its own: putting together a long list, or checking a password, takes its time, and must not
/// hold up a message.
final class ManagementServer: Sendable {
    private let state = Mutex(State())
    private let api: ListingAPI
    private let time: any TimeSource
    private let loop = EventLoop()

    private struct State: Sendable {
        var listener: TCPListener?
        var sessions: [UInt64: ManagementSession] = [:]
        var lastNumber: UInt64 = 0
        var isSweepSet = false
    }

    /// The most clients at a time; whoever comes then is turned away.
    static let mostSessions = 100
    /// How long a client may take for a request, or leave an answer unread, or do nothing, in milliseconds.
    static let patience: Int64 = 30_000

    init(_ api: ListingAPI, time: any TimeSource) {
        self.api = api
        self.time = time
    }

    deinit { loop.stop() }

    /// Opens the port; 0 takes a free one. Returns the port.
    func listen(host: String, port: Int) throws(TransportError) -> Int {
        let listener = try TCPListener(host: host, port: port, loop: loop) { [weak self] in self?.accept($0) }
        state.withLock { $0.listener = listener }
        return listener.port
    }

    func close() {
        let (listener, sessions) = state.withLock { state in
            defer { state.listener = nil }
            return (state.listener, Array(state.sessions.values))
        }
        listener?.close()
        for session in sessions { session.stream.close() }
    }

    func accept(_ stream: any ByteStream) {
        let now = time.now
        let session: ManagementSession? = state.withLock { state in
            guard state.sessions.count < Self.mostSessions else { return nil }
            state.lastNumber += 1
            let session = ManagementSession(state.lastNumber, stream, self, now: now)
            state.sessions[state.lastNumber] = session
            setSweep(&state, now)
            return session
        }
        if let session { stream.start(session) } else { stream.abort() }
    }

    fileprivate func answer(_ request: HTTPRequest, to session: ManagementSession) -> HTTPResponse {
        api.answer(request, isLoopback: session.stream.isLoopback)
    }

    fileprivate var now: Int64 { time.now }

    fileprivate func ended(_ session: ManagementSession) {
        state.withLock { $0.sessions[session.number] = nil }
    }

    // MARK: Clients that take too long

    private func setSweep(_ state: inout State, _ now: Int64) {
        guard !state.isSweepSet else { return }
        state.isSweepSet = true
        time.wake(at: now + Self.patience / 4) { [weak self] in self?.sweep() }
    }

    private func sweep() {
        let now = time.now
        let late = state.withLock { state in
            state.isSweepSet = false
            if !state.sessions.isEmpty { setSweep(&state, now) }
            return state.sessions.values.filter { $0.lastUse + Self.patience <= now }
        }
        for session in late { session.stream.abort() }
    }
}

/// One client of the listing API.
final class ManagementSession: ByteStreamReceiver {
    let number: UInt64
    let stream: any ByteStream
    private weak let server: ManagementServer?
    private let state: Mutex<State>

    private struct State: Sendable {
        var reader = HTTPRequestReader()
        var lastUse: Int64
        var isClosing = false
    }

    init(_ number: UInt64, _ stream: any ByteStream, _ server: ManagementServer, now: Int64) {
        self.number = number
        self.stream = stream
        self.server = server
        state = Mutex(State(lastUse: now))
    }

    /// When a request was last answered, or its answer read.
    fileprivate var lastUse: Int64 { state.withLock { $0.lastUse } }

    func streamReceived(_ bytes: RawSpan) {
        let octets = bytes.withUnsafeBytes { Array($0) }
        state.withLock { $0.reader.append(octets) }
        answerPending()
    }

    func streamDrained() {
        guard let now = server?.now else { return }
        state.withLock { $0.lastUse = now }
        stream.setReading(true)
        answerPending()
    }

    func streamEnded(_ end: StreamEnd) { server?.ended(self) }

    /// Answers one request after the other, as long as the client reads the answers: what it has not read yet is all
    /// that ever waits for it.
    private func answerPending() {
        guard let server else { return stream.close() }
        while true {
            let next: Result<HTTPRequest, HTTPError>? = state.withLock { state in
                guard !state.isClosing else { return nil }
                do throws(HTTPError) {
                    guard let request = try state.reader.next() else { return nil }
                    state.isClosing = !request.keepsAlive
                    return .success(request)
                } catch {
                    state.isClosing = true
                    return .failure(error)
                }
            }
            guard let next else { return }
            let octets = answer(next, server)
            let now = server.now
            let isClosing = state.withLock { state in
                state.lastUse = now
                return state.isClosing
            }
            let unsent = stream.send(octets.span.bytes)
            if isClosing { return stream.close() }
            if unsent > 0 {
                stream.setReading(false)
                // What was drained between the two calls is not announced again.
                if stream.unsent > 0 { return }
                stream.setReading(true)
            }
        }
    }

    private func answer(_ next: Result<HTTPRequest, HTTPError>, _ server: ManagementServer) -> [UInt8] {
        switch next {
        case .success(let request):
            server.answer(request, to: self).octets(
                keepsAlive: request.keepsAlive, withBody: request.method != "HEAD")
        case .failure(let error):
            HTTPResponse.failure(error.status, "bad_request", error.reason).octets(keepsAlive: false)
        }
    }
}
