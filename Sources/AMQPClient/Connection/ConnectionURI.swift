import AMQPTLS
import AMQPWire

extension ConnectionConfiguration {
    /// Reads a URI as RabbitMQ's pages "URI Specification" and "URI Query Parameters" describe it:
    /// `amqp://user:password@host:port/vhost?heartbeat=10&channel_max=100&frame_max=65536&connection_timeout=5000`.
    ///
    /// `amqps://` is the same over TLS (RabbitMQ: "TLS Support"), by default to port 5671, with
    /// `?cacertfile=/ca.pem&certfile=/client.pem&keyfile=/key.pem`, all PEM; `password`, the key's; `verify=verify_none`,
    /// which checks no certificate, whatever the CA; `server_name_indication=NAME`, if that is not the host, or `disable`. Unlike
    /// RabbitMQ's client, this one checks certificate and name unless told otherwise. `auth_mechanism=external` logs in by
    /// the certificate, without a password.
    ///
    /// Every part may be left out. `%` escapes work in all of them, so the virtual host `/` is `%2f`; an IPv6 address
    /// stands in brackets, its zone behind `%25`. Timeouts are milliseconds, heartbeats seconds. Nothing is ignored: a
    /// parameter that is not known, or is there twice, is an error.
    ///
    /// Two deviations: the specification reads `amqp://host/` as the virtual host with the empty name, which nobody
    /// has and nobody who types that slash means. Here, as in pika, it is `/`. And `auth_mechanism`, which RabbitMQ takes
    /// several times, is one.
    ///
    /// - Throws: ``AMQPError`` of kind `badURI` or `badArgument` that names the part that is wrong, never a password; for a
    ///   query parameter that is not known, those that are.
    public init(uri: String) throws(AMQPError) {
        self.init()
        guard let colon = uri.firstIndex(of: ":"), uri[colon...].hasPrefix("://") else {
            throw .badURI("'\(Self.shown(uri))' is not a URI of the form amqp://host")
        }
        let scheme = uri[..<colon].lowercased()
        switch scheme {
        case "amqp": break
        case "amqps": (port, tls) = (5671, TLSConfiguration())
        default: throw .badURI("The scheme is '\(scheme)'; only amqp and amqps are known")
        }
        let rest = uri[colon...].dropFirst(3)
        if rest.contains("#") { throw .badURI("A fragment ('#') has no meaning here; in a password write %23") }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        // Else a part of a password would pass for a port, a virtual host or a parameter, and errors would show it.
        if !authority.contains("@"), rest.contains("@") {
            throw .badURI("An '@' comes after a '/' or '?'; inside user and password these are written %2f and %3f")
        }
        // The last '@' divides: a user name may hold one that somebody forgot to escape.
        let at = authority.lastIndex(of: "@")
        if let at { try readUser(authority[..<at]) }
        try readHost(at.map { authority[authority.index(after: $0)...] } ?? authority)
        let mark = rest.firstIndex(of: "?") ?? rest.endIndex
        try readVirtualHost(rest[authority.endIndex..<mark].dropFirst())
        try readQuery(rest[mark...].dropFirst())
        try validate()
    }

    /// An address, well-formed or not, as an error may show it: without what may be a password, the user's or a key's.
    package static func shown(_ address: String) -> String {
        guard let at = address.lastIndex(of: "@") else { return String(address.prefix { $0 != "?" }) }
        return address.contains("?") ? "…" : "…\(address[at...])"
    }

    private mutating func readUser(_ part: Substring) throws(AMQPError) {
        let colon = part.firstIndex(of: ":")
        user = try decode(part[..<(colon ?? part.endIndex)], "user")
        if let colon { password = try decode(part[part.index(after: colon)...], "password") }
    }

    private mutating func readHost(_ part: Substring) throws(AMQPError) {
        var portPart: Substring = ""
        if part.hasPrefix("[") {
            guard let bracket = part.firstIndex(of: "]") else { throw .badURI("The host's '[' has no ']'") }
            host = try address(part[part.index(after: part.startIndex)..<bracket])
            portPart = part[part.index(after: bracket)...]
            guard host.contains(":") else { throw .badURI("The host '[\(host)]' is not an IPv6 address") }
            guard portPart.isEmpty || portPart.hasPrefix(":") else {
                throw .badURI("The ']' of the host is followed by '\(portPart)' instead of a port")
            }
        } else {
            let colon = part.firstIndex(of: ":") ?? part.endIndex
            host = try decode(part[..<colon], "host")
            portPart = part[colon...]
        }
        if host.isEmpty { host = "localhost" }
        guard !host.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw .badURI("The host '\(host)' has a space or a control character in it; a URI is one address")
        }
        let digits = portPart.dropFirst()
        if digits.contains(":") {
            throw .badURI("The port is '\(digits)'; an IPv6 address as the host is written in brackets, as in [::1]")
        }
        if !digits.isEmpty { port = try number(String(digits), 1...65535, "port") }
    }

    /// An IPv6 address, with its zone behind `%25` (RFC 6874), or behind a bare `%` as people write it.
    private func address(_ part: Substring) throws(AMQPError) -> String {
        guard let percent = part.firstIndex(of: "%"), part[percent...].hasPrefix("%25"), part[percent...].count > 3
        else {
            return String(part)
        }
        return try String(part[..<percent]) + "%" + decode(part[percent...].dropFirst(3), "zone of the host's address")
    }

    private mutating func readVirtualHost(_ part: Substring) throws(AMQPError) {
        if part.isEmpty { return }
        if part.contains("/") { throw .badURI("The virtual host '\(part)' has a '/', which is written %2f") }
        virtualHost = try decode(part, "virtual host")
    }

    private mutating func readQuery(_ query: Substring) throws(AMQPError) {
        var names: Set<String> = []
        for pair in query.split(separator: "&") {
            let equals = pair.firstIndex(of: "=") ?? pair.endIndex
            let name = try decode(pair[..<equals], "name of a query parameter")
            guard names.insert(name).inserted else { throw .badURI("The query parameter \(name) is there twice") }
            let value = try decode(pair[equals...].dropFirst(), "query parameter \(name)")
            switch name {
            case "heartbeat": heartbeat = try number(value, 0...65535, name)
            case "channel_max": channelMax = try number(value, 0...65535, name)
            case "frame_max":
                frameMax = try number(value, 0...Int(Int32.max), name)
                if frameMax != 0, frameMax < Frame.minimumMax {
                    throw .badURI("frame_max is \(frameMax), the protocol's least is \(Frame.minimumMax)")
                }
            case "connection_timeout":
                connectionTimeout = .milliseconds(try number(value, 1...Int(Int32.max), name))
            case "auth_mechanism":
                guard let mechanism = AuthMechanism(rawValue: value.uppercased()) else {
                    throw .badURI("The auth_mechanism is '\(value)'; it must be plain or external")
                }
                authMechanism = mechanism
            default: try readTLS(name, value)
            }
        }
    }

    private static let tlsParameters = [
        "cacertfile", "certfile", "keyfile", "password", "verify", "server_name_indication",
    ]

    private mutating func readTLS(_ name: String, _ value: String) throws(AMQPError) {
        guard Self.tlsParameters.contains(name) else {
            let known = ["heartbeat", "channel_max", "frame_max", "connection_timeout", "auth_mechanism"]
            throw .badURI(
                "There is no query parameter '\(name)'; known are \((known + Self.tlsParameters).joined(separator: ", "))"
            )
        }
        if tls == nil { throw .badURI("The query parameter \(name) is for amqps:// only, and this is amqp://") }
        if value.isEmpty { throw .badURI("The query parameter \(name) is empty") }
        switch name {
        case "cacertfile": tls?.caCertificateFile = value
        case "certfile": tls?.certificateFile = value
        case "keyfile": tls?.keyFile = value
        case "password": tls?.keyPassword = value
        case "verify":
            guard ["verify_peer", "verify_none"].contains(value) else {
                throw .badURI("verify is '\(value)'; it must be verify_peer or verify_none")
            }
            tls?.verifiesPeer = value == "verify_peer"
        default:
            if value == "disable" { tls?.checksServerName = false } else { tls?.serverName = value }
        }
    }

    private func number(_ text: String, _ range: ClosedRange<Int>, _ what: String) throws(AMQPError) -> Int {
        // Digits only: Int would take a sign as well.
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let value = Int(text),
            range.contains(value)
        else {
            throw .badURI(
                "The \(what) is '\(text)'; it must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// Resolves the `%` escapes.
    private func decode(_ part: Substring, _ what: String) throws(AMQPError) -> String {
        guard let octets = PercentCoding.decode(part.utf8) else {
            throw .badURI("The \(what) has a '%' without two hexadecimal digits")
        }
        guard let text = String(validating: octets, as: UTF8.self) else {
            throw .badURI("The \(what) is not UTF-8 once its '%' escapes are resolved")
        }
        // Ends a name for the system and for OpenSSL, and divides user and password in a login.
        guard !octets.contains(0) else { throw .badURI("The \(what) has a zero octet (%00)") }
        return text
    }
}

extension ConnectionConfiguration: CustomStringConvertible {
    /// The URI without passwords and parameters, for logs.
    public var description: String {
        let (user, path) = (PercentCoding.encode(segment: user), PercentCoding.encode(segment: virtualHost))
        let place = host.contains(":") ? "[\(host)]" : host
        return "\(tls == nil ? "amqp" : "amqps")://\(user)@\(place):\(port)/\(path)"
    }
}
