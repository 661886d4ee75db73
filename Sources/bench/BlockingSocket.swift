import Platform

/// A TCP socket whose calls block: nothing between the measurement and the kernel.
final class BlockingSocket: Sendable {
    private let descriptor: Int32

    /// Seconds without an octet after which a read gives up.
    static let patience = 30

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var time = timeval(tv_sec: Self.patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        #if canImport(Darwin)
            setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
    }

    deinit { close(descriptor) }

    convenience init(host: String, port: Int) throws(BenchError) {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Self.streamType
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0 else {
            throw BenchError("the host '\(host)' is unknown")
        }
        defer { freeaddrinfo(list) }
        var next = list
        var reason = "it has no address"
        while let entry = next?.pointee {
            let descriptor = socket(entry.ai_family, Self.streamType, 0)
            if descriptor >= 0, connect(descriptor, entry.ai_addr, entry.ai_addrlen) == 0 {
                self.init(descriptor)
                return
            }
            reason = Self.lastError
            if descriptor >= 0 { close(descriptor) }
            next = entry.ai_next
        }
        throw BenchError(
            "no broker at \(host):\(port): \(reason). Start one with `swift run -c release broker`, or set AMQP_URL.")
    }

    private static var streamType: Int32 {
        #if canImport(Glibc)
            Int32(SOCK_STREAM.rawValue)
        #else
            SOCK_STREAM
        #endif
    }

    private static var lastError: String { strerror(errno).map { String(cString: $0) } ?? "error \(errno)" }

    /// Two connected sockets over TCP on the loopback interface.
    static func pair() throws(BenchError) -> (BlockingSocket, BlockingSocket) {
        let listener = socket(AF_INET, streamType, 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        // A sockaddr_in is what a pointer to a sockaddr of that family points to.
        let port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer -> Bool in
                bind(listener, pointer, size) == 0 && listen(listener, 1) == 0
                    && getsockname(listener, pointer, &size) == 0
            }
        }
        guard port else { throw BenchError("no port for the TCP echo: \(lastError)") }
        let here = try BlockingSocket(host: "127.0.0.1", port: Int(UInt16(bigEndian: address.sin_port)))
        let there = accept(listener, nil, nil)
        guard there >= 0 else { throw BenchError("no connection for the TCP echo: \(lastError)") }
        return (here, BlockingSocket(there))
    }

    /// Ends both directions: whoever waits for octets here or at the other end is told.
    func shutDown() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    func write(_ bytes: UnsafeRawBufferPointer) throws(BenchError) {
        #if canImport(Darwin)
            let flags: Int32 = 0
        #else
            let flags = Int32(MSG_NOSIGNAL)
        #endif
        var rest = bytes
        while !rest.isEmpty {
            let count = send(descriptor, rest.baseAddress, rest.count, flags)
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN { throw BenchError("the broker took nothing for \(Self.patience) s") }
                throw BenchError("the connection broke while writing: \(Self.lastError)")
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Waits for octets; returns how many came, at least one.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(BenchError) -> Int {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return count }
            if count == 0 { throw BenchError("the broker closed the connection without a word") }
            if errno == EINTR { continue }
            if errno == EAGAIN { throw BenchError("nothing came for \(Self.patience) s") }
            throw BenchError("the connection broke while reading: \(Self.lastError)")
        }
    }
}
