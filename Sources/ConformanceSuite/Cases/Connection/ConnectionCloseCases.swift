import AMQPWire
import Testing

@Suite("Closing a connection") struct ConnectionCloseCases {
    @Test(
        "connection.close is answered with close-ok, and nothing sent behind it has an effect",
        .proves("connection.close-ok", ["spec/2.3.7/close-handshake", "connection.close/stability"]))
    func closeOk() async throws {
        let channel = try await Probe.openChannel()
        let queue = unique("queue")
        channel.probe.send { writer in
            writer.method(ConnectionClose(replyCode: .replySuccess, replyText: "done"), channel: 0)
            writer.method(QueueDeclare(queue: queue), channel: channel.number)
        }
        _ = try await channel.probe.receive(ConnectionCloseOk.self)
        channel.probe.finish()
        #expect(try await !Probe.openChannel().exists(queue: queue))
    }

    @Test(
        "After the broker's connection.close nothing counts but close and close-ok",
        .proves("connection.ignored-after-close", ["connection.close/stability"]))
    func ignoredAfterClose() async throws {
        let channel = try await Probe.openChannel()
        let queue = unique("queue")
        channel.probe.send { writer in
            // A method that only brokers send: an error of the connection.
            writer.method(QueueDeclareOk(queue: "", messageCount: 0, consumerCount: 0), channel: channel.number)
            writer.method(QueueDeclare(queue: queue), channel: channel.number)
        }
        _ = try await channel.probe.receive(ConnectionClose.self)
        channel.send(QueueDeclare(queue: queue))
        channel.probe.send(ConnectionCloseOk())
        #expect(try await channel.probe.end() != nil)
        #expect(channel.probe.arrived(on: channel.number).isEmpty, "a declare was answered after the close")
        #expect(try await !Probe.openChannel().exists(queue: queue))
    }

    @Test(
        "A connection.close that crosses the broker's own is answered with close-ok",
        .proves("connection.crossing-closes", ["connection.close/stability", "spec/2.3.7/close-handshake"]))
    func crossingCloses() async throws {
        let probe = try await Probe.connect()
        probe.send { writer in
            writer.method(ConnectionTuneOk(channelMax: 1, frameMax: 4096, heartbeat: 0), channel: 0)
            writer.method(ConnectionClose(replyCode: .replySuccess, replyText: "done"), channel: 0)
        }
        #expect(try await probe.event("connection.close").isClose)
        _ = try await probe.event("connection.close-ok") { $0.method?.id == ConnectionCloseOk.id }
        probe.send(ConnectionCloseOk())
        #expect(try await probe.end() != nil)
    }

    @Test(
        "Closing the connection closes its channels, and what they held goes back",
        .proves("connection.close-gives-back", ["spec/2.3.7/close-handshake", "basic/10"]))
    func closeGivesBack() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: false)
        channel.publish("held", to: "", queue)
        #expect(try await channel.get(queue, noAck: false)?.text == "held")
        try await channel.probe.close()
        let other = try await Probe.openChannel()
        try await other.awaitReady(1, in: queue)
        let later = try #require(try await other.get(queue))
        #expect(later.text == "held")
        #expect(later.redelivered)
    }

    @Test(
        "A method of class connection on a channel",
        .proves("connection.method-on-a-channel", ["spec/4.2.3/channel-zero-only"]))
    func methodOnAChannel() async throws {
        let probe = try await Probe.connect()
        _ = try await probe.openChannel()
        probe.send(ConnectionClose(replyCode: .replySuccess, replyText: "done"), on: 1)
        expect(try await probe.outcome(), .connectionClose(.commandInvalid))
    }

    @Test(
        "A method of another class on channel 0",
        .proves("connection.channel-method-on-zero", ["spec/4.2.3/channel-zero-only"]))
    func channelMethodOnZero() async throws {
        for isChannelOpen in [false, true] {
            let probe = try await Probe.connect()
            if isChannelOpen { _ = try await probe.openChannel() }
            probe.send(QueueDeclare(queue: unique("queue")))
            expect(try await probe.outcome(cause: QueueDeclare.id), .connectionClose(.channelError, .commandInvalid))
        }
    }

    @Test(
        "Steps of the handshake make no sense once the connection is open",
        .proves(
            "connection.handshake-method-when-open", ["spec/2.3.7/close-handshake"],
            rabbitmq: "504, where the specification has 503 for a method at a time that makes no sense."))
    func handshakeMethodWhenOpen() async throws {
        let handshake = try Probe.handshake()
        let probe = try await Probe.connect()
        probe.send(handshake.startOk)
        expect(
            try await probe.outcome(cause: ConnectionStartOk.id), .connectionClose(.commandInvalid),
            rabbitmq: .connectionClose(.channelError))
    }

    @Test(
        "A client that does not answer a close within half a minute is dropped",
        .proves("connection.close-unanswered", ["spec/2.3.7/close-handshake"], needs: [.slow]))
    func closeUnanswered() async throws {
        let probe = try await Probe.connect { $0.heartbeat = 0 }
        // Channel 5 was never opened.
        probe.send(BasicAck(deliveryTag: 1), on: 5)
        #expect(try await probe.receive(ConnectionClose.self).replyCode == .channelError)
        try await elapse(milliseconds: 30_000)
        expect(try await probe.outcome(), .hangUp)
    }

    @Test(
        "A broker that is stopped closes its connections, with 320, before it goes",
        .proves("connection.broker-stops", ["rabbitmq/connection.close/shutdown"], needs: [.restart]))
    func brokerStops() async throws {
        let probe = try await Probe.connect()
        try await restartBroker()
        expect(try await probe.outcome(), .connectionClose(.connectionForced))
    }

    @Test(
        "A connection.close-ok that nobody asked for",
        .proves(
            "connection.close-ok-unasked", ["spec/2.3.7/close-handshake"],
            rabbitmq: "504, where the specification has 503 for a method at a time that makes no sense."))
    func closeOkUnasked() async throws {
        let probe = try await Probe.connect()
        probe.send(ConnectionCloseOk())
        expect(
            try await probe.outcome(cause: ConnectionCloseOk.id), .connectionClose(.commandInvalid),
            rabbitmq: .connectionClose(.channelError))
    }

    @Test(
        "A client cannot tell the broker that it is blocked",
        .proves(
            "connection.blocked-by-the-client", ["spec/2.3.7/close-handshake"],
            rabbitmq: "504, where the specification has 503 for a method at a time that makes no sense."))
    func blockedByTheClient() async throws {
        let probe = try await Probe.connect()
        probe.send(ConnectionBlocked(reason: "turned around"))
        expect(
            try await probe.outcome(cause: ConnectionBlocked.id), .connectionClose(.commandInvalid),
            rabbitmq: .connectionClose(.channelError))
    }
}
