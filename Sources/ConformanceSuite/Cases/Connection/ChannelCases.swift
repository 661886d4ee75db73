import AMQPWire
import Testing

@Suite("Channels") struct ChannelCases {
    @Test(
        "Opening a channel that is open closes the connection",
        .proves("channel.opened-twice", ["channel.open/state"]))
    func openedTwice() async throws {
        let channel = try await Probe.openChannel()
        channel.send(ChannelOpen())
        expect(try await channel.probe.outcome(cause: ChannelOpen.id), .connectionClose(.channelError))
    }

    @Test(
        "A method on a channel that is not open closes the connection",
        .proves("channel.not-open", ["spec/2.3.7/close-handshake"]))
    func notOpen() async throws {
        let probe = try await Probe.connect()
        let queue = unique("queue")
        probe.send(QueueDeclare(queue: queue), on: 3)
        expect(try await probe.outcome(cause: QueueDeclare.id), .connectionClose(.channelError))
        #expect(try await !Probe.openChannel().exists(queue: queue))
    }

    @Test(
        "Closing a channel that is not open closes the connection",
        .proves("channel.close-of-none", ["spec/2.3.7/close-handshake"]))
    func closeOfNone() async throws {
        let probe = try await Probe.connect()
        probe.send(ChannelClose(replyCode: .replySuccess, replyText: "done"), on: 1)
        expect(try await probe.outcome(cause: ChannelClose.id), .connectionClose(.channelError))
    }

    @Test(
        "A channel that was closed is not open any more",
        .proves("channel.used-after-close", ["spec/2.3.7/close-handshake"]))
    func usedAfterClose() async throws {
        let channel = try await Probe.openChannel()
        try await channel.close()
        channel.send(BasicQos(prefetchCount: 1))
        expect(try await channel.probe.outcome(cause: BasicQos.id), .connectionClose(.channelError))
    }

    @Test(
        "A closed channel's number can be used again, for a channel that knows nothing of the first",
        .proves("channel.number-used-again", ["spec/2.3.7/close-handshake"]))
    func numberUsedAgain() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(1)
        try await channel.consume(queue, tag: "consumer")
        try await channel.close()
        let again = try await channel.probe.openChannel(channel.number)
        try await again.consume(queue, tag: "consumer")
        for number in 1...3 { again.publish("\(number)", to: "", queue) }
        // No window is left from before, and tags begin anew.
        #expect(try await again.deliveries(3).map(\.deliveryTag) == [1, 2, 3])
    }

    @Test(
        "An error on one channel leaves the consumers of another alone",
        .proves("channel.error-leaves-siblings", ["spec/2.3.7/close-handshake", "spec/4.3/many-channels"]))
    func errorLeavesSiblings() async throws {
        let sibling = try await Probe.openChannel()
        let queue = try await sibling.declareQueue()
        try await sibling.consume(queue, tag: "lives on")
        let channel = try await sibling.probe.openChannel()
        try await channel.send(QueuePurge(queue: unique("missing")), expecting: .channelClose(.notFound))
        channel.publish("hello", to: "", queue)
        #expect(try await sibling.delivery().consumerTag == "lives on")
    }

    @Test(
        "After the broker's channel.close everything on the channel is ignored until close-ok",
        .proves("channel.ignored-after-close", ["channel.close/stability"]))
    func ignoredAfterClose() async throws {
        let channel = try await Probe.openChannel()
        let target = try await channel.declareQueue()
        let queue = unique("queue")
        channel.send(QueuePurge(queue: unique("missing")))
        channel.send(QueueDeclare(queue: queue))
        channel.publish("ignored", to: "", target)
        _ = try await channel.receive(ChannelClose.self)
        channel.send(QueueDeclare(queue: queue))
        channel.send(ChannelCloseOk())
        channel.probe.mark(channel: channel.number, isOpen: false)
        let again = try await channel.probe.openChannel(channel.number)
        #expect(try await !again.exists(queue: queue))
        #expect(try await again.drain(target) == [])
    }

    @Test(
        "A channel.close that crosses the broker's own is answered with close-ok",
        .proves("channel.crossing-closes", ["channel.close/stability", "spec/2.3.7/close-handshake"]))
    func crossingCloses() async throws {
        let channel = try await Probe.openChannel()
        channel.send(QueuePurge(queue: unique("missing")))
        channel.send(ChannelClose(replyCode: .replySuccess, replyText: "done"))
        _ = try await channel.receive(ChannelClose.self)
        _ = try await channel.receive(ChannelCloseOk.self)
        channel.send(ChannelCloseOk())
        channel.probe.mark(channel: channel.number, isOpen: false)
        try await channel.probe.openChannel(channel.number).barrier()
    }

    @Test(
        "A channel that the broker has closed cannot be opened before close-ok",
        .proves("channel.opened-before-close-ok", ["channel.open/state", "channel.close/stability"]))
    func openedBeforeCloseOk() async throws {
        let channel = try await Probe.openChannel()
        channel.send(QueuePurge(queue: unique("missing")))
        _ = try await channel.receive(ChannelClose.self)
        channel.send(ChannelOpen())
        // "Ignored" is one reading of the specification, "an error" the other; an open-ok is wrong by both.
        channel.probe.send(ConnectionUpdateSecret(newSecret: [], reason: "a barrier on channel 0"))
        let seen = try await channel.probe.outcome(
            on: 0, until: { $0.method?.id == ConnectionUpdateSecretOk.id }, cause: ChannelOpen.id,
            at: #_sourceLocation)
        expect(seen, [.connectionClose(.channelError), .ok])
        #expect(!channel.probe.arrived(on: channel.number).contains { $0.method?.id == ChannelOpenOk.id })
    }

    @Test(
        "One channel more than agreed on closes the connection, and a closed one makes room",
        .proves(
            "channel.one-too-many",
            ["rabbitmq/limits/channel-max", "spec/2.3.3/limits-enforced", "spec/4.3/many-channels"]))
    func oneTooMany() async throws {
        let probe = try await Probe.connect { $0.channelMax = 3 }
        var channels: [ProbeChannel] = []
        for _ in 1...3 { channels.append(try await probe.openChannel()) }
        try await channels[1].close()
        try await probe.openChannel(2).barrier()
        probe.send(ChannelOpen(), on: 4)
        expect(try await probe.outcome(), .connectionClose(.notAllowed))
    }

    @Test(
        "Many channels share a connection, and each gets what is its own",
        .proves("channel.many", ["spec/4.3/many-channels"]))
    func many() async throws {
        let probe = try await Probe.connect()
        var channels: [(ProbeChannel, ShortString)] = []
        for _ in 1...(probe.channelMax == 0 ? 50 : min(50, probe.channelMax)) {
            let channel = try await probe.openChannel()
            let queue = try await channel.declareQueue()
            try await channel.consume(queue, noAck: true)
            channels.append((channel, queue))
        }
        let publisher = channels[0].0
        for (_, queue) in channels.reversed() { publisher.publish(queue.text, to: "", queue) }
        for (channel, queue) in channels { #expect(try await channel.delivery().text == queue.text) }
    }

    @Test(
        "The highest channel number that was agreed on can be used",
        .proves("channel.highest-number", ["spec/4.3/many-channels", "spec/2.3.3/server-states-limits"]))
    func highestNumber() async throws {
        let tune = try await Probe.raw().authenticate(try Probe.handshake())
        let highest = tune.channelMax == 0 ? .max : tune.channelMax
        let channel = try await Probe.connect { $0.channelMax = tune.channelMax }.openChannel(highest)
        let queue = try await channel.declareQueue()
        channel.publish("from the last channel", to: "", queue)
        #expect(try await channel.drain(queue) == ["from the last channel"])
    }

    @Test(
        "A new channel is flowing: messages come without a channel.flow, and asking for flow is fine",
        .proves("channel.flow-on", ["channel.flow/initial-state"]))
    func flowOn() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue)
        channel.publish("at once", to: "", queue)
        #expect(try await channel.delivery().text == "at once")
        #expect(try await channel.call(ChannelFlow(active: true), ChannelFlowOk.self).active)
        channel.publish("still", to: "", queue)
        #expect(try await channel.delivery().text == "still")
    }

    @Test(
        "A client may pause its channel",
        .proves(
            "channel.flow-off", ["channel.flow/initial-state", "channel.flow/bidirectional"],
            rabbitmq: "Clients limit what they get by basic.qos; a pause closes the connection with 540."))
    func flowOff() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue)
        try await channel.send(
            ChannelFlow(active: false), expecting: .ok, rabbitmq: .connectionClose(.notImplemented))
    }

    @Test(
        "While a client sends a long message the broker goes on reading it and delivering to the client",
        .proves("channel.both-ways-at-once", ["channel.flow/bidirectional"]))
    func bothWaysAtOnce() async throws {
        let channel = try await Probe.openChannel()
        let other = try await channel.probe.openChannel()
        let queue = try await channel.declareQueue()
        try await other.consume(queue, noAck: true)
        let body = [UInt8](repeating: 0x61, count: 100_000)
        for number in 1...20 {
            channel.publish(body: body + Array("\(number)".utf8), to: "", queue)
            #expect(try await other.delivery().content.body.count == body.count + "\(number)".utf8.count)
        }
    }

    @Test(
        "A close-ok that nobody asked for closes the connection",
        .proves("channel.close-ok-unasked", ["spec/2.3.7/close-handshake"]))
    func closeOkUnasked() async throws {
        let channel = try await Probe.openChannel()
        channel.send(ChannelCloseOk())
        expect(
            try await channel.probe.outcome(cause: ChannelCloseOk.id), .connectionClose(.commandInvalid))
    }

    @Test(
        "Methods that only a broker sends close the connection when a client sends them",
        .proves(
            "channel.brokers-methods", ["spec/2.3.7/close-handshake"],
            rabbitmq: .from("4.3", "basic.cancel-ok is an internal error, 541, and the close blames no method.")))
    func brokersMethods() async throws {
        for method: any MethodFields in [
            ChannelOpenOk(), QueueDeclareOk(queue: "", messageCount: 0, consumerCount: 0),
            BasicCancelOk(consumerTag: "tag"), BasicGetEmpty(), TxCommitOk(),
        ] {
            let channel = try await Probe.openChannel()
            channel.send(method)
            let isCancelOk = method.id == BasicCancelOk.id
            let blamed = isCancelOk && isRabbitMQ(from: "4.3") ? MethodID(0, 0) : method.id
            expect(
                try await channel.probe.outcome(cause: blamed), .connectionClose(.commandInvalid),
                rabbitmq: isCancelOk ? .connectionClose(.internalError) : nil, from: "4.3")
        }
    }

    @Test(
        "The access.request of earlier versions is answered with a ticket that means nothing",
        .proves("channel.access-request", ["rabbitmq/access.request/no-op"]))
    func accessRequest() async throws {
        let channel = try await Probe.openChannel()
        _ = try await channel.call(
            AccessRequest(realm: "/data", active: true, write: true, read: true), AccessRequestOk.self)
        try await channel.barrier()
    }

    @Test(
        "Nothing is delivered on a channel once its close is answered",
        .proves("channel.no-delivery-after-close", ["channel.close/stability"]))
    func noDeliveryAfterClose() async throws {
        let channel = try await Probe.openChannel()
        let publisher = try await channel.probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue)
        try await channel.close()
        channel.probe.forget(channel: channel.number)
        try await publisher.awaitNoConsumers(of: queue)
        publisher.publish("for nobody", to: "", queue)
        #expect(try await publisher.drain(queue) == ["for nobody"])
        #expect(channel.probe.arrived(on: channel.number).isEmpty)
    }
}
