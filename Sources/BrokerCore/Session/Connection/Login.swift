import AMQPWire

/// A client's attempt to log in: what it says in `connection.start-ok` (AMQP 0-9-1, 1.4.2.3).
///
/// `connection.secure` is never sent: none of the mechanisms has more than one step.
struct Login: Equatable {
    let mechanism: Mechanism
    let name: String
    let password: [UInt8]

    /// The SASL mechanisms (RFC 4422; RabbitMQ: "Authentication").
    enum Mechanism: String, CaseIterable {
        case plain = "PLAIN"
        /// A field table with LOGIN and PASSWORD, from before AMQP knew SASL.
        case amqplain = "AMQPLAIN"
        /// No password at all (RFC 4505). It logs in whom the configuration names; from 4.0 on, as on RabbitMQ, that is
        /// `guest` unless it names another, and as long as there is that user.
        case anonymous = "ANONYMOUS"
    }

    /// What `connection.start` names, in this order.
    static func offered(_ configuration: BrokerConfiguration) -> [Mechanism] {
        Mechanism.allCases.filter { $0 != .anonymous || anonymousUser(of: configuration) != nil }
    }

    private static func anonymousUser(of configuration: BrokerConfiguration) -> String? {
        if let name = configuration.anonymousUser { return name }
        let guest = configuration.dialect.anonymousUser
        return configuration.users.contains { $0.name == guest } ? guest : nil
    }

    /// nil: the mechanism is not offered, or this is no answer to it.
    init?(_ startOk: ConnectionStartOk, _ configuration: BrokerConfiguration) {
        guard let mechanism = Mechanism(rawValue: startOk.mechanism.text),
            Self.offered(configuration).contains(mechanism)
        else { return nil }
        self.mechanism = mechanism
        switch mechanism {
        case .plain:
            // Who to act for, who one is, the password, separated by zeros (RFC 4616). Nobody acts for another here, as on
            // RabbitMQ, and a password has no zeros.
            let most = startOk.response.count(where: { $0 == 0 }) > 2 && quirk(.passwordsHaveZeros) ? 2 : 3
            let parts = startOk.response.split(separator: 0, maxSplits: most, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0].isEmpty || quirk(.firstPartOfPlainIsPassedOver) else { return nil }
            (name, password) = (String(decoding: parts[1], as: UTF8.self), Array(parts[2]))
        case .amqplain:
            // A table without its length.
            var writer = ByteWriter()
            writer.longString(startOk.response)
            var reader = ByteReader(writer.octets)
            guard let table = try? reader.table(),
                table.fields.first?.name == "LOGIN" || !quirk(.amqplainWantsItsOrder),
                case .longString(let user)? = table["LOGIN"],
                case .longString(let password)? = table["PASSWORD"]
            else { return nil }
            (name, self.password) = (String(decoding: user, as: UTF8.self), password)
        case .anonymous:
            // The response may say who it is, for the log only; it would be the client's word.
            (name, password) = (Self.anonymousUser(of: configuration) ?? "", [])
        }
    }

    /// What comes of it.
    enum Decision {
        /// The user of this name is logged in.
        case accepted(String)
        /// Whoever runs the core is to check it; then ``decide(isRight:_:isLoopback:)`` goes on.
        case check(@Sendable () -> Bool)
        /// What the client is told, and what only the log is.
        case refused(BrokerError, reason: String)
    }

    func begin(_ configuration: BrokerConfiguration, isLoopback: Bool) -> Decision {
        if mechanism == .anonymous {
            return decide(isRight: user(in: configuration) != nil, configuration, isLoopback: isLoopback)
        }
        switch configuration.users.passwordCheck(name, password) {
        case .known(let isRight): return decide(isRight: isRight, configuration, isLoopback: isLoopback)
        case .costly(let check): return .check(check)
        }
    }

    /// Goes on when the password was checked.
    func decide(isRight: Bool, _ configuration: BrokerConfiguration, isLoopback: Bool) -> Decision {
        let refused = "Login was refused using authentication mechanism \(mechanism.rawValue)"
        guard let user = user(in: configuration), isRight else {
            return .refused(
                BrokerError(.accessRefused, "\(refused). For details see the broker logfile."),
                reason: "user \(LogEvent.quoted(name)) and password don't match")
        }
        guard isLoopback || !user.loopbackOnly else {
            return .refused(
                BrokerError(.accessRefused, "\(refused): user '\(name)' can only connect via localhost"),
                reason: "user \(LogEvent.quoted(name)) may only log in from this machine")
        }
        return .accepted(name)
    }

    private func user(in configuration: BrokerConfiguration) -> BrokerConfiguration.User? {
        configuration.users.first { $0.name == name }
    }
}
