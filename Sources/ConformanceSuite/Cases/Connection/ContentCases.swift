import AMQPWire
import Testing

@Suite("Content out of order, or malformed") struct ContentCases {
    /// What comes of frames on a channel, once a method has been sent behind them.
    private func outcome(
        blaming cause: MethodID? = BasicPublish.id, at place: SourceLocation = #_sourceLocation,
        of frames: (inout FrameWriter, ProbeChannel, ShortString) -> Void
    ) async throws -> Outcome {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.probe.send { frames(&$0, channel, queue) }
        return try await channel.outcome(cause: cause, at: place)
    }

    @Test(
        "A method where the content header is due",
        .proves("framing.method-for-header", ["spec/4.2.6/bad-content"]))
    func methodForHeader() async throws {
        let seen = try await outcome { writer, channel, queue in
            writer.method(BasicPublish(routingKey: queue), channel: channel.number)
            writer.method(QueuePurge(queue: queue), channel: channel.number)
        }
        expect(seen, .connectionClose(.unexpectedFrame))
    }

    @Test(
        "A second message where the first one's header is due",
        .proves("framing.publish-for-header", ["spec/4.2.6/bad-content"]))
    func publishForHeader() async throws {
        let seen = try await outcome { writer, channel, queue in
            writer.method(BasicPublish(routingKey: queue), channel: channel.number)
            writer.publishHead(to: queue, size: 0, on: channel)
        }
        expect(seen, .connectionClose(.unexpectedFrame))
    }

    @Test(
        "A body where the content header is due",
        .proves("framing.body-for-header", ["spec/4.2.6/bad-content"]))
    func bodyForHeader() async throws {
        let seen = try await outcome { writer, channel, queue in
            writer.method(BasicPublish(routingKey: queue), channel: channel.number)
            writer.frame(.body, channel: channel.number) { $0.raw("hello".utf8) }
        }
        expect(seen, .connectionClose(.unexpectedFrame))
    }

    @Test(
        "A method where more of the body is due: the message is incomplete",
        .proves("framing.method-for-body", ["spec/4.2.6/bad-content"]))
    func methodForBody() async throws {
        let seen = try await outcome { writer, channel, queue in
            writer.publishHead(to: queue, size: 5, on: channel)
            writer.frame(.body, channel: channel.number) { $0.raw("hell".utf8) }
            writer.method(QueuePurge(queue: queue), channel: channel.number)
        }
        expect(seen, .connectionClose(.unexpectedFrame))
    }

    @Test(
        "A second header where the body is due",
        .proves("framing.header-for-body", ["spec/4.2.6/bad-content"]))
    func headerForBody() async throws {
        let seen = try await outcome { writer, channel, queue in
            writer.publishHead(to: queue, size: 5, on: channel)
            writer.header(size: 5, on: channel)
        }
        expect(seen, .connectionClose(.unexpectedFrame))
    }

    @Test(
        "A channel.close where the body is due is out of order, too",
        .proves("framing.close-for-body", ["spec/4.2.6/bad-content"]))
    func closeForBody() async throws {
        let seen = try await outcome { writer, channel, queue in
            writer.publishHead(to: queue, size: 5, on: channel)
            writer.method(ChannelClose(replyCode: .replySuccess, replyText: "done"), channel: channel.number)
        }
        expect(seen, .connectionClose(.unexpectedFrame))
    }

    @Test(
        "A content header that belongs to no method",
        .proves("framing.stray-header", ["spec/4.2.6/bad-content"]))
    func strayHeader() async throws {
        let seen = try await outcome(blaming: nil) { writer, channel, _ in writer.header(size: 5, on: channel) }
        expect(seen, .connectionClose(.unexpectedFrame))
    }

    @Test(
        "A body that belongs to no header",
        .proves("framing.stray-body", ["spec/4.2.6/bad-content"]))
    func strayBody() async throws {
        let seen = try await outcome(blaming: nil) { writer, channel, _ in
            writer.frame(.body, channel: channel.number) { $0.raw("hello".utf8) }
        }
        expect(seen, .connectionClose(.unexpectedFrame))
    }

    @Test(
        "A content header behind a method that has no content",
        .proves("framing.header-behind-another-method", ["spec/4.2.6/bad-content"]))
    func headerBehindAnotherMethod() async throws {
        let seen = try await outcome(blaming: nil) { writer, channel, queue in
            writer.method(QueuePurge(queue: queue, noWait: true), channel: channel.number)
            writer.header(size: 0, on: channel)
        }
        expect(seen, .connectionClose(.unexpectedFrame))
    }

    @Test(
        "More body than announced, in one frame",
        .proves(
            "framing.body-too-long", ["spec/4.2.6/bad-content"],
            rabbitmq: .from("4.3", "The code is 501, an error of framing.")))
    func bodyTooLong() async throws {
        let seen = try await outcome { writer, channel, queue in
            writer.publishHead(to: queue, size: 3, on: channel)
            writer.frame(.body, channel: channel.number) { $0.raw("hello".utf8) }
        }
        expect(
            seen, .connectionClose(.unexpectedFrame), rabbitmq: .connectionClose(.frameError), from: "4.3")
    }

    @Test(
        "More body than announced, in the second frame",
        .proves(
            "framing.body-too-long-in-two", ["spec/4.2.6/bad-content"],
            rabbitmq: .from("4.3", "The code is 501, an error of framing.")))
    func bodyTooLongInTwo() async throws {
        let seen = try await outcome { writer, channel, queue in
            writer.publishHead(to: queue, size: 5, on: channel)
            for piece in ["hell", "lo"] { writer.frame(.body, channel: channel.number) { $0.raw(piece.utf8) } }
        }
        expect(
            seen, .connectionClose(.unexpectedFrame), rabbitmq: .connectionClose(.frameError), from: "4.3")
    }

    @Test(
        "A body where none was announced",
        .proves("framing.body-of-an-empty-message", ["spec/4.2.6/bad-content"]))
    func bodyOfAnEmptyMessage() async throws {
        let seen = try await outcome(blaming: nil) { writer, channel, queue in
            writer.publishHead(to: queue, size: 0, on: channel)
            writer.frame(.body, channel: channel.number) { $0.raw("hello".utf8) }
        }
        expect(seen, .connectionClose(.unexpectedFrame))
    }

    @Test(
        "A message that is broken off reaches no queue, and those before it do",
        .proves("framing.incomplete-reaches-no-queue", ["spec/4.2.6/bad-content"]))
    func incompleteReachesNoQueue() async throws {
        let channel = try await Probe.openChannel()
        let reader = try await Probe.openChannel()
        let queue = try await reader.declareQueue(exclusive: false)
        channel.publish("whole", to: "", queue)
        try await channel.barrier(behind: queue)
        channel.probe.send { writer in
            writer.publishHead(to: queue, size: 5, on: channel)
            writer.frame(.body, channel: channel.number) { $0.raw("hell".utf8) }
            writer.method(TxSelect(), channel: channel.number)
        }
        expect(try await channel.probe.outcome(cause: BasicPublish.id), .connectionClose(.unexpectedFrame))
        #expect(try await reader.drain(queue) == ["whole"])
    }

    @Test(
        "A content header of another class than its method",
        .proves(
            "framing.header-of-another-class", ["spec/4.2.6.1/class-mismatch"],
            rabbitmq: "505, as for any other frame that is out of place."))
    func headerOfAnotherClass() async throws {
        let seen = try await outcome { writer, channel, queue in
            writer.method(BasicPublish(routingKey: queue), channel: channel.number)
            writer.header(classID: MethodID.queue, size: 0, on: channel)
        }
        expect(seen, .connectionClose(.frameError), rabbitmq: .connectionClose(.unexpectedFrame))
    }

    @Test(
        "A content header whose weight is not zero",
        .proves("framing.header-with-weight", ["spec/4.2.6/bad-content"]))
    func headerWithWeight() async throws {
        let seen = try await outcome { writer, channel, queue in
            writer.method(BasicPublish(routingKey: queue), channel: channel.number)
            writer.header(weight: 1, size: 0, flags: 0, [], on: channel)
        }
        expect(seen, .connectionClose(.unexpectedFrame))
    }

    @Test(
        "A content header cut short",
        .proves(
            "framing.header-cut-short", ["spec/4.2.6/bad-content"],
            rabbitmq: "501: the frame is taken for one that cannot be decoded."))
    func headerCutShort() async throws {
        let seen = try await outcome(blaming: nil) { writer, channel, queue in
            writer.method(BasicPublish(routingKey: queue), channel: channel.number)
            writer.frame(.header, channel: channel.number) { $0.raw([0, 60, 0, 0]) }
        }
        expect(seen, .connectionClose(.unexpectedFrame), rabbitmq: .connectionClose(.frameError))
    }

    @Test(
        "A content header with octets left over behind its properties",
        .proves(
            "framing.properties-too-long", ["spec/4.2.6/bad-content"],
            rabbitmq: "541: whatever goes wrong with properties is an internal error."))
    func propertiesTooLong() async throws {
        try await malformedProperties(flags: 0x8000, [1, 0x61, 0xFF, 0xFF])
    }

    @Test(
        "A content header whose properties end too early",
        .proves(
            "framing.properties-cut-short", ["spec/4.2.6/bad-content"],
            rabbitmq: "541: whatever goes wrong with properties is an internal error."))
    func propertiesCutShort() async throws { try await malformedProperties(flags: 0x8000, [9, 0x61]) }

    @Test(
        "A content header whose flags announce more properties than there are",
        .proves(
            "framing.more-property-flags", ["spec/4.2.6/bad-content"],
            rabbitmq: "541: whatever goes wrong with properties is an internal error."))
    func morePropertyFlags() async throws { try await malformedProperties(flags: 0x0001, [0x80, 0]) }

    @Test(
        "A content header whose table of headers is malformed",
        .proves(
            "framing.malformed-headers", ["spec/4.2.6/bad-content"],
            rabbitmq: "541: whatever goes wrong with properties is an internal error."))
    func malformedHeaders() async throws {
        // One field, "a", of a type that there is not.
        try await malformedProperties(flags: 0x2000, [0, 0, 0, 3, 1, 0x61, 0x3F])
    }

    private func malformedProperties(
        flags: UInt16, _ octets: [UInt8], at place: SourceLocation = #_sourceLocation
    ) async throws {
        let seen = try await outcome(blaming: nil, at: place) { writer, channel, queue in
            writer.method(BasicPublish(routingKey: queue), channel: channel.number)
            writer.header(size: 0, flags: flags, octets, on: channel)
        }
        expect(
            seen, .connectionClose(.unexpectedFrame), rabbitmq: .connectionClose(.internalError), at: place)
    }

    @Test(
        "Content on channel 0",
        .proves(
            "framing.content-on-zero", ["spec/4.2.6.1/content-on-zero"],
            rabbitmq: "505, as for any other frame that is out of place."))
    func contentOnZero() async throws {
        for kind in [Frame.Kind.header, .body] {
            let probe = try await Probe.connect()
            probe.send { writer in
                writer.frame(kind, channel: 0) {
                    ContentHeader(bodySize: 0, properties: BasicProperties()).write(to: &$0)
                }
            }
            expect(
                try await probe.outcome(), .connectionClose(.channelError),
                rabbitmq: .connectionClose(.unexpectedFrame))
        }
    }

    @Test(
        "Content on a channel that is not open",
        .proves(
            "framing.content-on-no-channel", ["spec/4.2.6/bad-content"],
            rabbitmq: "505, where the specification has 504 for a channel that is not open."))
    func contentOnNoChannel() async throws {
        let probe = try await Probe.connect()
        probe.send { writer in
            writer.frame(.header, channel: 5) {
                ContentHeader(bodySize: 0, properties: BasicProperties()).write(to: &$0)
            }
        }
        expect(
            try await probe.outcome(), .connectionClose(.channelError), rabbitmq: .connectionClose(.unexpectedFrame))
    }
}
