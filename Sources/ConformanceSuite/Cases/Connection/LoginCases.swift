import AMQPWire
import Testing

@Suite("Logging in") struct LoginCases {
    @Test(
        "A mechanism that was not offered ends the stream, with nothing more sent",
        .proves("connection.mechanism-not-offered", ["connection.start-ok.mechanism/validity"]))
    func mechanismNotOffered() async throws {
        var handshake = try Probe.handshake()
        handshake.mechanism = "NONESUCH"
        expect(try await answer(to: handshake), .hangUp)
    }

    @Test(
        "A wrong password closes the connection with 403 when the client has said that it understands that",
        .proves(
            "connection.wrong-password",
            ["rabbitmq/auth-failure-close/opted-in", "rabbitmq/capabilities/client-opt-in"]))
    func wrongPassword() async throws {
        var handshake = try Probe.handshake()
        handshake.login.password = unique("wrong").text
        expect(try await answer(to: handshake), .connectionClose(.accessRefused))
    }

    @Test(
        "A wrong password just ends the stream when the client has not said that it understands more",
        .proves(
            "connection.wrong-password-without-capability",
            [
                "rabbitmq/auth-failure-close/legacy", "rabbitmq/capabilities/client-opt-in",
                "spec/2.2.4/no-handshake-before-open",
            ]))
    func wrongPasswordWithoutCapability() async throws {
        for capabilities: FieldTable in [[:], ["authentication_failure_close": false]] {
            var handshake = try Probe.handshake()
            handshake.capabilities = capabilities
            handshake.login.password = unique("wrong").text
            expect(try await answer(to: handshake), .hangUp)
        }
    }

    @Test(
        "An unknown user is refused just as a wrong password is",
        .proves("connection.unknown-user", ["rabbitmq/auth-failure-close/opted-in"]))
    func unknownUser() async throws {
        var texts: [ShortString] = []
        for (user, password) in [(unique("nobody").text, "guest"), (try Probe.handshake().login.user, "not the word")] {
            var handshake = try Probe.handshake()
            handshake.login = Login(user: user, password: password)
            let probe = try await Probe.raw()
            _ = try await probe.greet()
            probe.send(handshake.startOk)
            guard
                case .method(.connectionClose(let close), _) = try await probe.event(
                    "connection.close", where: \.isClose)
            else { return note(.failed, "expected a connection.close") }
            #expect(close.replyCode == .accessRefused)
            texts.append(close.replyText)
        }
        #expect(texts[0] == texts[1], "the texts tell which users there are")
    }

    @Test(
        "A response that is not one of the mechanism's ends the stream",
        .proves("connection.malformed-response", ["spec/2.2.4/no-handshake-before-open"]))
    func malformedResponse() async throws {
        var handshake = try Probe.handshake()
        handshake.response = Array("guest guest".utf8)
        expect(try await answer(to: handshake), .hangUp)
    }

    @Test(
        "PLAIN's response is a zero, the name, a zero and the password, and nothing else",
        .proves("connection.malformed-plain", ["rabbitmq/plain/form", "spec/2.2.4/no-handshake-before-open"]))
    func malformedPlain() async throws {
        let login = try Probe.handshake().login
        let right = "\(login.user)\0\(login.password)"
        // RabbitMQ takes its time to refuse one, so they come at once.
        async let bare = answer(toPlain: right)
        async let forAnother = answer(toPlain: "\(login.user)\0\(right)")
        async let withMore = answer(toPlain: "\0\(right)\0more")
        async let cut = answer(toPlain: "\0\(login.user)")
        for outcome in try await [bare, forAnother, withMore, cut] { expect(outcome, .hangUp) }
    }

    private func answer(toPlain response: String) async throws -> Outcome {
        var handshake = try Probe.handshake()
        handshake.response = Array(response.utf8)
        return try await answer(to: handshake)
    }

    @Test(
        "ANONYMOUS logs in as guest, without a name and a password",
        .proves(
            "connection.anonymous", ["rabbitmq/anonymous/guest"],
            rabbitmq: .before("4.0", "It is not offered, and ends the stream.")))
    func anonymous() async throws {
        let probe = try await Probe.raw()
        let start = try await probe.greet()
        let isOffered = start.mechanisms.split(separator: UInt8(ascii: " ")).contains(Array("ANONYMOUS".utf8)[...])
        expect(isOffered, spec: true, rabbitmq: false, before: "4.0", "ANONYMOUS is offered:")
        var handshake = try Probe.handshake()
        (handshake.mechanism, handshake.response) = ("ANONYMOUS", [])
        expect(try await answer(to: handshake), .ok, rabbitmq: .hangUp, before: "4.0")
        guard isOffered else { return }
        let channel = try await Probe.connect { ($0.mechanism, $0.response) = ("ANONYMOUS", []) }.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("signed", to: "", queue, BasicProperties(userID: "guest"))
        #expect(try await channel.drain(queue) == ["signed"])
    }

    @Test(
        "AMQPLAIN, where it is offered, logs in as well as PLAIN does",
        .proves("connection.amqplain", ["connection.start-ok.mechanism/validity"]))
    func amqplain() async throws {
        let probe = try await Probe.raw()
        let start = try await probe.greet()
        guard start.mechanisms.split(separator: UInt8(ascii: " ")).contains(Array("AMQPLAIN".utf8)[...]) else {
            return inform("AMQPLAIN is not offered")
        }
        var handshake = try Probe.handshake()
        handshake.mechanism = "AMQPLAIN"
        var writer = ByteWriter()
        writer.table(["LOGIN": .string(handshake.login.user), "PASSWORD": .string(handshake.login.password)])
        // A table without its count.
        handshake.response = Array(writer.octets.dropFirst(4))
        probe.send(handshake.startOk)
        _ = try await probe.receive(ConnectionTune.self)
    }

    @Test(
        "A message's user-id may be who the connection has logged in as",
        .proves("connection.own-user-id", ["rabbitmq/validated-user-id/match"]))
    func ownUserID() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let user = try ShortString(Probe.handshake().login.user)
        channel.publish("signed", to: "", queue, BasicProperties(userID: user))
        let message = try #require(try await channel.get(queue))
        #expect(message.properties.userID == user)
    }

    @Test(
        "A message's user-id may not be anybody else's",
        .proves("connection.anothers-user-id", ["rabbitmq/validated-user-id/mismatch"]))
    func anothersUserID() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("forged", to: "", queue, BasicProperties(userID: "somebody else"))
        expect(try await channel.outcome(cause: BasicPublish.id), .channelClose(.preconditionFailed))
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "No user-id is asked for, and none is added",
        .proves("connection.no-user-id", ["rabbitmq/validated-user-id/absent"]))
    func noUserID() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("unsigned", to: "", queue, BasicProperties(type: "plain"))
        #expect(try await channel.get(queue)?.properties == BasicProperties(type: "plain"))
    }

    @Test(
        "A new secret is taken on an open connection, and its channels live on",
        .proves("connection.update-secret", ["rabbitmq/connection.update-secret/ok"]))
    func updateSecret() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.probe.send(ConnectionUpdateSecret(newSecret: Array("new".utf8), reason: "the old one runs out"))
        _ = try await channel.probe.receive(ConnectionUpdateSecretOk.self)
        channel.publish("still here", to: "", queue)
        #expect(try await channel.drain(queue) == ["still here"])
    }

    @Test(
        "A new secret before the connection is open is an error",
        .proves("connection.update-secret-too-early", ["rabbitmq/connection.update-secret/too-early"]))
    func updateSecretTooEarly() async throws {
        let probe = try await Probe.raw()
        let handshake = try Probe.handshake()
        probe.send(handshake.tuneOk(try await probe.authenticate(handshake)))
        probe.send(ConnectionUpdateSecret(newSecret: Array("new".utf8), reason: "too early"))
        expect(try await probe.outcome(cause: ConnectionUpdateSecret.id), .connectionClose(.channelError))
    }

    /// What comes of start-ok: connection.tune is "taken".
    private func answer(
        to handshake: Handshake, at place: SourceLocation = #_sourceLocation
    ) async throws -> Outcome {
        let probe = try await Probe.raw()
        _ = try await probe.greet()
        probe.send(handshake.startOk)
        return try await probe.outcome(
            on: 0, until: { $0.method?.id == ConnectionTune.id }, cause: nil, at: place)
    }
}

@Suite("Capabilities") struct CapabilityCases {
    @Test(
        "The broker names the extensions that it has",
        .proves("connection.capabilities", ["rabbitmq/capabilities/advertised"]))
    func capabilities() async throws {
        let table = try await Probe.raw().greet().serverProperties["capabilities"]?.table
        let capabilities = try #require(table, "there is no table of capabilities")
        for name: ShortString in [
            "publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify",
            "connection.blocked", "consumer_priorities", "authentication_failure_close", "per_consumer_qos",
            "direct_reply_to",
        ] {
            #expect(capabilities[name] == true, "\(name) is not announced")
        }
    }

    @Test(
        "Each extension that is announced works",
        .proves("connection.capabilities-honoured", ["rabbitmq/capabilities/honoured"]))
    func honoured() async throws {
        let announced = try await Probe.raw().greet().serverProperties["capabilities"]?.table ?? [:]
        let claims: [(ShortString, @Sendable (ProbeChannel, ShortString) async throws -> Bool)] = [
            ("publisher_confirms", Self.confirms), ("basic.nack", Self.nacks),
            ("exchange_exchange_bindings", Self.bindsExchanges), ("consumer_cancel_notify", Self.notifies),
            ("consumer_priorities", Self.prefers), ("per_consumer_qos", Self.limitsEach),
            ("direct_reply_to", Self.repliesDirectly),
        ]
        for (name, works) in claims where announced[name] == true {
            let channel = try await Probe.openChannel()
            let queue = try await channel.declareQueue()
            #expect(try await works(channel, queue), "\(name) is announced, and does not work")
        }
    }

    private static func confirms(_ channel: ProbeChannel, _ queue: ShortString) async throws -> Bool {
        try await channel.confirmSelect()
        channel.publish(to: "", queue)
        return try await channel.confirm().isAck
    }

    private static func nacks(_ channel: ProbeChannel, _ queue: ShortString) async throws -> Bool {
        channel.publish(to: "", queue)
        guard let message = try await channel.get(queue, noAck: false) else { return false }
        channel.nack(message, requeue: true)
        return try await channel.get(queue) != nil
    }

    private static func bindsExchanges(_ channel: ProbeChannel, _ queue: ShortString) async throws -> Bool {
        let (source, destination) = (
            try await channel.declareExchange("fanout"), try await channel.declareExchange("fanout")
        )
        _ = try await channel.call(ExchangeBind(destination: destination, source: source), ExchangeBindOk.self)
        try await channel.bind(queue, to: destination)
        channel.publish(to: source)
        return try await channel.get(queue) != nil
    }

    private static func notifies(_ channel: ProbeChannel, _ queue: ShortString) async throws -> Bool {
        try await channel.consume(queue, tag: "consumer")
        channel.send(QueueDelete(queue: queue))
        return try await channel.receive(BasicCancel.self).consumerTag == "consumer"
    }

    private static func prefers(_ channel: ProbeChannel, _ queue: ShortString) async throws -> Bool {
        try await channel.consume(queue, tag: "low", noAck: true, arguments: ["x-priority": -1])
        try await channel.consume(queue, tag: "high", noAck: true, arguments: ["x-priority": 1])
        for _ in 1...4 { channel.publish(to: "", queue) }
        return try await channel.deliveries(4).allSatisfy { $0.consumerTag == "high" }
    }

    private static func limitsEach(_ channel: ProbeChannel, _ queue: ShortString) async throws -> Bool {
        try await channel.qos(1)
        try await channel.consume(queue, tag: "one")
        try await channel.consume(queue, tag: "two")
        for _ in 1...3 { channel.publish(to: "", queue) }
        return Set(try await channel.deliveries(2).map(\.consumerTag)) == ["one", "two"]
    }

    private static func repliesDirectly(_ channel: ProbeChannel, _ queue: ShortString) async throws -> Bool {
        try await channel.consume("amq.rabbitmq.reply-to", noAck: true)
        channel.publish("question", to: "", queue, BasicProperties(replyTo: "amq.rabbitmq.reply-to"))
        guard let replyTo = try await channel.get(queue)?.properties.replyTo else { return false }
        channel.publish("answer", to: "", replyTo)
        return try await channel.delivery().text == "answer"
    }

    @Test(
        "Unknown capabilities and properties are ignored",
        .proves("connection.unknown-capabilities", ["rabbitmq/capabilities/ignored-unknown"]))
    func unknownCapabilities() async throws {
        let channel = try await Probe.connect {
            $0.capabilities["unheard.of"] = true
            $0.capabilities["consumer_cancel_notify"] = "yes, please"
            $0.clientProperties["unheard-of"] = ["nested": ["deeper": [1, "two", nil, 3.5]]]
        }.openChannel()
        try await channel.barrier()
    }

    @Test(
        "A client without any properties is welcome",
        .proves("connection.no-client-properties", ["rabbitmq/capabilities/ignored-unknown"]))
    func noClientProperties() async throws {
        let channel = try await Probe.connect {
            $0.capabilities = [:]
            $0.clientProperties = [:]
        }.openChannel()
        try await channel.barrier()
    }
}
