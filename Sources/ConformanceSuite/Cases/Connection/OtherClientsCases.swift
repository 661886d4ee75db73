import AMQPWire
import Testing

/// What some clients say while they open a connection and use it, and others don't: a broker looks at none of it.
@Suite("What other clients say") struct OtherClientsCases {
    @Test(
        "The text of channel.open is not looked at",
        .proves("channel.open-with-a-text", ["rabbitmq/reserved-fields/ignored"]))
    func channelOpenWithText() async throws {
        let client = try await OctetClient.raw()
        try await client.logIn()
        for (number, text) in [(1, "01 '0'"), (2, "09 'some text'")] {
            let channel = UInt16(number)
            client.send(method: "0014 000a \(text) (channel.open)", on: channel)
            try await client.expect("0014 000b 00000000 (open-ok)", on: channel)
        }
    }

    @Test(
        "A client that names capabilities in connection.open, or insists, is let in",
        .proves("connection.open-with-reserved-fields", ["rabbitmq/reserved-fields/ignored"]))
    func openWithReservedFields() async throws {
        for fields in ["00 01 (insist)", "03 'abc' 00", "03 'abc' 01"] {
            let client = try await OctetClient.raw()
            let login = try CaseRun.active().peer.login
            try await client.authenticate(
                "0000 0000 05 'PLAIN' \(Octets.long("\0\(login.user)\0\(login.password)")) 05 'en_US'")
            let tune = try await client.frame()
            client.send(method: "000a 001f (tune-ok) \(Octets.hexadecimal(tune[11..<17])) 0000", on: 0)
            client.send(method: "000a 0028 (open) \(Octets.short(login.virtualHost)) \(fields)", on: 0)
            try await client.expect("000a 0029 (open-ok) 00", on: 0)
        }
    }

    @Test(
        "A ticket opens nothing and closes nothing: one that was given, or any other",
        .proves(
            "channel.tickets", ["rabbitmq/reserved-fields/ignored", "rabbitmq/access.request/no-op"]))
    func tickets() async throws {
        let client = try await OctetClient.open()
        client.send(method: "001e 000a (access.request) 05 '/data' 1f")
        let answer = try await client.frame()
        try #require(answer.count == 14, "an access.request-ok, not \(Octets.hexadecimal(answer))")
        for ticket in [Octets.hexadecimal(answer[11..<13]), "0065", "ffff"] {
            let name = Octets.short("\(unique("octets"))")
            let none = "00000000 (no arguments)"
            try await client.call("0028 000a \(ticket) \(name) 06 'fanout' 00 \(none)", "0028 000b (declare-ok)")
            try await client.call(
                "0032 000a \(ticket) \(name) 04 (exclusive) \(none)", "0032 000b (declare-ok) \(name) 00000000 00000000"
            )
            try await client.call("0032 0014 \(ticket) \(name) \(name) 00 00 \(none)", "0032 0015 (bind-ok)")
            client.send(method: "003c 0028 (publish) \(ticket) \(name) 00 00")
            client.send(header: "003c 0000 0000000000000005 0000")
            client.send(body: "'hello'")
            try await client.call("003c 0046 (get) \(ticket) \(name) 01", "003c 0047 (get-ok) * 00 \(name) 00 00000000")
            try await client.expectHello("0000")
            try await client.call(
                "003c 0014 (consume) \(ticket) \(name) 03 'tag' 00 \(none)", "003c 0015 (consume-ok) 03 'tag'")
            try await client.call("003c 001e (cancel) 03 'tag' 00", "003c 001f (cancel-ok) 03 'tag'")
            try await client.call("0032 001e (purge) \(ticket) \(name) 00", "0032 001f (purge-ok) 00000000")
            try await client.call("0032 0028 (delete) \(ticket) \(name) 00", "0032 0029 (delete-ok) 00000000")
            try await client.call("0028 0014 (delete) \(ticket) \(name) 00", "0028 0015 (delete-ok)")
        }
    }

    @Test(
        "A client may ask for any locale, even one that was not offered",
        .proves("connection.any-locale", ["rabbitmq/connection.start-ok/any-locale"]))
    func anyLocale() async throws {
        let login = try CaseRun.active().peer.login
        for locale in ["en_GB", "xx_XX", ""] {
            let client = try await OctetClient.raw()
            try await client.authenticate(
                "0000 0000 05 'PLAIN' \(Octets.long("\0\(login.user)\0\(login.password)")) \(Octets.short(locale))")
            try await client.open(login.virtualHost)
        }
    }

    @Test(
        "Asking for no limit of channels, or of a frame's size, where there is one, ends the stream, without a word",
        .proves(
            "connection.no-limit-asked",
            ["connection.tune-ok.channel-max/upper-limit", "connection.tune-ok.frame-max/upper-limit"]))
    func noLimitAsked() async throws {
        async let channels = outcome { ConnectionTuneOk(channelMax: 0, frameMax: $0.frameMax, heartbeat: 0) }
        async let frames = outcome { ConnectionTuneOk(channelMax: $0.channelMax, frameMax: 0, heartbeat: 0) }
        for outcome in [try await channels, try await frames] {
            guard let outcome else { return inform("the broker has stated no limit") }
            expect(outcome, .hangUp)
        }
    }

    /// What comes of a tune-ok; nil: the broker has stated no limits.
    private func outcome(of answer: @Sendable (ConnectionTune) -> ConnectionTuneOk) async throws -> Outcome? {
        let probe = try await Probe.raw()
        let tune = try await probe.authenticate(try Probe.handshake())
        guard tune.channelMax > 0, tune.frameMax > 0 else { return nil }
        probe.send(answer(tune))
        probe.send(ConnectionOpen(virtualHost: try ShortString(Probe.handshake().login.virtualHost)))
        return try await probe.outcome(
            on: 0, until: { $0.method?.id == ConnectionOpenOk.id }, cause: nil, at: #_sourceLocation)
    }

    @Test(
        "A client need not wait for any answer while it opens a connection and a channel, and publishes",
        .proves("connection.opened-in-one-write", ["rabbitmq/handshake/pipelined", "spec/4.2.2/header-first"]))
    func openedInOneWrite() async throws {
        var handshake = try Probe.handshake()
        (handshake.channelMax, handshake.frameMax) = (10, 8192)
        // Who does not wait has to know from before what the broker offers.
        let tuneOk = handshake.tuneOk(try await Probe.raw().authenticate(handshake))
        let probe = try await Probe.raw()
        let queue = unique("queue")
        let host = try ShortString(handshake.login.virtualHost)
        probe.send { writer in
            writer.raw(ProtocolHeader.amqp091)
            writer.method(handshake.startOk, channel: 0)
            writer.method(tuneOk, channel: 0)
            writer.method(ConnectionOpen(virtualHost: host), channel: 0)
            writer.method(ChannelOpen(), channel: 1)
            writer.method(QueueDeclare(queue: queue, exclusive: true), channel: 1)
            writer.content(
                BasicPublish(routingKey: queue), BasicProperties(), body: Array("hello".utf8), channel: 1,
                frameMax: 4096)
        }
        for method in [ConnectionStart.id, ConnectionTune.id, ConnectionOpenOk.id] {
            #expect(try await probe.event("\(method)").method?.id == method)
        }
        _ = try await probe.receive(ChannelOpenOk.self, on: 1)
        _ = try await probe.receive(QueueDeclareOk.self, on: 1)
        #expect(try await ProbeChannel(probe: probe, number: 1).drain(queue) == ["hello"])
    }

    @Test(
        "The header of AMQP 0-9 is taken for that of 0-9-1",
        .proves("connection.header-of-0-9", ["rabbitmq/protocol-header/0-9"]))
    func headerOf09() async throws {
        let probe = try await Probe.raw()
        probe.send(octets: Array("AMQP".utf8) + [1, 1, 0, 9])
        let start = try await probe.receive(ConnectionStart.self)
        #expect([start.versionMajor, start.versionMinor] == [0, 9])
        probe.send(try Probe.handshake().startOk)
        _ = try await probe.receive(ConnectionTune.self)
    }
}
