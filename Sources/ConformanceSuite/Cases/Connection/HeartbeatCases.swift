import AMQPWire
import Testing

@Suite("Heartbeats") struct HeartbeatCases {
    @Test(
        "With an interval of a second an idle broker lets itself be heard, on channel 0",
        .proves("heartbeat.sent-when-idle", ["spec/4.2.7/heartbeat-sent", "spec/4.2.7/heartbeat-channel"]))
    func sentWhenIdle() async throws {
        let probe = try await Probe.connect { $0.heartbeat = 1 }
        try await elapse(milliseconds: 1000)
        let event = try await probe.event("a heartbeat") { if case .heartbeat = $0 { true } else { false } }
        guard case .heartbeat = event else { return note(.failed, "expected a heartbeat, got \(event)") }
    }

    @Test(
        "A broker with nothing to say lets itself be heard however much its client says",
        .proves(
            "heartbeat.sent-while-the-client-talks", ["spec/4.2.7/heartbeat-sent", "spec/4.2.7/heartbeat-channel"],
            needs: [.quiet]))
    func sentWhileTheClientTalks() async throws {
        let probe = try await Probe.connect { $0.heartbeat = 1 }
        for _ in 1...5 {
            probe.send { $0.heartbeat() }
            try await elapse(milliseconds: 300)
        }
        let event = try await probe.event("a heartbeat") { if case .heartbeat = $0 { true } else { false } }
        guard case .heartbeat = event else { return note(.failed, "expected a heartbeat, got \(event)") }
    }

    @Test(
        "Heartbeats go on while the broker waits for the answer to its close",
        .proves("heartbeat.while-closing", ["spec/4.2.7/heartbeat-while-closing"]))
    func whileClosing() async throws {
        let probe = try await Probe.connect { $0.heartbeat = 2 }
        // RabbitMQ waits for one interval, and looks twice in it. So the close must not stand where it looks.
        try await elapse(milliseconds: 500)
        probe.send(QueueDeclare(), on: 7)
        _ = try await probe.receive(ConnectionClose.self)
        try await elapse(milliseconds: 1000)
        let event = try await probe.event("a heartbeat") { if case .heartbeat = $0 { true } else { false } }
        guard case .heartbeat = event else { return note(.failed, "expected a heartbeat, got \(event)") }
    }

    @Test(
        "A client that says nothing for two intervals is dropped, without a close",
        .proves("heartbeat.silent-peer-dropped", ["spec/4.2.7/silent-peer-dropped"]))
    func silentPeerDropped() async throws {
        let probe = try await Probe.connect { $0.heartbeat = 1 }
        try await elapse(milliseconds: 2000)
        expect(try await probe.outcome(), .hangUp)
    }

    @Test(
        "Messages that a silent client held go back when it is dropped",
        .proves("heartbeat.silent-peers-messages", ["spec/4.2.7/silent-peer-dropped", "basic/10"]))
    func silentPeersMessages() async throws {
        let channel = try await Probe.connect { $0.heartbeat = 1 }.openChannel()
        let queue = try await channel.declareQueue(exclusive: false)
        channel.publish("held", to: "", queue)
        #expect(try await channel.get(queue, noAck: false)?.text == "held")
        try await elapse(milliseconds: 2000)
        #expect(try await channel.probe.end() != nil)
        let waiting = try await Probe.openChannel()
        try await waiting.consume(queue)
        #expect(try await waiting.delivery().redelivered)
    }

    @Test(
        "A client that sends heartbeats and nothing else is not dropped",
        .proves(
            "heartbeat.keeps-alive", ["spec/4.2.7/silent-peer-dropped", "spec/4.2.7/heartbeat-channel"], needs: [.quiet]
        ))
    func keepsAlive() async throws {
        let channel = try await Probe.connect { $0.heartbeat = 1 }.openChannel()
        for _ in 1...5 {
            channel.probe.send { $0.heartbeat() }
            try await sent(on: channel)
        }
        try await channel.barrier()
    }

    @Test(
        "Any octets count as a sign of life, not only heartbeats",
        .proves("heartbeat.any-octet-counts", ["spec/4.2.7/any-octet-counts"], needs: [.quiet]))
    func anyOctetCounts() async throws {
        let channel = try await Probe.connect { $0.heartbeat = 1 }.openChannel()
        let queue = try await channel.declareQueue()
        // One message, an octet at a time: there is no whole method, and no heartbeat, in more than two intervals.
        channel.probe.send { writer in
            writer.method(BasicPublish(routingKey: queue), channel: channel.number)
            writer.frame(.header, channel: channel.number) {
                ContentHeader(bodySize: 5, properties: BasicProperties()).write(to: &$0)
            }
        }
        for letter in "hello".utf8 {
            try await sent(on: channel)
            channel.probe.send { $0.frame(.body, channel: channel.number) { $0.uint8(letter) } }
        }
        #expect(try await channel.drain(queue) == ["hello"])
    }

    /// Lets most of an interval go by, after the broker has read what was sent.
    private func sent(on channel: ProbeChannel) async throws {
        // Nothing may be asked on the channel itself in the middle of a message, nor on channel 0 without being traffic;
        // another connection's answer shows no more than that time has passed, and that is all that is needed.
        try await Probe.openChannel().barrier()
        try await elapse(milliseconds: 800)
    }

    @Test(
        "An interval of zero turns heartbeats off: nothing comes, and silence is allowed",
        .proves("heartbeat.zero-disables", ["spec/4.2.7/heartbeat-sent", "spec/4.2.7/silent-peer-dropped"]))
    func zeroDisables() async throws {
        let channel = try await Probe.connect { $0.heartbeat = 0 }.openChannel()
        // Ten minutes where time can be moved, and a second where it has to be waited for.
        _ = try await CaseRun.active().peer.advance(milliseconds: 600_000)
        try await elapse(milliseconds: 800)
        try await channel.barrier()
        #expect(channel.probe.arrived(on: 0).isEmpty)
    }

    @Test(
        "A heartbeat from a client that has agreed on none is ignored",
        .proves("heartbeat.ignored-when-off", ["spec/4.2.7/heartbeat-ignored"]))
    func ignoredWhenOff() async throws {
        let channel = try await Probe.connect { $0.heartbeat = 0 }.openChannel()
        for _ in 1...3 { channel.probe.send { $0.heartbeat() } }
        try await channel.barrier()
    }

    @Test(
        "A heartbeat on another channel than 0 closes the connection",
        .proves(
            "heartbeat.on-a-channel", ["spec/4.2.3/channel-zero-only", "spec/4.2.7/heartbeat-channel"],
            rabbitmq: "505, where the specification has 503."))
    func onAChannel() async throws {
        let probe = try await Probe.connect()
        _ = try await probe.openChannel()
        probe.send { $0.frame(.heartbeat, channel: 1) { _ in } }
        expect(
            try await probe.outcome(), .connectionClose(.commandInvalid), rabbitmq: .connectionClose(.unexpectedFrame))
    }

    @Test(
        "A heartbeat with something in it closes the connection",
        .proves("heartbeat.with-a-payload", ["spec/4.2.7/heartbeat-channel"]))
    func withAPayload() async throws {
        let probe = try await Probe.connect()
        probe.send { $0.frame(.heartbeat, channel: 0) { $0.raw("abc".utf8) } }
        expect(try await probe.outcome(), .connectionClose(.frameError, .syntaxError))
    }

    @Test(
        "Heartbeats may stand between the frames of a message",
        .proves("heartbeat.inside-a-message", ["spec/4.2.7/heartbeat-channel", "spec/4.2.6.2/reassembly"]))
    func insideAMessage() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.probe.send { writer in
            writer.method(BasicPublish(routingKey: queue), channel: channel.number)
            writer.heartbeat()
            writer.frame(.header, channel: channel.number) {
                ContentHeader(bodySize: 2, properties: BasicProperties()).write(to: &$0)
            }
            for letter in "hi".utf8 {
                writer.heartbeat()
                writer.frame(.body, channel: channel.number) { $0.uint8(letter) }
            }
        }
        #expect(try await channel.drain(queue) == ["hi"])
    }
}
