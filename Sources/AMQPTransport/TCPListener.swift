import Dispatch
import Synchronization

/// Listens on a port and hands on the connections that come.
public final class TCPListener: Sendable {
    /// The port listened on: the one asked for, or the one the system chose when 0 was asked.
    public let port: Int
    private let sockets: [ListeningSocket]

    /// Listens on every address of the host: `localhost` is both 127.0.0.1 and ::1 where the machine has both.
    ///
    /// May wait for a name server, unless the host is an address or `localhost`.
    /// - Parameters:
    ///   - host: a name or an address of this machine; empty for all its interfaces.
    ///   - port: 0 for any free port, otherwise 1 to 65535.
    ///   - limit: how many connections may be open at a time; nil: as many as the system lets there be.
    ///   - awaitsAdmission: those who come are newcomers until ``TCPStream/admit()`` lets them in.
    ///   - onAccept: called on the loop's thread with each new connection. A stream that is not kept is closed.
    public init(
        host: String, port: Int, loop: EventLoop, limit: ConnectionLimit? = nil, awaitsAdmission: Bool = false,
        onAccept: @escaping @Sendable (TCPStream) -> Void
    ) throws(TransportError) {
        let addresses = try SocketAddress.resolve(host: host, port: port, toListen: true)
        // With port 0 the first address chooses; that port may be taken on the second, and then another one is tried.
        var attempts = port == 0 ? 10 : 1
        while true {
            attempts -= 1
            do throws(TransportError) {
                let (fds, port) = try Self.listen(at: addresses, host: host, port: port)
                self.port = port
                sockets = fds.map {
                    ListeningSocket(
                        $0, loop: loop, limit: limit, awaitsAdmission: awaitsAdmission, onAccept: onAccept)
                }
                break
            } catch {
                guard case .addressInUse = error, attempts > 0 else { throw error }
            }
        }
        for socket in sockets {
            if let code = socket.open() {
                close()
                throw TransportError(errno: code, host: host, port: port)
            }
        }
    }

    deinit { close() }

    /// Stops listening; at once the port is free. Connections made before are not touched.
    public func close() {
        for socket in sockets { socket.close() }
    }

    /// Returns the listening sockets and their port.
    private static func listen(
        at addresses: [SocketAddress], host: String, port: Int
    ) throws(TransportError) -> ([Int32], Int) {
        var fds: [Int32] = []
        var port = port
        var failure: Int32 = 0
        for address in addresses {
            let code: Int32
            switch Socket.open(family: address.family) {
            case .failure(let error): code = error.code
            case .success(let fd):
                Socket.setReuseAddress(fd)
                // Alone, `::` stands for IPv4 too; next to an IPv4 address it would take its port.
                if address.isIPv6 { Socket.setOnlyIPv6(fd, addresses.count > 1) }
                code = Socket.bindAndListen(fd, at: address.with(port: port), backlog: 1024)
                if code == 0 {
                    fds.append(fd)
                    if port == 0 { port = SocketAddress.ofThisEnd(fd)?.port ?? 0 }
                } else {
                    Socket.close(fd)
                }
            }
            if code == 0 { continue }
            failure = code
            // A machine without IPv6 still resolves ::1.
            if !Errno.isNoSuchAddress(code) {
                fds.forEach(Socket.close)
                throw TransportError(errno: code, host: host, port: port)
            }
        }
        guard !fds.isEmpty else { throw TransportError(errno: failure, host: host, port: port) }
        return (fds, port)
    }
}

/// One listening descriptor in its loop.
private final class ListeningSocket: EventHandler {
    private struct State: Sendable {
        var fd: Int32
        var registration: UInt64?
    }

    private let state: Mutex<State>
    private let loop: EventLoop
    private let limit: ConnectionLimit?
    private let awaitsAdmission: Bool
    private let onAccept: @Sendable (TCPStream) -> Void

    init(
        _ fd: Int32, loop: EventLoop, limit: ConnectionLimit?, awaitsAdmission: Bool,
        onAccept: @escaping @Sendable (TCPStream) -> Void
    ) {
        state = Mutex(State(fd: fd))
        self.loop = loop
        self.limit = limit
        self.awaitsAdmission = awaitsAdmission
        self.onAccept = onAccept
    }

    /// Returns an `errno` when the loop cannot take it.
    func open() -> Int32? {
        state.withLock { state in
            switch loop.register(state.fd, self, for: .readable) {
            case .success(let registration):
                state.registration = registration
                return nil
            case .failure(let error): return error.code
            }
        }
    }

    func close() {
        state.withLock { state in
            guard state.fd >= 0 else { return }
            if let registration = state.registration { loop.unregister(state.fd, registration) }
            Socket.close(state.fd)
            state.fd = -1
            state.registration = nil
        }
    }

    func ready(_ readiness: Readiness, _ buffer: UnsafeMutableRawBufferPointer) {
        // A burst of connections must not keep those that are open from their turn.
        for _ in 0..<16 {
            if let limit, !limit.take() {
                // First this, then the place in the line: it may come free at once, on another thread.
                watch([])
                guard limit.take(orLater: { [weak self] in self?.watch(.readable) }) else { return }
                watch(.readable)
            }
            let outcome = state.withLock { $0.fd < 0 ? .wouldBlock : Socket.accept($0.fd) }
            if case .done(let fd) = outcome {
                onAccept(
                    TCPStream(
                        connected: Int32(fd), isAccepted: true, loop: loop, limit: limit, isNewcomer: awaitsAdmission))
                continue
            }
            limit?.giveBack()
            switch outcome {
            case .failed(let code) where Errno.isExhaustion(code): return pause()
            case .wouldBlock: return
            // The fate of one connection that went away before it was accepted: accept(2) lists them.
            default: break
            }
        }
    }

    /// Out of descriptors: the waiting connection stays readable, and without a pause the loop would spin on it.
    private func pause() {
        watch([])
        TCPTimers.queue.asyncAfter(deadline: .now() + .milliseconds(100)) { [weak self] in
            self?.watch(.readable)
        }
    }

    private func watch(_ interest: Readiness) {
        state.withLock { state in
            if let registration = state.registration { loop.update(state.fd, registration, for: interest) }
        }
    }

    func loopStopped() { close() }
}
