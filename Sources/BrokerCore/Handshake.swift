import AMQPWire

/// How a connection is opened: header, start, tune, open (AMQP 0-9-1, 2.2.4).
struct Handshake {
    /// What is expected next from the client.
    enum Step { case header, startOk, tuneOk, open }

    var step = Step.header

    /// 0-9-1, and 0-9 as RabbitMQ takes it too: on the wire they are the same.
    static func isSpoken(_ header: [UInt8]) -> Bool {
        header == ProtocolHeader.amqp091 || header == Array("AMQP".utf8) + [1, 1, 0, 9]
    }

    /// The extensions that are there, by RabbitMQ's names for them.
    static let capabilities: [ShortString] = [
        "publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify",
        "connection.blocked", "consumer_priorities", "authentication_failure_close", "per_consumer_qos",
        "direct_reply_to",
    ]

    func greeting(_ configuration: BrokerConfiguration) -> ConnectionStart {
        ConnectionStart(
            serverProperties: [
                "capabilities": .table(FieldTable(Self.capabilities.map { .init($0, true) })),
                "product": .string(BrokerProduct.name),
                "version": .string(BrokerProduct.version),
                "platform": "Swift",
                "copyright": "The authors of Messaging Patterns in Swift",
                "information": "A broker to learn with and to test against; see README.md",
            ],
            mechanisms: Array("PLAIN AMQPLAIN".utf8), locales: Array("en_US".utf8))
    }

    enum Login {
        case user(String)
        /// What the client is told, and what only the log is.
        case refused(BrokerError, reason: String)
        /// Not an answer that the mechanism knows, or a mechanism that was not offered.
        case malformed
    }

    func logIn(_ startOk: ConnectionStartOk, configuration: BrokerConfiguration, isLoopback: Bool) -> Login {
        let credentials: (user: [UInt8], password: [UInt8])?
        switch startOk.mechanism {
        case "PLAIN":
            // Who to act for, who one is, the password, separated by zeros (RFC 4616). The first is not looked at.
            let parts = startOk.response.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
            credentials = parts.count == 3 ? (Array(parts[1]), Array(parts[2])) : nil
        case "AMQPLAIN":
            // A table without its length.
            var writer = ByteWriter()
            writer.longString(startOk.response)
            var reader = ByteReader(writer.octets)
            guard let table = try? reader.table(), case .longString(let user)? = table["LOGIN"],
                case .longString(let password)? = table["PASSWORD"]
            else { return .malformed }
            credentials = (user, password)
        default: return .malformed
        }
        guard let credentials else { return .malformed }
        let name = String(decoding: credentials.user, as: UTF8.self)
        guard let user = configuration.users.first(where: { $0.name == name }), user.accepts(credentials.password)
        else {
            return .refused(
                BrokerError(
                    .accessRefused,
                    "Login was refused using authentication mechanism \(startOk.mechanism). For details see the "
                        + "broker logfile."),
                reason: "user \(LogEvent.quoted(name)) and password don't match")
        }
        guard isLoopback || !user.loopbackOnly else {
            return .refused(
                BrokerError(
                    .accessRefused,
                    "Login was refused using authentication mechanism \(startOk.mechanism): user '\(name)' can only "
                        + "connect via localhost"),
                reason: "user \(LogEvent.quoted(name)) may only log in from this machine")
        }
        return .user(name)
    }

    func offer(_ configuration: BrokerConfiguration) -> ConnectionTune {
        ConnectionTune(
            channelMax: configuration.channelMax, frameMax: configuration.frameMax, heartbeat: configuration.heartbeat)
    }

    /// The limits of `tune-ok`; nil when they go over what was offered, or when a frame would be too small.
    ///
    /// RabbitMQ takes 0 for "no limit" and refuses it, as it refuses what is above its own limit. Any heartbeat goes.
    func agree(_ tuneOk: ConnectionTuneOk, configuration: BrokerConfiguration) -> ConnectionTuneOk? {
        guard (1...configuration.channelMax).contains(tuneOk.channelMax),
            (Frame.minimumMax...configuration.frameMax).contains(tuneOk.frameMax)
        else { return nil }
        return tuneOk
    }
}
