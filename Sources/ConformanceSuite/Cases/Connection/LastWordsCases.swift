import AMQPWire
import Testing

/// What is sent right before a close, with nothing in between that would wait for it.
@Suite("What is sent right before a close") struct LastWordsCases {
    private enum End: CaseIterable { case channel, connection }

    private func close(_ end: End, _ writer: inout FrameWriter, on channel: ProbeChannel) {
        switch end {
        case .channel:
            writer.method(ChannelClose(replyCode: .replySuccess, replyText: "done"), channel: channel.number)
        case .connection: writer.method(ConnectionClose(replyCode: .replySuccess, replyText: "done"), channel: 0)
        }
    }

    private func awaitAnswer(_ end: End, on channel: ProbeChannel) async throws {
        switch end {
        case .channel: _ = try await channel.receive(ChannelCloseOk.self)
        case .connection: _ = try await channel.probe.receive(ConnectionCloseOk.self)
        }
    }

    @Test(
        "Messages that are published right before the channel or the connection is closed are in their queue",
        .proves("hello.published-before-the-close", ["rabbitmq/close/what-came-before"]))
    func published() async throws {
        let look = try await Probe.openChannel()
        for end in End.allCases {
            let queue = try await look.declareQueue(exclusive: false)
            let channel = try await Probe.openChannel()
            channel.probe.send { writer in
                for number in 1...20 {
                    writer.content(
                        BasicPublish(routingKey: queue), BasicProperties(), body: Array("\(number)".utf8),
                        channel: channel.number, frameMax: 4096)
                }
                close(end, &writer, on: channel)
            }
            try await awaitAnswer(end, on: channel)
            try await look.awaitReady(20, in: queue)
            #expect(try await look.drain(queue) == (1...20).map { "\($0)" })
        }
    }

    @Test(
        "Messages that are acknowledged right before the channel or the connection is closed do not come back",
        .proves("settle.acknowledged-before-the-close", ["rabbitmq/close/what-came-before", "basic/10"]))
    func acknowledged() async throws {
        let look = try await Probe.openChannel()
        for end in End.allCases {
            let queue = try await look.declareQueue(exclusive: false)
            for number in 1...4 { look.publish("\(number)", to: "", queue) }
            try await look.expectReady(4, in: queue)
            let channel = try await Probe.openChannel()
            var held: [Received] = []
            for _ in 1...4 { held.append(try #require(try await channel.get(queue, noAck: false))) }
            channel.probe.send { writer in
                for message in held.prefix(3) {
                    writer.method(BasicAck(deliveryTag: message.deliveryTag), channel: channel.number)
                }
                close(end, &writer, on: channel)
            }
            try await awaitAnswer(end, on: channel)
            try await look.awaitReady(1, in: queue)
            #expect(try await look.drain(queue) == ["4"])
        }
    }
}
