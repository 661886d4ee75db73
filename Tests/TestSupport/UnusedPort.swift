import Platform

/// A port of 127.0.0.1 that nobody listens on, as long as this lives: bound, so that no other test gets it meanwhile.
package final class UnusedPort: Sendable {
    package let number: Int
    private let descriptor: Int32

    package struct CannotBind: Error { let errno: Int32 }

    package init() throws {
        #if os(Linux)
            let stream = Int32(SOCK_STREAM.rawValue)
        #else
            let stream = SOCK_STREAM
        #endif
        descriptor = socket(AF_INET, stream, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { [descriptor] address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
            }
        }
        number = Int(UInt16(bigEndian: address.sin_port))
        guard code == 0 else { throw CannotBind(errno: errno) }
    }

    deinit { close(descriptor) }
}
