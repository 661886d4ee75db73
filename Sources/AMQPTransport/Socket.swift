import Platform

/// What a call on a non-blocking file descriptor came to.
enum Outcome: Equatable {
    case done(Int)
    case wouldBlock
    case failed(Int32)
}

/// The error numbers that somebody looks at, and their texts.
enum Errno {
    static let refused = ECONNREFUSED
    static let addressInUse = EADDRINUSE
    static let access = EACCES
    static let notPermitted = EPERM
    static let reset = ECONNRESET
    static let cancelled = ECANCELED

    /// An address of a family, or on an interface, that this machine does not have.
    static func isNoSuchAddress(_ code: Int32) -> Bool {
        code == EADDRNOTAVAIL || code == EAFNOSUPPORT
    }

    /// This process or the machine is out of file descriptors or memory: later may be better.
    static func isExhaustion(_ code: Int32) -> Bool {
        code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM
    }

    static func text(_ code: Int32) -> String {
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}

/// The system calls on sockets, and nothing else: all descriptors are non-blocking and closed on `exec`, interrupted
/// calls are repeated, and no call raises SIGPIPE.
enum Socket {
    /// A TCP socket for addresses of that family, or the error.
    static func open(family: Int32) -> Result<Int32, SystemError> {
        #if os(Linux)
            let fd = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let fd = socket(family, SOCK_STREAM, 0)
        #endif
        guard fd >= 0 else { return .failure(SystemError(code: errno)) }
        prepare(fd)
        return .success(fd)
    }

    private static func prepare(_ fd: Int32) {
        setNonBlocking(fd)
        #if !os(Linux)
            setOption(fd, SOL_SOCKET, SO_NOSIGPIPE, 1)
        #endif
    }

    static func setNonBlocking(_ fd: Int32) {
        _ = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK)
        _ = fcntl(fd, F_SETFD, FD_CLOEXEC)
    }

    private static func setOption(_ fd: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        _ = setsockopt(fd, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Small frames leave at once: a reply must not wait for the acknowledgement of the one before.
    static func setNoDelay(_ fd: Int32) { setOption(fd, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }

    /// A restarted broker gets its port back although old connections linger in TIME_WAIT.
    static func setReuseAddress(_ fd: Int32) { setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1) }

    static func setOnlyIPv6(_ fd: Int32, _ on: Bool) {
        setOption(fd, Int32(IPPROTO_IPV6), Int32(IPV6_V6ONLY), on ? 1 : 0)
    }

    /// The next `close` discards what is unsent and resets the connection.
    static func setResetOnClose(_ fd: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    static func read(_ fd: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        outcome { recv(fd, buffer.baseAddress, buffer.count, 0) }
    }

    static func write(_ fd: Int32, _ bytes: UnsafeRawBufferPointer) -> Outcome {
        #if os(Linux)
            let flags = Int32(MSG_NOSIGNAL)
        #else
            let flags: Int32 = 0
        #endif
        return outcome { Self.send(fd, bytes.baseAddress, bytes.count, flags) }
    }

    private static func send(_ fd: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _ flags: Int32) -> Int {
        Platform.send(fd, bytes, count, flags)
    }

    private static func outcome(_ call: () -> Int) -> Outcome {
        while true {
            let result = call()
            if result >= 0 { return .done(result) }
            let code = errno
            if code == EINTR { continue }
            return code == EAGAIN || code == EWOULDBLOCK ? .wouldBlock : .failed(code)
        }
    }

    /// Ends the sending direction: the peer reads an end of stream after all that was sent.
    static func finishSending(_ fd: Int32) { _ = shutdown(fd, Int32(SHUT_WR)) }

    static func finishBoth(_ fd: Int32) { _ = shutdown(fd, Int32(SHUT_RDWR)) }

    static func close(_ fd: Int32) {
        // Not repeated on EINTR: Linux has released the descriptor by then, and its number may be somebody else's.
        _ = Platform.close(fd)
    }

    /// The error that is pending on the socket; 0 for none.
    static func takeError(_ fd: Int32) -> Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
    }

    /// 0 when connected, otherwise the error; `nil` when the connection is under way.
    static func connect(_ fd: Int32, to address: SocketAddress) -> Int32? {
        let result = address.withSockaddr { pointer, size in
            Platform.connect(fd, pointer, size)
        }
        if result == 0 { return 0 }
        // An interrupted connect goes on by itself, like one in progress.
        return errno == EINPROGRESS || errno == EINTR ? nil : errno
    }

    /// 0 or the error.
    static func bindAndListen(_ fd: Int32, at address: SocketAddress, backlog: Int32) -> Int32 {
        let bound = address.withSockaddr { pointer, size in bind(fd, pointer, size) }
        return bound == 0 && listen(fd, backlog) == 0 ? 0 : errno
    }

    /// The next connection that waits at a listening socket.
    static func accept(_ fd: Int32) -> Outcome {
        let result = outcome { Int(Platform.accept(fd, nil, nil)) }
        if case .done(let accepted) = result { prepare(Int32(accepted)) }
        return result
    }

    /// Two ends of a pipe that wakes a sleeping poller: (read end, write end).
    static func wakeUpPipe() -> Result<(Int32, Int32), SystemError> {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return .failure(SystemError(code: errno)) }
        ends.forEach(setNonBlocking)
        return .success((ends[0], ends[1]))
    }

    static func signal(pipe fd: Int32) {
        var byte: UInt8 = 1
        _ = Platform.write(fd, &byte, 1)
    }

    static func drain(pipe fd: Int32) {
        var bytes: (UInt64, UInt64) = (0, 0)
        _ = Platform.read(fd, &bytes, 16)
    }

    static func wallClockMilliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// An `errno` on its way to a ``TransportError``.
struct SystemError: Error {
    let code: Int32
}
