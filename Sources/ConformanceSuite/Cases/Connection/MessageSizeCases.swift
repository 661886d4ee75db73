import AMQPWire
import Testing

@Suite("Messages and texts that are too large") struct MessageSizeCases {
    @Test(
        "A body of more than 16 MiB is taken",
        .proves(
            "framing.more-than-sixteen-mebibytes", ["rabbitmq/limits/message-size"],
            rabbitmq: .from("4.0", "16 MiB are the most: 406 on the channel, and the others live on.")))
    func largest() async throws {
        let channel = try await Probe.openChannel()
        let sibling = try await channel.probe.openChannel()
        let queue = try await sibling.declareQueue()
        channel.publish(body: [UInt8](repeating: 0x78, count: 16 << 20 | 1), to: "", queue)
        expect(
            try await channel.outcome(cause: BasicPublish.id), .ok, rabbitmq: .channelClose(.preconditionFailed),
            from: "4.0")
        try await sibling.expectReady(isRabbitMQ(from: "4.0") ? 0 : 1, in: queue)
    }

    @Test(
        "A header that does not fit into the receiver's frames comes whole all the same, and what follows it too",
        .proves("framing.header-larger-than-frames", ["rabbitmq/limits/large-header"]))
    func largeHeader() async throws {
        let channel = try await Probe.openChannel()
        let agreed = channel.probe.frameMax
        guard agreed == 0 || agreed > 21_000 else { return inform("no frame may be as large as such a header") }
        let queue = try await channel.declareQueue(exclusive: false)
        let text = String(repeating: "h", count: 20_000)
        channel.publish("large", to: "", queue, BasicProperties(headers: ["large": .string(text)]))
        channel.publish("small", to: "", queue)
        try await channel.expectReady(2, in: queue)
        let narrow = try await Probe.connect { $0.frameMax = 8192 }.openChannel()
        let message = try #require(try await narrow.get(queue))
        #expect(message.text == "large")
        let isWhole = message.headers["large"]?.text == text
        #expect(isWhole, "the header was changed on the way")
        #expect(try await narrow.get(queue)?.text == "small")
    }

    @Test(
        "A reason that is too long for the text is cut between two letters",
        .proves(
            "declare.long-reason-in-letters", ["spec/4.2.5.3/short-strings"],
            rabbitmq: .before("4.0", "It is cut behind an octet, be it in the middle of a letter.")
                .from("4.0", "The connection is closed with 541.")))
    func longReason() async throws {
        var areTexts: [Bool] = []
        for front in ["", "a"] {
            let channel = try await Probe.openChannel()
            // 254 and 255 octets: one of the two ends in the middle of a letter where the text has to end.
            let name = ShortString(truncating: front + String(repeating: "é", count: 127))
            channel.send(QueueDeclare(queue: name, passive: true))
            if isRabbitMQ(from: "4.0") {
                // RabbitMQ blames no method.
                expect(
                    try await channel.outcome(), .channelClose(.notFound), rabbitmq: .connectionClose(.internalError),
                    from: "4.0")
                continue
            }
            let close = try await channel.probe.event(on: channel.number, "channel.close", where: \.isClose)
            guard case .method(.channelClose(let close), _) = close else { return note(.failed, "\(close)") }
            #expect(close.replyCode == .notFound)
            areTexts.append(String(validating: close.replyText.octets, as: UTF8.self) != nil)
        }
        if areTexts.isEmpty { return }
        expect(areTexts, spec: [true, true], rabbitmq: [true, false], before: "4.0", "the reasons are text:")
    }
}
