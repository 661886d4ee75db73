import Dispatch
import Synchronization

extension TCPStream {
    /// Connects to a host: every address of it in turn, IPv6 and IPv4, until one answers.
    ///
    /// The octets of the stream are handled on the loop's thread. Cancelling the task frees the socket.
    /// - Parameters:
    ///   - host: a name, an IPv4 or an IPv6 address (without brackets).
    ///   - port: 1 to 65535.
    ///   - timeoutMilliseconds: for all of it together; each address gets an equal share of what is left.
    /// - Throws: ``TransportError``: the last address's error when none answers.
    public static func connect(
        host: String, port: Int, timeoutMilliseconds: Int = 10_000, loop: EventLoop = .shared
    ) async throws(TransportError) -> TCPStream {
        var addresses = HostAddresses(host: host, port: port)
        return try await connect(to: &addresses, timeoutMilliseconds: timeoutMilliseconds, loop: loop)
    }

    /// The same for callers that find out only later whether an address is what they want: `addresses` keeps those that have
    /// not been tried, for the next call.
    package static func connect(
        to addresses: inout HostAddresses, timeoutMilliseconds: Int, loop: EventLoop = .shared
    ) async throws(TransportError) -> TCPStream {
        let connector = TCPConnector(addresses, timeoutMilliseconds: timeoutMilliseconds, loop: loop)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { connector.begin($0) }
        } onCancel: { [addresses] in
            connector.finish(.failure(.cancelled(host: addresses.host, port: addresses.port)))
        }
        addresses.left = connector.left
        return try result.get()
    }
}

/// The addresses of a host that have not been tried.
package struct HostAddresses: Sendable {
    let host: String
    let port: Int
    /// nil: the name has not been looked up.
    var left: ArraySlice<SocketAddress>?

    package init(host: String, port: Int) { (self.host, self.port) = (host, port) }

    /// How many are known of.
    package var count: Int { left?.count ?? 0 }
}

/// The queue on which time runs out for TCP: serial, so it has a thread whatever the program does with the global queues.
enum TCPTimers {
    static let queue = DispatchQueue(label: "AMQPTransport.TCPTimers")
}

/// One attempt to connect, over all addresses of a host. Whichever comes first decides: an address that answers, the last
/// address's refusal, the time-out, the cancellation.
private final class TCPConnector: EventHandler {
    typealias Continuation = CheckedContinuation<Result<TCPStream, TransportError>, Never>

    private struct State: Sendable {
        var continuation: Continuation?
        /// Set before the continuation when the task was cancelled from the start.
        var result: Result<TCPStream, TransportError>?
        var addresses: ArraySlice<SocketAddress> = []
        /// The socket of the address that is being tried; closed or handed on only with the lock held.
        var fd: Int32 = -1
        var registration: UInt64?
        /// Counts the addresses tried, so that a late time-out of an earlier one is recognised.
        var attempt = 0
    }

    private let given: HostAddresses
    private var host: String { given.host }
    private var port: Int { given.port }
    private let timeoutMilliseconds: Int
    private let deadline: DispatchTime
    private let loop: EventLoop
    private let state = Mutex(State())

    init(_ given: HostAddresses, timeoutMilliseconds: Int, loop: EventLoop) {
        (self.given, self.loop) = (given, loop)
        // Within a day: an absurd number must not overflow Dispatch's nanoseconds.
        self.timeoutMilliseconds = min(max(timeoutMilliseconds, 0), 86_400_000)
        deadline = .now() + .milliseconds(self.timeoutMilliseconds)
    }

    /// Those that were not tried, once there is a result.
    var left: ArraySlice<SocketAddress> { state.withLock { $0.addresses } }

    func begin(_ continuation: Continuation) {
        let result = state.withLock { state in
            if state.result == nil { state.continuation = continuation }
            return state.result
        }
        if let result { return continuation.resume(returning: result) }
        TCPTimers.queue.asyncAfter(deadline: deadline) { [weak self] in self?.timeOut() }
        if let addresses = given.left { return connect(to: addresses) }
        // An address in figures needs no resolver, hence no thread.
        if let addresses = try? SocketAddress.resolve(host: host, port: port, numericOnly: true) {
            return connect(to: addresses[...])
        }
        // The resolver blocks, and cannot be interrupted: it gets a thread outside the cooperative pool, and its answer
        // is dropped when it comes too late. A serial queue of its own, not a global one: on Linux those have no more
        // threads than there are processors, the cooperative pool among their users, and one that blocks holds all up.
        DispatchQueue(label: "AMQPTransport.Resolver").async {
            do throws(TransportError) {
                self.connect(to: try SocketAddress.resolve(host: self.host, port: self.port)[...])
            } catch {
                self.finish(.failure(error))
            }
        }
    }

    private func timeOut() {
        finish(.failure(.timedOut(host: host, port: port, milliseconds: timeoutMilliseconds)))
    }

    /// The first result counts; a later one is dropped, its socket closed.
    func finish(_ result: Result<TCPStream, TransportError>) {
        let continuation: Continuation? = state.withLock { state in
            guard state.result == nil else { return nil }
            state.result = result
            closeSocket(&state)
            defer { state.continuation = nil }
            return state.continuation
        }
        continuation?.resume(returning: result)
    }

    private func closeSocket(_ state: inout State) {
        guard state.fd >= 0 else { return }
        if let registration = state.registration { loop.unregister(state.fd, registration) }
        Socket.close(state.fd)
        state.fd = -1
        state.registration = nil
    }

    private func connect(to addresses: ArraySlice<SocketAddress>) {
        let result = state.withLock { state in
            guard state.result == nil else { return nil as Result<TCPStream, TransportError>? }
            state.addresses = addresses
            return tryNext(&state, after: Errno.refused)
        }
        if let result { finish(result) }
    }

    /// Tries addresses until one is under way (`nil`), connected, or none is left: then `code` is what it came to.
    private func tryNext(_ state: inout State, after code: Int32) -> Result<TCPStream, TransportError>? {
        var code = code
        while let address = state.addresses.popFirst() {
            closeSocket(&state)
            state.attempt += 1
            switch Socket.open(family: address.family) {
            case .failure(let error): code = error.code
            case .success(let fd):
                state.fd = fd
                switch Socket.connect(fd, to: address) {
                case 0?: return makeStream(&state)
                case let failure?: code = failure
                case nil:
                    switch loop.register(fd, self, for: .writable) {
                    case .failure(let error): code = error.code
                    case .success(let registration):
                        state.registration = registration
                        limitTime(of: state.attempt, sharedWith: state.addresses.count)
                        return nil
                    }
                }
            }
        }
        closeSocket(&state)
        return .failure(TransportError(errno: code, host: host, port: port))
    }

    /// An address that swallows our packets must leave time for the next ones.
    private func limitTime(of attempt: Int, sharedWith others: Int) {
        guard others > 0 else { return }
        let now = DispatchTime.now().uptimeNanoseconds
        let left = deadline.uptimeNanoseconds > now ? deadline.uptimeNanoseconds - now : 0
        let share = DispatchTimeInterval.nanoseconds(Int(left) / (others + 1))
        TCPTimers.queue.asyncAfter(deadline: .now() + share) { [weak self] in
            guard let self else { return }
            let result = state.withLock { state in
                state.attempt == attempt && state.result == nil
                    ? tryNext(&state, after: Errno.refused) : nil
            }
            if let result { finish(result) }
        }
    }

    private func makeStream(_ state: inout State) -> Result<TCPStream, TransportError>? {
        if let registration = state.registration { loop.unregister(state.fd, registration) }
        let fd = state.fd
        // A port of the ephemeral range with no listener can connect to itself.
        guard SocketAddress.ofThisEnd(fd) != SocketAddress.ofPeer(fd) else {
            return tryNext(&state, after: Errno.refused)
        }
        state.registration = nil
        state.fd = -1
        // The others are left: its time-out is too late.
        state.attempt += 1
        // From here on the stream owns the descriptor; if nobody takes the stream, its deinit closes it.
        return .success(TCPStream(connected: fd, isAccepted: false, loop: loop))
    }

    func ready(_ readiness: Readiness, _ buffer: UnsafeMutableRawBufferPointer) {
        let result = state.withLock { state in
            guard state.result == nil, state.fd >= 0 else { return nil as Result<TCPStream, TransportError>? }
            let code = Socket.takeError(state.fd)
            return code == 0 ? makeStream(&state) : tryNext(&state, after: code)
        }
        if let result { finish(result) }
    }

    func loopStopped() {
        finish(.failure(.cancelled(host: host, port: port)))
    }
}
