import AMQPTLS
import AMQPTransport
import AMQPWire

/// Where to connect to and what to ask for. The defaults are those of RabbitMQ's own clients.
public struct ConnectionConfiguration: Sendable {
    /// A name, or an address of IPv4 or IPv6, without brackets. The addresses of a name are tried in turn, as
    /// ``Connection/open(_:)-(String)`` says.
    public var host = "localhost"
    /// 1 to 65535.
    public var port = 5672
    /// Without zero octets, as the password (RFC 4616).
    public var user = "guest"
    /// In clear on the way, unless there is ``tls``.
    public var password = "guest"
    /// At most 255 octets (RabbitMQ, page "Virtual Hosts").
    public var virtualHost = "/"

    /// Encrypts the connection, to a port that is for TLS: 5671 is usual. nil: it is not encrypted. `amqps://` in a URI sets
    /// both.
    public var tls: TLSConfiguration?
    /// How the client says who it is (SASL; RabbitMQ: "Authentication").
    public var authMechanism = AuthMechanism.plain

    /// The login mechanisms that this client knows, by the names that brokers have for them.
    public enum AuthMechanism: String, Sendable, CaseIterable {
        /// ``user`` and ``password``.
        case plain = "PLAIN"
        /// The certificate that was given in the TLS handshake. RabbitMQ: plugin `rabbitmq_auth_mechanism_ssl`.
        case external = "EXTERNAL"
    }

    /// Seconds between heartbeats to ask for, 0 to 65535; 0 turns them off. The broker may ask for fewer.
    /// A peer that is silent for twice as long counts as gone.
    public var heartbeat = 60
    /// The most channels to ask for, 0 to 65535; 0 leaves it to the broker.
    public var channelMax = 2047
    /// Octets of the largest frame to ask for, its overhead included: 0, which leaves it to the broker, or at least 4096.
    public var frameMax = 131_072

    /// For connecting and logging in together: 1 ms to 24 days, in whole milliseconds. RabbitMQ holds its answer to a wrong password back for
    /// about a second, three with some mechanisms; a shorter timeout hides its reason.
    public var connectionTimeout: Duration {
        get { .milliseconds(connectionMilliseconds) }
        set { connectionMilliseconds = Int(newValue.milliseconds) }
    }
    /// How long to wait for the answer to a method: up to 24 days, in whole milliseconds; zero waits forever.
    public var rpcTimeout: Duration {
        get { .milliseconds(rpcMilliseconds) }
        set { rpcMilliseconds = Int(newValue.milliseconds) }
    }
    /// How long to wait for the confirm of a published message: up to 24 days, in whole milliseconds; zero waits forever.
    /// Longer than ``rpcTimeout``, as a broker under load may rightly take its time before it says that a message is safe.
    public var confirmTimeout: Duration {
        get { .milliseconds(confirmMilliseconds) }
        set { confirmMilliseconds = Int(newValue.milliseconds) }
    }

    /// Octets of unsent output at which publishing waits until the stream has taken them.
    public var outputHighWaterMark = 1 << 20
    /// Octets of deliveries, with about 512 counted for each on top, that may wait in this process for their consumers
    /// to take them. At that mark the client stops reading from the connection. See ``Consumer``.
    public var deliveryBufferLimit = 16 << 20
    /// What publishing does while the broker has blocked the connection (`connection.blocked`): wait, or fail with
    /// ``AMQPError/Kind/blocked``.
    public var publishWaitsWhileBlocked = true

    /// A name for the broker's listings and logs.
    public var connectionName: String?
    /// Further client properties; those named here go before the client's own.
    public var clientProperties: FieldTable = [:]
    /// For tracing and metrics.
    public var hooks = Hooks()
    /// Where timeouts and heartbeats get their time from.
    package var time: any TimeSource = SystemTime.shared

    /// Numbers of their own: a `Duration` divides 128 bits for each publish.
    private(set) var connectionMilliseconds = 10_000
    private(set) var rpcMilliseconds = 20_000
    private(set) var confirmMilliseconds = 60_000

    /// A broker on this machine, as `guest`.
    public init() {}
}

extension ConnectionConfiguration {
    /// Throws when a number is out of the range that the protocol can carry, or a text holds what it can't.
    func validate() throws(AMQPError) {
        func check(
            _ value: Int, _ range: ClosedRange<Int>, _ what: String, _ unit: String = ""
        ) throws(AMQPError) {
            guard range.contains(value) else {
                throw .badArgument(
                    "\(what) is \(value)\(unit); it must be \(range.lowerBound) to \(range.upperBound)\(unit)")
            }
        }
        try check(port, 1...65535, "The port")
        try check(heartbeat, 0...65535, "The heartbeat")
        try check(channelMax, 0...65535, "channel_max")
        if frameMax != 0 { try check(frameMax, Int(Frame.minimumMax)...Int(Int32.max), "frame_max") }
        try check(connectionMilliseconds, 1...Int(Int32.max), "The connection timeout", " ms")
        try check(rpcMilliseconds, 0...Int(Int32.max), "The timeout of a method", " ms")
        try check(confirmMilliseconds, 0...Int(Int32.max), "The timeout of a confirm", " ms")
        _ = try ShortString(virtualHost, as: "virtual host")
        // It divides the two in the login (RFC 4616): another user would log in.
        for (what, text) in [("user", user), ("password", password)] where text.utf8.contains(0) {
            throw .badArgument("The \(what) has a zero octet")
        }
    }

    /// What RabbitMQ's Java client announces: without the capabilities a broker keeps cancel notifications, blocked
    /// notifications and the reason of a refused login to itself.
    var announcedProperties: FieldTable {
        var table = clientProperties
        let own: [(ShortString, FieldValue)] = [
            ("product", "messaging-patterns"), ("version", .string(Product.version)), ("platform", "Swift"),
            ("copyright", "the authors of messaging-patterns"), ("information", "AMQP 0-9-1 client of the workbook"),
            (
                "capabilities",
                [
                    "publisher_confirms": true, "exchange_exchange_bindings": true, "basic.nack": true,
                    "consumer_cancel_notify": true, "connection.blocked": true, "authentication_failure_close": true,
                ]
            ),
        ]
        for (name, value) in own where table[name] == nil { table[name] = value }
        if let connectionName { table["connection_name"] = .string(connectionName) }
        return table
    }
}

extension SystemTime {
    /// One clock for all connections: each `SystemTime` owns a queue.
    static let shared = SystemTime()
}
