import AMQPTransport
import BrokerCore
import Synchronization

/// One client of the listing API. Its requests are answered one after the other, and each waits until the answer before
/// was read and the other clients have had their turn; those of a client that leaves are forgotten.
final class ManagementSession: ByteStreamReceiver {
    let number: UInt64
    let stream: any ByteStream
    private weak let server: ManagementServer?
    private let state: Mutex<State>

    private struct State: Sendable {
        var reader = HTTPRequestReader()
        var lastUse: Int64
        /// A request is being answered.
        var isBusy = false
        /// No further request is answered.
        var isClosing = false
        var isReading = true
        /// A long body may come: it is known whose it is.
        var isAdmitted = false
        /// It is sent the live page's pictures until it ends.
        var isWatching = false
        /// Whose request was answered last; empty: nobody's.
        var user = ""
    }

    /// So many octets of requests may wait; then no more are read. A longer body waits until it is known whose it is: nobody who
    /// may not log in fills the memory.
    private static let mostPending = 65_536

    init(_ number: UInt64, _ stream: any ByteStream, _ server: ManagementServer, now: Int64) {
        self.number = number
        self.stream = stream
        self.server = server
        state = Mutex(State(lastUse: now))
    }

    /// When it came, a request was last answered, or an answer read to its end. What a client sends in the middle of a
    /// request is no use: nobody keeps a session open a little at a time.
    var lastUse: Int64 { state.withLock { $0.lastUse } }
    var isBusy: Bool { state.withLock { $0.isBusy } }
    var isClosing: Bool { state.withLock { $0.isClosing } }
    var isWatching: Bool { state.withLock { $0.isWatching } }

    var user: String { state.withLock { $0.user } }

    func note(user: String) { state.withLock { $0.user = user } }

    /// From now on it only listens: ``Watchers`` looks after it.
    func watch() { state.withLock { $0.isWatching = true } }

    func streamReceived(_ bytes: RawSpan) {
        let octets = bytes.withUnsafeBytes { Array($0) }
        state.withLock { state in
            state.reader.append(octets)
            setReading(&state)
        }
        goOn()
    }

    func streamDrained() {
        guard let now = server?.now else { return }
        state.withLock { $0.lastUse = now }
        goOn()
    }

    func streamEnded(_ end: StreamEnd) {
        state.withLock { $0.isClosing = true }
        server?.ended(self)
    }

    private func setReading(_ state: inout State) {
        let most = max(Self.mostPending, state.isAdmitted ? state.reader.awaitedCount : 0)
        let isReading = state.reader.pendingCount <= most
        guard isReading != state.isReading else { return }
        state.isReading = isReading
        stream.setReading(isReading)
    }

    /// Begins with the next request, if it is there and the answer before has been read.
    func goOn() {
        guard let server else { return stream.close() }
        guard stream.unsent == 0 else { return }
        let next: Next? = state.withLock { self.next(&$0) }
        switch next {
        case .request(let request): server.begin(request, of: self)
        case .head(let head): server.admit(head, of: self)
        case .error(let error): send(.failure(error.status, "bad_request", error.reason), withBody: true)
        case nil: break
        }
    }

    private enum Next: Sendable {
        case request(HTTPRequest)
        /// Of a request with a long body.
        case head(HTTPRequest)
        case error(HTTPError)
    }

    private func next(_ state: inout State) -> Next? {
        guard !state.isClosing, !state.isBusy else { return nil }
        do throws(HTTPError) {
            if let request = try state.reader.next() {
                state.isAdmitted = false
                setReading(&state)
                state.isBusy = true
                state.isClosing = !request.keepsAlive
                return .request(request)
            }
            setReading(&state)
            guard !state.isAdmitted, state.reader.awaitedCount > Self.mostPending, let head = state.reader.awaitedHead
            else { return nil }
            state.isBusy = true
            return .head(head)
        } catch {
            state.isClosing = true
            return .error(error)
        }
    }

    /// The long body that is waited for may come.
    func admit() {
        state.withLock { state in
            (state.isAdmitted, state.isBusy) = (true, false)
            setReading(&state)
        }
        goOn()
    }

    /// Sends an answer.
    ///
    /// - Parameter isLast: no further request is answered.
    func send(_ response: HTTPResponse, withBody: Bool, isLast: Bool = false) {
        guard let server else { return stream.close() }
        let now = server.now
        let isClosing = state.withLock { state in
            state.lastUse = now
            if isLast { state.isClosing = true }
            return state.isClosing
        }
        let octets = response.octets(keepsAlive: !isClosing, withBody: withBody)
        _ = stream.send(octets.span.bytes)
        if isClosing { return stream.close() }
        state.withLock { $0.isBusy = false }
        server.later { [weak self] in self?.goOn() }
    }
}
