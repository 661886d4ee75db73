import AMQPWire
import Testing

/// What a connection is told once, and has to keep to for as long as it lasts.
@Suite("Limits and intervals of a connection") struct LongConnectionCases {
    private func isHeartbeat(_ event: Event) -> Bool { if case .heartbeat = event { true } else { false } }

    @Test(
        "An idle broker lets itself be heard again and again",
        .proves("heartbeat.again-and-again", ["spec/4.2.7/heartbeat-sent"], needs: [.quiet]))
    func againAndAgain() async throws {
        let probe = try await Probe.connect { $0.heartbeat = 1 }
        for _ in 1...4 {
            probe.send { $0.heartbeat() }
            try await elapse(milliseconds: 600)
            _ = try await probe.event("a heartbeat", where: isHeartbeat)
        }
    }

    @Test(
        "An interval of more than 255 seconds is as long as it says",
        .proves(
            "heartbeat.long-interval", ["spec/4.2.7/heartbeat-sent", "spec/4.2.7/silent-peer-dropped"],
            needs: [.movableClock]))
    func longInterval() async throws {
        let channel = try await Probe.connect { $0.heartbeat = 300 }.openChannel()
        try await elapse(milliseconds: 149_000)
        try await channel.barrier()
        #expect(!channel.probe.arrived().contains(where: isHeartbeat), "half of the interval is not over")
        try await elapse(milliseconds: 599_000)
        try await channel.barrier()
        #expect(channel.probe.arrived().contains(where: isHeartbeat))
        try await elapse(milliseconds: 601_000)
        expect(try await channel.probe.outcome(), .hangUp)
    }

    @Test(
        "A client that is silent for less than two intervals stays",
        .proves("heartbeat.one-silent-interval", ["spec/4.2.7/silent-peer-dropped"], needs: [.quiet]))
    func oneSilentInterval() async throws {
        let channel = try await Probe.connect { $0.heartbeat = 1 }.openChannel()
        try await elapse(milliseconds: 1200)
        try await channel.barrier()
    }

    @Test(
        "The limit for opening a connection does not end one that is open",
        .proves("connection.open-for-long", ["connection.close/stability"], needs: [.movableClock]))
    func openForLong() async throws {
        let channel = try await Probe.openChannel()
        for _ in 1...3 {
            try await elapse(milliseconds: 20_000)
            try await channel.barrier()
        }
    }

    @Test(
        "Heartbeats in the middle of the handshake disturb nobody",
        .proves("heartbeat.in-the-handshake", ["spec/4.2.7/any-octet-counts", "spec/4.2.7/heartbeat-ignored"]))
    func inTheHandshake() async throws {
        let probe = try await Probe.raw()
        _ = try await probe.greet()
        probe.send { $0.heartbeat() }
        let handshake = try Probe.handshake()
        probe.send(handshake.startOk)
        let tune = try await probe.receive(ConnectionTune.self)
        probe.send { $0.heartbeat() }
        probe.send(handshake.tuneOk(tune))
        probe.send { $0.heartbeat() }
        probe.send(ConnectionOpen(virtualHost: try ShortString(handshake.login.virtualHost)))
        _ = try await probe.receive(ConnectionOpenOk.self)
        try await probe.openChannel().barrier()
    }

    @Test(
        "A connection may have as many channels at a time as agreed, and not one more",
        .proves(
            "channel.as-many-as-agreed", ["spec/2.3.3/limits-enforced", "rabbitmq/limits/channel-max"]))
    func asManyAsAgreed() async throws {
        let probe = try await Probe.connect { $0.channelMax = 3 }
        let channels = try await [probe.openChannel(), probe.openChannel(), probe.openChannel()]
        // One that is closed makes room for another.
        try await channels[1].close()
        _ = try await probe.openChannel(2)
        try await channels[2].barrier()
        probe.send(ChannelOpen(), on: 4)
        expect(try await probe.outcome(), .connectionClose(.notAllowed))
    }

    @Test(
        "A capability that a client announces as false is one that it has not got",
        .proves("cancel-notify.announced-as-false", ["rabbitmq/capabilities/client-opt-in"]))
    func announcedAsFalse() async throws {
        let channel = try await Probe.connect { $0.capabilities["consumer_cancel_notify"] = false }.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue)
        _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self)
        try await channel.barrier()
        #expect(channel.probe.arrived(on: channel.number).isEmpty)
    }

    @Test(
        "Only the version of the header counts in full: another revision is another protocol",
        .proves("connection.another-revision", ["spec/4.2.2/reject-header", "connection.start/protocol-name"]))
    func anotherRevision() async throws {
        for last in [0, 2, 8, 10] as [UInt8] {
            let probe = try await Probe.raw()
            probe.send(octets: Array("AMQP".utf8) + [0, 0, 9, last])
            expect(try await probe.outcome(), .header)
        }
    }

    @Test(
        "connection.open with an empty name is not that of the default virtual host",
        .proves("connection.empty-virtual-host", ["connection.open.virtual-host/security"]))
    func emptyVirtualHost() async throws {
        let probe = try await Probe.raw()
        let handshake = try Probe.handshake()
        probe.send(handshake.tuneOk(try await probe.authenticate(handshake)))
        probe.send(ConnectionOpen(virtualHost: ""))
        // Nor need there be a constant of its own for it: 402 is the specification's for any virtual host that is not there.
        expect(try await probe.outcome(), .connectionClose(.notAllowed, .invalidPath))
    }

    @Test(
        "The rest of a message behind the error that it caused is ignored",
        .proves("channel.content-behind-an-error", ["channel.close/stability"]))
    func contentBehindAnError() async throws {
        let channel = try await Probe.openChannel()
        let sibling = try await channel.probe.openChannel()
        channel.probe.send { frames in
            for number in 1...2 {
                frames.content(
                    BasicPublish(exchange: ShortString(truncating: "missing-\(number)")), BasicProperties(),
                    body: Array("hello".utf8),
                    channel: channel.number, frameMax: 4096)
            }
        }
        expect(try await channel.outcome(), .channelClose(.notFound))
        try await sibling.barrier()
    }

    @Test(
        "AMQPLAIN takes its table in either order",
        .proves("connection.amqplain-in-any-order", ["connection.start-ok.mechanism/validity"]))
    func amqplainInAnyOrder() async throws {
        let start = try await Probe.raw().greet()
        guard start.mechanisms.split(separator: UInt8(ascii: " ")).contains(Array("AMQPLAIN".utf8)[...]) else {
            return inform("AMQPLAIN is not offered")
        }
        let login = try Probe.handshake().login
        let fields: [FieldTable.Field] = [
            .init("LOGIN", .string(login.user)), .init("PASSWORD", .string(login.password)),
        ]
        for table in [FieldTable(fields), FieldTable(fields.reversed())] {
            var writer = ByteWriter()
            writer.table(table)
            let response = Array(writer.octets.dropFirst(4))
            let probe = try await Probe.connect {
                $0.mechanism = "AMQPLAIN"
                $0.response = response
            }
            try await probe.openChannel().barrier()
        }
    }
}
