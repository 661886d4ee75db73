import AMQPWire
import Testing

@Suite("Opening a connection") struct ConnectionCases {
    @Test(
        "A protocol header of another version is answered with one that is spoken",
        .proves("connection.other-version", ["connection.start/protocol-name", "spec/4.2.2/reject-header"]))
    func otherVersion() async throws {
        let probe = try await Probe.raw()
        probe.send(octets: Array("AMQP".utf8) + [9, 9, 9, 9])
        expect(try await probe.outcome(), .header)
        #expect(try await probe.end() != nil, "the stream has to be ended behind the header")
    }

    @Test(
        "The header that refuses another version is that of 0-9-1",
        .proves(
            "connection.refusing-header", ["spec/4.2.2/reject-header", "connection.start/protocol-name"],
            rabbitmq: .from("4.0", "The header is that of AMQP 1.0 with SASL, which it prefers.")))
    func refusingHeader() async throws {
        let probe = try await Probe.raw()
        // An earlier AMQP, which nobody speaks any more.
        probe.send(octets: Array("AMQP".utf8) + [0, 0, 8, 0])
        guard case .header(let octets) = try await probe.event("a protocol header") else {
            return note(.failed, "something else than a header came")
        }
        expect(
            octets, spec: ProtocolHeader.amqp091, rabbitmq: Array("AMQP".utf8) + [3, 1, 0, 0], from: "4.0", "the header"
        )
        #expect(try await probe.end() != nil)
    }

    @Test(
        "Another protocol is answered with a header, and the stream ended",
        .proves("connection.another-protocol", ["spec/4.2.2/reject-header", "spec/4.2.2/header-first"]))
    func anotherProtocol() async throws {
        let probe = try await Probe.raw()
        probe.send(octets: Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
        expect(try await probe.outcome(), .header)
        #expect(try await probe.end() != nil)
    }

    @Test(
        "A client that leaves the header out is answered with one, and the stream ended",
        .proves("connection.header-left-out", ["spec/4.2.2/header-first", "spec/4.2.2/reject-header"]))
    func headerLeftOut() async throws {
        let probe = try await Probe.raw()
        probe.send(try Probe.handshake().startOk)
        expect(try await probe.outcome(), .header)
        #expect(try await probe.end() != nil)
    }

    @Test(
        "The header may arrive an octet at a time",
        .proves("connection.header-in-pieces", ["spec/4.2.2/header-first"]))
    func headerInPieces() async throws {
        let probe = try await Probe.raw()
        for octet in ProtocolHeader.amqp091 { probe.send(octets: [octet]) }
        _ = try await probe.receive(ConnectionStart.self)
    }

    @Test(
        "The version that connection.start offers is not newer than the one asked for",
        .proves("connection.version-offered", ["connection.start/server-support"]))
    func versionOffered() async throws {
        let start = try await Probe.raw().greet()
        #expect(start.versionMajor == 0)
        #expect(start.versionMinor <= 9)
    }

    @Test(
        "The broker says what it is: product, version, platform, copyright, information and host",
        .proves(
            "connection.server-properties", ["connection.start.server-properties/required-fields"],
            rabbitmq: "The host is left out."))
    func serverProperties() async throws {
        let properties = try await Probe.raw().greet().serverProperties
        for name: ShortString in ["product", "version", "platform", "copyright", "information"] {
            #expect(properties[name]?.text?.isEmpty == false, "\(name) is missing")
        }
        expect(properties["host"] != nil, spec: true, rabbitmq: false, "the host is told")
    }

    @Test(
        "The locale en_US and the mechanism PLAIN are among those offered",
        .proves("connection.locales-and-mechanisms", ["connection.start.locales/required-support"]))
    func localesAndMechanisms() async throws {
        let start = try await Probe.raw().greet()
        #expect(start.locales.split(separator: UInt8(ascii: " ")).contains(Array("en_US".utf8)[...]))
        #expect(start.mechanisms.split(separator: UInt8(ascii: " ")).contains(Array("PLAIN".utf8)[...]))
    }

    @Test(
        "A client that does not finish the handshake within ten seconds is dropped without a close",
        .proves("connection.handshake-too-slow", ["spec/2.2.4/no-handshake-before-open"], needs: [.slow]))
    func handshakeTooSlow() async throws {
        let probe = try await Probe.raw()
        _ = try await probe.greet()
        try await elapse(milliseconds: 10_000)
        expect(try await probe.outcome(), .hangUp)
    }

    @Test(
        "connection.tune states limits that allow frames of at least 4096 octets, and more than no channel",
        .proves("connection.tune-limits", ["spec/2.3.3/server-states-limits", "connection.tune.frame-max/minimum"]))
    func tuneLimits() async throws {
        let tune = try await Probe.raw().authenticate(try Probe.handshake())
        // Zero is the specification's word for no limit; one that has a limit has to state it.
        #expect(tune.frameMax == 0 || tune.frameMax >= Frame.minimumMax)
        if tune.frameMax == 0 || tune.channelMax == 0 { inform("a limit of zero: none is stated") }
        // What is stated can be agreed on.
        let channel = try await Probe.connect {
            $0.channelMax = tune.channelMax
            $0.frameMax = tune.frameMax
        }.openChannel()
        try await channel.barrier()
    }

    @Test(
        "A frame of 4096 octets is taken before any size is agreed on",
        .proves("connection.minimum-frame", ["connection.tune.frame-max/minimum"]))
    func minimumFrame() async throws {
        let probe = try await Probe.raw()
        _ = try await probe.greet()
        var handshake = try Probe.handshake()
        handshake.clientProperties["padding"] = ""
        var writer = FrameWriter()
        writer.method(handshake.startOk, channel: 0)
        handshake.clientProperties["padding"] = .longString([UInt8](repeating: 0x20, count: 4096 - writer.count))
        writer.removeAll()
        writer.method(handshake.startOk, channel: 0)
        #expect(writer.count == 4096)
        probe.send(octets: writer.octets)
        _ = try await probe.receive(ConnectionTune.self)
    }

    @Test(
        "Asking for more channels than offered ends the stream, without a word",
        .proves(
            "connection.too-many-channels-asked",
            ["connection.tune-ok.channel-max/upper-limit", "spec/2.2.4/no-handshake-before-open"]))
    func tooManyChannelsAsked() async throws {
        try await refused { tune in
            tune.channelMax == 0 || tune.channelMax == .max
                ? nil : ConnectionTuneOk(channelMax: tune.channelMax + 1, frameMax: tune.frameMax, heartbeat: 0)
        }
    }

    @Test(
        "Asking for larger frames than offered ends the stream, without a word",
        .proves(
            "connection.too-large-frames-asked",
            ["connection.tune-ok.frame-max/upper-limit", "spec/2.2.4/no-handshake-before-open"]))
    func tooLargeFramesAsked() async throws {
        try await refused { tune in
            tune.frameMax == 0
                ? nil : ConnectionTuneOk(channelMax: tune.channelMax, frameMax: tune.frameMax + 1, heartbeat: 0)
        }
    }

    @Test(
        "Asking for frames of less than 4096 octets ends the stream, without a word",
        .proves(
            "connection.too-small-frames-asked",
            ["connection.tune-ok.frame-max/minimum", "spec/2.2.4/no-handshake-before-open"]))
    func tooSmallFramesAsked() async throws {
        try await refused { ConnectionTuneOk(channelMax: $0.channelMax, frameMax: 4095, heartbeat: 0) }
    }

    /// Sends a tune-ok that must not be taken; nil: the broker has stated no limit that could be exceeded.
    private func refused(_ answer: (ConnectionTune) -> ConnectionTuneOk?) async throws {
        let probe = try await Probe.raw()
        let tune = try await probe.authenticate(try Probe.handshake())
        guard let tuneOk = answer(tune) else { return inform("the broker has stated no limit to exceed") }
        probe.send(tuneOk)
        probe.send(ConnectionOpen(virtualHost: try ShortString(Probe.handshake().login.virtualHost)))
        let seen = try await probe.outcome(
            on: 0, until: { $0.method?.id == ConnectionOpenOk.id }, cause: nil, at: #_sourceLocation)
        expect(seen, .hangUp)
    }

    @Test(
        "A smaller frame size that the client asks for binds the broker, too",
        .proves(
            "connection.smaller-frames",
            ["spec/2.3.3/client-may-lower", "spec/4.2.6.2/reassembly", "connection.tune.frame-max/minimum"],
            rabbitmq: .from("4.3", "Less than 8192 is too small: the stream ends.")))
    func smallerFrames() async throws {
        let probe = try await Probe.raw()
        var handshake = try Probe.handshake()
        handshake.frameMax = 4096
        do {
            try await probe.logIn(handshake)
        } catch {
            return expect(try await probe.outcome(), .ok, rabbitmq: .hangUp, from: "4.3")
        }
        let channel = try await probe.openChannel()
        let queue = try await channel.declareQueue()
        let body = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        channel.publish(body: body, to: "", queue)
        let message = try #require(try await channel.get(queue))
        let isUntouched = message.content.body == body
        #expect(isUntouched, "the body was changed on the way")
        #expect(message.content.pieces.allSatisfy { $0 <= 4096 - Frame.overhead }, "\(message.content.pieces)")
    }

    @Test(
        "A smaller number of channels that the client asks for is enforced: one more closes the connection",
        .proves(
            "connection.fewer-channels",
            ["spec/2.3.3/client-may-lower", "spec/2.3.3/limits-enforced", "rabbitmq/limits/channel-max"]))
    func fewerChannels() async throws {
        let probe = try await Probe.connect { $0.channelMax = 2 }
        for _ in 1...2 { try await probe.openChannel().barrier() }
        probe.send(ChannelOpen(), on: 3)
        expect(try await probe.outcome(), .connectionClose(.notAllowed))
    }

    @Test(
        "An unknown virtual host is refused",
        .proves(
            "connection.unknown-virtual-host",
            ["spec/3.1.2/one-vhost", "connection.open.virtual-host/separation"],
            rabbitmq: "530, where the specification has the constant 402 for it."))
    func unknownVirtualHost() async throws {
        let probe = try await Probe.raw()
        var handshake = try Probe.handshake()
        handshake.login.virtualHost = unique("nonesuch").text
        probe.send(handshake.tuneOk(try await probe.authenticate(handshake)))
        probe.send(ConnectionOpen(virtualHost: try ShortString(handshake.login.virtualHost)))
        expect(
            try await probe.outcome(cause: ConnectionOpen.id), .connectionClose(.invalidPath),
            rabbitmq: .connectionClose(.notAllowed))
    }

    @Test(
        "A user who may not use a virtual host cannot open it",
        .proves(
            "connection.forbidden-virtual-host", ["connection.open.virtual-host/security"], needs: [.secondUser],
            rabbitmq: "530, where the specification has the constant 403 for it."))
    func forbiddenVirtualHost() async throws {
        // Before the connection: a broker's patience with a handshake may be shorter than the making of a user takes.
        let handshake = Handshake(try await createUser(nil))
        let probe = try await Probe.raw()
        probe.send(handshake.tuneOk(try await probe.authenticate(handshake)))
        probe.send(ConnectionOpen(virtualHost: try ShortString(handshake.login.virtualHost)))
        expect(
            try await probe.outcome(cause: ConnectionOpen.id), .connectionClose(.accessRefused),
            rabbitmq: .connectionClose(.notAllowed))
    }

    @Test(
        "Nothing declared in one virtual host is seen from another",
        .proves(
            "connection.virtual-hosts-are-separate", ["connection.open.virtual-host/separation"],
            needs: [.secondVirtualHost]))
    func virtualHostsAreSeparate() async throws {
        let here = try await Probe.openChannel()
        let queue = try await here.declareQueue(exclusive: false)
        let host = try await createVirtualHost()
        let there = try await Probe.connect { $0.login.virtualHost = host }.openChannel()
        #expect(try await !there.exists(queue: queue))
    }

    @Test(
        "A connection belongs to one virtual host: it cannot be opened twice",
        .proves(
            "connection.opened-twice", ["spec/3.1.2/one-vhost"],
            rabbitmq: "504, where the specification has 503 for a method at a time that makes no sense."))
    func openedTwice() async throws {
        let probe = try await Probe.connect()
        probe.send(ConnectionOpen(virtualHost: try ShortString(Probe.handshake().login.virtualHost)))
        expect(
            try await probe.outcome(cause: ConnectionOpen.id), .connectionClose(.commandInvalid),
            rabbitmq: .connectionClose(.channelError))
    }

    @Test(
        "Opening before logging in ends the stream, without a word",
        .proves("connection.open-before-start-ok", ["spec/2.2.4/no-handshake-before-open"]))
    func openBeforeStartOk() async throws {
        let probe = try await Probe.raw()
        _ = try await probe.greet()
        probe.send(ConnectionOpen())
        expect(try await probe.outcome(), .hangUp)
    }

    @Test(
        "Opening a channel before the connection is open",
        .proves(
            "connection.channel-before-open", ["spec/2.2.4/no-handshake-before-open"],
            rabbitmq: "Once limits are agreed on, errors are told: 505."))
    func channelBeforeOpen() async throws {
        let probe = try await Probe.raw()
        let handshake = try Probe.handshake()
        probe.send(handshake.tuneOk(try await probe.authenticate(handshake)))
        probe.send(ChannelOpen(), on: 1)
        expect(try await probe.outcome(), .hangUp, rabbitmq: .connectionClose(.unexpectedFrame))
    }
}
