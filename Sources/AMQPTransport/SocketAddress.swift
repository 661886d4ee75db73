import Platform

/// An IP address and a port, as the `sockaddr` of the system calls.
struct SocketAddress: Sendable, Equatable {
    private let bytes: [UInt8]
    let family: Int32

    private init(_ pointer: UnsafePointer<sockaddr>, _ size: socklen_t) {
        bytes = Array(UnsafeRawBufferPointer(start: pointer, count: Int(size)))
        family = Int32(pointer.pointee.sa_family)
    }

    var isIPv6: Bool { family == AF_INET6 }

    func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        // A sockaddr_storage has the alignment that every kind of sockaddr needs.
        var storage = sockaddr_storage()
        return withUnsafeMutableBytes(of: &storage) { storage in
            storage.copyBytes(from: bytes.prefix(storage.count))
            // Bound memory of at least a sockaddr's size: the raw buffer is a whole sockaddr_storage.
            return storage.withMemoryRebound(to: sockaddr.self) { buffer in
                guard let base = buffer.baseAddress else { preconditionFailure("a sockaddr_storage has an address") }
                return body(base, socklen_t(bytes.count))
            }
        }
    }

    /// The address of this end of a socket, or of the peer's.
    static func ofThisEnd(_ fd: Int32) -> SocketAddress? { ask(fd, getsockname) }
    static func ofPeer(_ fd: Int32) -> SocketAddress? { ask(fd, getpeername) }

    private static func ask(
        _ fd: Int32, _ call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> SocketAddress? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                call(fd, pointer, &size) == 0 ? SocketAddress(pointer, size) : nil
            }
        }
    }

    /// The numeric address and port.
    private var parts: (host: String, port: String) {
        var host = [CChar](repeating: 0, count: 128)
        var port = [CChar](repeating: 0, count: 16)
        let hostSize = socklen_t(host.count)
        let portSize = socklen_t(port.count)
        let result = withSockaddr {
            getnameinfo($0, $1, &host, hostSize, &port, portSize, NI_NUMERICHOST | NI_NUMERICSERV)
        }
        return result == 0 ? (Self.string(host), Self.string(port)) : ("?", "0")
    }

    private static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    var port: Int { Int(parts.port) ?? 0 }

    /// 127.0.0.0/8 and ::1, the former also as an IPv4 address in an IPv6 one.
    var isLoopback: Bool {
        let host = parts.host
        return host == "::1" || host.hasPrefix("127.") || host.hasPrefix("::ffff:127.")
    }

    /// `127.0.0.1:5672`, `[::1]:5672`.
    var text: String {
        let (host, port) = parts
        return isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// The address without the port. Of an IPv6 address only the network, 64 bits: all of its addresses are mostly one
    /// machine's.
    var source: String {
        let host = parts.host
        // sockaddr_in6 keeps the address in octets 8 to 23.
        guard isIPv6, !host.hasPrefix("::"), bytes.count >= 24 else { return host }
        return bytes[8..<16].map { String($0, radix: 16) }.joined(separator: ".")
    }

    /// The addresses of a host, in the order in which to try them. Blocks while a name server is asked, unless
    /// `numericOnly`: then only an address in figures is understood.
    /// - Parameter host: a name or an address; empty for every interface, with `toListen`.
    static func resolve(
        host: String, port: Int, toListen: Bool = false, numericOnly: Bool = false
    ) throws(TransportError) -> [SocketAddress] {
        guard (0...65535).contains(port), toListen || port > 0 else {
            throw .other(host: host, port: port, reason: "a port is a number from \(toListen ? 0 : 1) to 65535")
        }
        guard !host.utf8.contains(0) else {
            throw .unknownHost(host: host, port: port, reason: "the name contains a zero octet")
        }
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if os(Linux)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        hints.ai_flags = AI_NUMERICSERV | (toListen ? AI_PASSIVE : 0) | (numericOnly ? AI_NUMERICHOST : 0)
        var list: UnsafeMutablePointer<addrinfo>?
        let result =
            host.isEmpty && toListen
            ? getaddrinfo(nil, String(port), &hints, &list)
            : getaddrinfo(host, String(port), &hints, &list)
        guard result == 0 else {
            let reason = gai_strerror(result).map { String(cString: $0) } ?? "error \(result)"
            throw .unknownHost(host: host, port: port, reason: reason)
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            if let pointer = entry.ai_addr {
                let address = SocketAddress(pointer, entry.ai_addrlen)
                if !addresses.contains(address) { addresses.append(address) }
            }
            next = entry.ai_next
        }
        guard !addresses.isEmpty else {
            throw .unknownHost(host: host, port: port, reason: "the name has no address")
        }
        return addresses
    }

    /// The same address with another port.
    func with(port: Int) -> SocketAddress {
        // Both sockaddr_in and sockaddr_in6 keep the port in octets 2 and 3, in network order.
        var copy = bytes
        copy[2] = UInt8(truncatingIfNeeded: port >> 8)
        copy[3] = UInt8(truncatingIfNeeded: port)
        return SocketAddress(bytes: copy, family: family)
    }

    private init(bytes: [UInt8], family: Int32) {
        self.bytes = bytes
        self.family = family
    }
}
