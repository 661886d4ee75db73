/// Why a connection or a listener could not be made.
public enum TransportError: Error, Sendable, Equatable {
    /// Nobody listens at that address.
    case refused(host: String, port: Int)
    /// The name does not resolve. `reason` is the resolver's text.
    case unknownHost(host: String, port: Int, reason: String)
    /// No answer in time.
    case timedOut(host: String, port: Int, milliseconds: Int)
    /// Another program listens on that port.
    case addressInUse(host: String, port: Int)
    /// The operating system does not let this user do it: a port below 1024, a firewall rule.
    case permission(host: String, port: Int)
    /// The task that was connecting has been cancelled.
    case cancelled(host: String, port: Int)
    /// Anything else, with the operating system's text.
    case other(host: String, port: Int, reason: String)
}

extension TransportError: CustomStringConvertible {
    /// One sentence that names host and port.
    public var description: String {
        switch self {
        case .refused(let host, let port):
            "Connection refused: no program listens on \(endpoint(host, port))."
        case .unknownHost(let host, let port, let reason):
            "Unknown host in \(endpoint(host, port)): \(reason)."
        case .timedOut(let host, let port, let milliseconds):
            "No answer from \(endpoint(host, port)) within \(milliseconds) ms."
        case .addressInUse(let host, let port):
            "Cannot listen on \(endpoint(host, port)): the port is already in use."
        case .permission(let host, let port):
            "Not permitted to use \(endpoint(host, port))."
        case .cancelled(let host, let port):
            "The attempt to connect to \(endpoint(host, port)) was cancelled."
        case .other(let host, let port, let reason):
            "Cannot use \(endpoint(host, port)): \(reason)."
        }
    }
}

extension TransportError {
    /// The error that stands for an `errno` of `connect`, `bind` or `listen`.
    init(errno code: Int32, host: String, port: Int) {
        switch code {
        case Errno.refused: self = .refused(host: host, port: port)
        case Errno.addressInUse: self = .addressInUse(host: host, port: port)
        case Errno.access, Errno.notPermitted: self = .permission(host: host, port: port)
        default: self = .other(host: host, port: port, reason: Errno.text(code))
        }
    }
}

/// `localhost:5672`, `[::1]:5672`, `*:5672` for every interface.
private func endpoint(_ host: String, _ port: Int) -> String {
    if host.isEmpty { return "*:\(port)" }
    return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
}
