import AMQPWire
import Testing

/// Streams with many readers, and what is left of them and of their limits.
@Suite("Streams: many readers") struct ManyReadersCases {
    @Test(
        "Readers that stay are handed what comes when many others were cancelled",
        .proves(
            "stream.after-many-cancels", ["rabbitmq/stream/cancel", "rabbitmq/stream/own-place"], needs: [.streams])
    )
    func afterManyCancels() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        let tags = (1...24).map { ShortString(truncating: "reader \($0)") }
        for tag in tags { try await channel.read(stream, from: "next", tag: tag) }
        for tag in tags[1..<23] { try await channel.cancel(tag) }
        for text in ["1", "2"] {
            channel.publish(text, to: "", stream)
            let messages = try await channel.deliveries(2)
            #expect(messages.map(\.text) == [text, text])
            #expect(Set(messages.map(\.consumerTag)) == [tags[0], tags[23]])
        }
    }

    @Test(
        "A reader that has read everything is handed what comes while another reads a long stream",
        .proves("stream.beside-a-long-read", ["rabbitmq/stream/own-place"], needs: [.streams]))
    func besideALongRead() async throws {
        let writer = try await Probe.openChannel()
        let stream = try await writer.declareStream()
        try await writer.confirmSelect()
        for number in 1...1_500 { writer.publish("\(number)", to: "", stream) }
        try await writer.awaitConfirms(1...1_500)
        let waiting = try await Probe.openChannel()
        try await waiting.read(stream, from: "next")
        let reading = try await Probe.openChannel()
        try await reading.qos(5_000)
        let (number, frameMax) = (reading.number, reading.probe.frameMax)
        reading.probe.send {
            $0.method(
                BasicConsume(
                    queue: stream, consumerTag: "all", noWait: true, arguments: ["x-stream-offset": "first"]),
                channel: number)
            $0.content(
                BasicPublish(exchange: "", routingKey: stream), BasicProperties(), body: Array("news".utf8),
                channel: number, frameMax: frameMax)
        }
        #expect(try await waiting.delivery().text == "news")
        #expect(try await reading.deliveries(1_501).last?.text == "news")
    }

    @Test(
        "Each reader of a deleted stream is told",
        .proves("stream.each-reader-is-told", ["rabbitmq/stream/delete"], needs: [.streams]))
    func eachReaderIsTold() async throws {
        let channel = try await Probe.connect { $0.capabilities = ["consumer_cancel_notify": true] }.openChannel()
        let stream = try await channel.declareStream()
        for tag: ShortString in ["one", "two", "three"] { try await channel.read(stream, from: "first", tag: tag) }
        let other = try await Probe.openChannel()
        _ = try await other.call(QueueDelete(queue: stream), QueueDeleteOk.self)
        var told: Set<ShortString> = []
        for _ in 1...3 { told.insert(try await channel.receive(BasicCancel.self).consumerTag) }
        #expect(told == ["one", "two", "three"])
    }

    /// The first message that a new reader is handed.
    private func oldest(of stream: ShortString, _ channel: ProbeChannel) async throws -> Received {
        let other = try await channel.probe.openChannel()
        try await other.read(stream, from: "first", prefetch: 1)
        let message = try await other.delivery()
        try await other.close()
        return message
    }

    @Test(
        "A stream does not count the messages that it has given up, and a restart brings none of them back and changes no offset",
        .proves(
            "stream.given-up-for-good", ["rabbitmq/stream/octets", "rabbitmq/stream/kept", "rabbitmq/stream/counts"],
            needs: [.streams, .restart]))
    func givenUpForGood() async throws {
        let before = try await Probe.openChannel()
        let stream = try await before.declareStream([
            "x-max-length-bytes": 20_000, "x-stream-max-segment-size-bytes": 4000,
        ])
        try await before.fill(stream, 1...60, padding: 1000)
        var first: Received?
        _ = try await eventually {
            first = try await oldest(of: stream, before)
            return first.flatMap { Int($0.number) } ?? 0 > 35
        }
        let oldestBefore = try #require(first)
        // RabbitMQ counts every now and then, and offsets that are no messages, too.
        let isCounted = try await eventually {
            try await elapse(milliseconds: 100)
            return try await (1...30).contains(before.counts(of: stream).messages)
        }
        #expect(isCounted, "more are counted than are there")
        try await restartBroker()
        var after: Received?
        _ = try await eventually {
            // The stream's node has to find out first that it leads it.
            let channel = try await Probe.openChannel()
            after = try? await oldest(of: stream, channel)
            if after == nil { try await elapse(milliseconds: 100) }
            return after != nil
        }
        let oldestAfter = try #require(after)
        #expect(oldestAfter.number == oldestBefore.number)
        #expect(oldestAfter.offset == oldestBefore.offset)
    }
}
