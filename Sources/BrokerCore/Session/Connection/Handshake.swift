import AMQPWire

/// How a connection is opened: header, start, login, tune, open (AMQP 0-9-1, 2.2.4).
///
/// It decides and does nothing: ``BrokerConnection`` carries out what it says.
struct Handshake {
    /// What is expected next.
    enum Step: Equatable {
        case header, startOk
        /// From whoever checks the password; the client has to wait.
        case loginCheck(Login)
        case tuneOk, open
    }

    private(set) var step = Step.header

    /// What the connection is to do.
    enum Outcome {
        case ignore
        case send(ConnectionTune)
        /// Have the password checked, then call ``finishLogin(isRight:_:isLoopback:)``.
        case check(@Sendable () -> Bool)
        /// Take over the limits that were agreed on.
        case agreed(ConnectionTuneOk)
        case open(ConnectionOpen)
        /// End the stream. A client that asked for it (RabbitMQ: "Authentication Failure Notifications") is told why
        /// its login failed; every other violation ends without a word.
        case refuse(reason: String, tell: BrokerError? = nil)
    }

    /// What the client has said about itself so far.
    private(set) var user = ""
    private(set) var clientProperties: FieldTable = [:]

    /// The name whose password is being checked.
    var nameToCheck: String { if case .loginCheck(let login) = step { login.name } else { "" } }

    // MARK: Header

    /// Takes the protocol header. nil: this is no AMQP that is spoken here.
    mutating func begin(_ header: [UInt8], _ configuration: BrokerConfiguration) -> ConnectionStart? {
        // 0-9-1, and 0-9 as RabbitMQ takes it too: on the wire they are the same.
        guard
            header == ProtocolHeader.amqp091
                || header == Array("AMQP".utf8) + [1, 1, 0, 9] && !quirk(.onlyOneHeaderIsTaken)
                || header.dropLast() == ProtocolHeader.amqp091.dropLast() && quirk(.headerRevisionIsNotCompared)
        else { return nil }
        step = .startOk
        let mechanisms = Login.offered(configuration).map(\.rawValue).joined(separator: " ")
        return ConnectionStart(
            serverProperties: [
                "capabilities": .table(FieldTable(Self.capabilities.map { .init($0, true) })),
                "product": .string(configuration.product.name),
                "version": .string(configuration.product.version),
                "platform": "Swift",
                "copyright": "The authors of Messaging Patterns in Swift",
                "information": .string(BrokerProduct.information),
            ],
            mechanisms: Array(mechanisms.utf8), locales: Array("en_US".utf8))
    }

    /// The extensions that are there, by RabbitMQ's names for them.
    static let capabilities: [ShortString] = [
        "publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify",
        "connection.blocked", "consumer_priorities", "authentication_failure_close", "per_consumer_qos",
        "direct_reply_to",
    ]

    // MARK: Frames

    /// Takes a frame. Throws what the client is told, which from `connection.open` on is everything.
    mutating func receive(
        _ frame: Frame, _ configuration: BrokerConfiguration, isLoopback: Bool
    ) throws(Failure) -> Outcome {
        if frame.kind == .heartbeat, !quirk(.heartbeatEndsTheHandshake) { return .ignore }
        if step == .open, frame.channel != 0, !quirk(.openIsTakenOnAnyChannel) {
            throw Failure(
                BrokerError(.unexpectedFrame, "a frame on channel \(frame.channel) before the connection is open"))
        }
        guard frame.channel == 0 || quirk(.openIsTakenOnAnyChannel), frame.kind == .method,
            let method = try? Method(frame.payload)
        else {
            return .refuse(reason: "another frame came than the one expected while the connection was being opened")
        }
        switch (step, method) {
        case (.startOk, .connectionStartOk(let startOk)):
            return logIn(startOk, configuration, isLoopback: isLoopback)
        case (.tuneOk, .connectionTuneOk(let tuneOk)): return agree(tuneOk, configuration)
        case (.open, .connectionOpen(let open)):
            // Behind the virtual host stand two fields that are reserved: a text, and whether the client insists.
            let rest = frame.payload.dropFirst(5 + open.virtualHost.count)
            if rest.last != 0 && quirk(.insistingIsRefused) || rest.count > 2 && quirk(.capabilitiesOfOpenAreRefused) {
                throw Failure(BrokerError(.notAllowed, "reserved fields"), cause: method.id)
            }
            return .open(open)
        case (.open, _): throw .unexpected(method.id, state: "opening")
        default: return .refuse(reason: "\(method.id) came while the connection was being opened")
        }
    }

    private mutating func logIn(
        _ startOk: ConnectionStartOk, _ configuration: BrokerConfiguration, isLoopback: Bool
    ) -> Outcome {
        clientProperties = startOk.clientProperties
        guard let login = Login(startOk, configuration), startOk.locale == "en_US" || !quirk(.localeHasToBeOffered)
        else {
            return .refuse(
                reason: "not an answer to mechanism \(LogEvent.quoted(startOk.mechanism.text)), or it is not offered")
        }
        return goOn(with: login, login.begin(configuration, isLoopback: isLoopback), configuration)
    }

    /// The password was checked.
    mutating func finishLogin(isRight: Bool, _ configuration: BrokerConfiguration, isLoopback: Bool) -> Outcome {
        guard case .loginCheck(let login) = step else { return .ignore }
        return goOn(
            with: login, login.decide(isRight: isRight, configuration, isLoopback: isLoopback), configuration)
    }

    private mutating func goOn(
        with login: Login, _ decision: Login.Decision, _ configuration: BrokerConfiguration
    ) -> Outcome {
        switch decision {
        case .check(let check):
            step = .loginCheck(login)
            return .check(check)
        case .accepted(let name):
            user = name
            step = .tuneOk
            return .send(
                ConnectionTune(
                    channelMax: configuration.channelMax, frameMax: configuration.frameMax,
                    heartbeat: configuration.heartbeat))
        case .refused(let error, let reason): return .refuse(reason: "login failed: \(reason)", tell: error)
        }
    }

    /// RabbitMQ takes 0 for "no limit" and refuses it, as it refuses what is above its own limit; and a frame must not
    /// be too small. Any heartbeat goes.
    private mutating func agree(_ asked: ConnectionTuneOk, _ configuration: BrokerConfiguration) -> Outcome {
        var tuneOk = asked
        if asked.channelMax == 0, quirk(.channelMaxZeroIsNoLimit) { tuneOk.channelMax = configuration.channelMax }
        if asked.frameMax == 0, quirk(.frameMaxZeroIsNoLimit) { tuneOk.frameMax = configuration.frameMax }
        guard (1...configuration.channelMax).contains(tuneOk.channelMax),
            (configuration.dialect.smallestFrameMax...configuration.frameMax).contains(tuneOk.frameMax),
            tuneOk.frameMax > configuration.dialect.smallestFrameMax || !quirk(.smallestFrameMaxIsRefused)
        else {
            return .refuse(
                reason: "channel-max \(tuneOk.channelMax) or frame-max \(tuneOk.frameMax) is not within what is offered"
            )
        }
        step = .open
        return .agreed(tuneOk)
    }
}
