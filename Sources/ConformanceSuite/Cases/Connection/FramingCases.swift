import AMQPWire
import Testing

@Suite("Frames") struct FramingCases {
    @Test(
        "A body may be cut into frames of any size, empty ones too",
        .proves("framing.body-in-pieces", ["spec/2.3.5.2/body-chunks", "spec/4.2.6.2/reassembly"]))
    func bodyInPieces() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.probe.send { writer in
            writer.method(BasicPublish(routingKey: queue), channel: channel.number)
            writer.frame(.header, channel: channel.number) {
                ContentHeader(bodySize: 5, properties: BasicProperties()).write(to: &$0)
            }
            for piece in ["h", "", "el", "lo"] {
                writer.frame(.body, channel: channel.number) { $0.raw(piece.utf8) }
            }
        }
        #expect(try await channel.drain(queue) == ["hello"])
    }

    @Test(
        "A body in one frame for each octet arrives whole",
        .proves("framing.body-octet-by-octet", ["spec/2.3.5.2/body-chunks", "spec/4.2.6.2/reassembly"]))
    func bodyOctetByOctet() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let text = String(repeating: "one by one. ", count: 50)
        channel.probe.send { writer in
            writer.publishHead(to: queue, size: text.utf8.count, on: channel)
            for octet in text.utf8 { writer.frame(.body, channel: channel.number) { $0.uint8(octet) } }
        }
        #expect(try await channel.drain(queue) == [text])
    }

    @Test(
        "A message without a body has no body frame, in either direction",
        .proves("framing.no-body", ["spec/2.3.5.2/body-chunks"]))
    func noBody() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.probe.send { $0.publishHead(to: queue, size: 0, on: channel) }
        let message = try #require(try await channel.get(queue))
        #expect(message.content.body.isEmpty)
        try await channel.barrier()
        #expect(channel.probe.arrived(on: channel.number).isEmpty, "a body frame followed an empty message")
    }

    @Test(
        "A body is cut for each receiver as that one has agreed",
        .proves("framing.cut-for-the-receiver", ["spec/4.2.6.2/reassembly", "spec/2.3.3/limits-enforced"]))
    func cutForTheReceiver() async throws {
        let publisher = try await Probe.openChannel()
        let small = try await Probe.connect { $0.frameMax = 8192 }.openChannel()
        let queue = try await small.declareQueue(exclusive: false)
        let body = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
        publisher.publish(body: body, to: "", queue)
        try await publisher.barrier(behind: queue)
        let message = try #require(try await small.get(queue))
        let isUntouched = message.content.body == body
        #expect(isUntouched, "the body was changed on the way")
        #expect(message.content.pieces.allSatisfy { $0 <= 8184 }, "\(message.content.pieces)")
    }

    @Test(
        "The messages of two channels may be interleaved, frame by frame",
        .proves("framing.interleaved-channels", ["spec/4.2.6.2/reassembly", "spec/4.3/many-channels"]))
    func interleavedChannels() async throws {
        let first = try await Probe.openChannel()
        let second = try await first.probe.openChannel()
        let queues = [try await first.declareQueue(), try await first.declareQueue()]
        first.probe.send { writer in
            for (channel, queue) in zip([first, second], queues) {
                writer.method(BasicPublish(routingKey: queue), channel: channel.number)
            }
            for channel in [second, first] {
                writer.frame(.header, channel: channel.number) {
                    ContentHeader(bodySize: 3, properties: BasicProperties()).write(to: &$0)
                }
            }
            for (one, two) in zip("abc".utf8, "xyz".utf8) {
                writer.frame(.body, channel: first.number) { $0.uint8(one) }
                writer.frame(.body, channel: second.number) { $0.uint8(two) }
            }
        }
        #expect(try await first.drain(queues[0]) == ["abc"])
        #expect(try await second.drain(queues[1]) == ["xyz"])
    }

    @Test(
        "Frames may arrive an octet at a time",
        .proves("framing.octet-at-a-time", ["spec/4.2.6.2/reassembly"]))
    func octetAtATime() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        var writer = FrameWriter()
        writer.content(
            BasicPublish(routingKey: queue), BasicProperties(type: "slow"), body: Array("hello".utf8),
            channel: channel.number, frameMax: 4096)
        for octet in writer.octets { channel.probe.send(octets: [octet]) }
        let message = try #require(try await channel.get(queue))
        #expect(message.text == "hello")
        #expect(message.properties.type == "slow")
    }

    @Test(
        "Many methods in one write are carried out one after the other",
        .proves("framing.many-in-one-write", ["spec/4.6/visibility", "spec/4.7/ordering"]))
    func manyInOneWrite() async throws {
        let channel = try await Probe.openChannel()
        let queue = unique("queue")
        channel.probe.send { writer in
            writer.method(QueueDeclare(queue: queue, exclusive: true), channel: channel.number)
            for number in 1...50 {
                writer.content(
                    BasicPublish(routingKey: queue), BasicProperties(), body: Array("\(number)".utf8),
                    channel: channel.number, frameMax: 4096)
            }
            writer.method(QueueBind(queue: queue, exchange: "amq.direct", routingKey: queue), channel: channel.number)
        }
        _ = try await channel.receive(QueueDeclareOk.self)
        _ = try await channel.receive(QueueBindOk.self)
        #expect(try await channel.drain(queue) == (1...50).map { "\($0)" })
    }

    @Test(
        "A frame that does not end in 206 is fatal",
        .proves(
            "framing.bad-end-octet", ["spec/4.2.3/frame-end-octet"],
            rabbitmq: "connection.close 501 is sent before the stream is ended."))
    func badEndOctet() async throws {
        let probe = try await Probe.connect()
        probe.send(octets: [8, 0, 0, 0, 0, 0, 0, 0xCF])
        expect(try await probe.outcome(), .hangUp, rabbitmq: .connectionClose(.frameError))
    }

    @Test(
        "The end of a frame is looked at before what is in it",
        .proves(
            "framing.end-octet-first", ["spec/4.2.3/frame-end-octet"],
            rabbitmq: "connection.close 501 is sent before the stream is ended."))
    func endOctetFirst() async throws {
        let channel = try await Probe.openChannel()
        let queue = unique("queue")
        var writer = FrameWriter()
        writer.method(QueueDeclare(queue: queue), channel: channel.number)
        channel.probe.send(octets: Array(writer.octets.dropLast()) + [0])
        expect(try await channel.probe.outcome(), .hangUp, rabbitmq: .connectionClose(.frameError))
        #expect(try await !Probe.openChannel().exists(queue: queue))
    }

    @Test(
        "A frame of an undefined type is fatal",
        .proves(
            "framing.unknown-type", ["spec/4.2.3/unknown-frame-type"],
            rabbitmq: "connection.close 501 is sent before the stream is ended."))
    func unknownType() async throws {
        for type: UInt8 in [0, 4, 9, 255] {
            let probe = try await Probe.connect()
            probe.send(octets: [type, 0, 0, 0, 0, 0, 1, 0, Frame.end])
            expect(try await probe.outcome(), .hangUp, rabbitmq: .connectionClose(.frameError))
        }
    }

    @Test(
        "A frame just as large as agreed on is taken",
        .proves("framing.largest-frame", ["spec/4.2.3/oversized-frame", "connection.tune.frame-max/minimum"]))
    func largestFrame() async throws {
        #expect(try await outcome(ofPayloadAbove: -Frame.overhead) == .ok)
    }

    @Test(
        "A frame one octet larger than agreed on closes the connection",
        .proves(
            "framing.one-octet-too-large", ["spec/4.2.3/oversized-frame", "spec/2.3.3/limits-enforced"],
            rabbitmq: "Eight octets more are let pass, for clients that count the payload only."))
    func oneOctetTooLarge() async throws {
        expect(
            try await outcome(ofPayloadAbove: 1 - Frame.overhead), .connectionClose(.frameError), rabbitmq: .ok)
    }

    @Test(
        "A frame more than eight octets larger than agreed on closes the connection",
        .proves("framing.nine-octets-too-large", ["spec/4.2.3/oversized-frame", "spec/2.3.3/limits-enforced"]))
    func nineOctetsTooLarge() async throws {
        expect(try await outcome(ofPayloadAbove: 1), .connectionClose(.frameError))
    }

    /// What comes of a message in a single body frame, whose payload has so many octets more than are agreed on for a frame.
    private func outcome(ofPayloadAbove excess: Int) async throws -> Outcome {
        let channel = try await Probe.connect { $0.frameMax = 8192 }.openChannel()
        let size = Int(channel.probe.frameMax) + excess
        let queue = try await channel.declareQueue()
        channel.probe.send { writer in
            writer.publishHead(to: queue, size: size, on: channel)
            writer.frame(.body, channel: channel.number) { $0.raw([UInt8](repeating: 7, count: size)) }
        }
        let outcome = try await channel.outcome()
        if outcome == .ok { #expect(try await channel.get(queue)?.content.body.count == size) }
        return outcome
    }

    @Test(
        "A frame that only says that it will be too large closes the connection at once",
        .proves("framing.too-large-by-its-head", ["spec/4.2.3/oversized-frame", "spec/2.3.3/limits-enforced"]))
    func tooLargeByItsHead() async throws {
        let probe = try await Probe.connect()
        // A gigabyte is announced, and none of it sent.
        probe.send(octets: [1, 0, 1, 0x40, 0, 0, 0])
        expect(try await probe.outcome(), .connectionClose(.frameError))
    }

    @Test(
        "Before a size is agreed on, a frame of more than 4096 octets ends the stream",
        .proves(
            "framing.too-large-in-the-handshake",
            ["spec/2.2.4/no-handshake-before-open", "spec/4.2.3/oversized-frame"],
            rabbitmq: .from("4.3", "It may have 8192 octets."))
    )
    func tooLargeInTheHandshake() async throws {
        expect(try await outcome(ofPadding: 5000), .hangUp, rabbitmq: .ok, from: "4.3")
        expect(try await outcome(ofPadding: 9000), .hangUp)
    }

    /// What comes of a start-ok with that many octets beside what an ordinary client's has.
    private func outcome(ofPadding size: Int) async throws -> Outcome {
        let probe = try await Probe.raw()
        _ = try await probe.greet()
        var handshake = try Probe.handshake()
        handshake.clientProperties["padding"] = .longString([UInt8](repeating: 0x20, count: size))
        probe.send(handshake.startOk)
        return try await probe.outcome(
            on: 0, until: { $0.method?.id == ConnectionTune.id }, cause: nil, at: #_sourceLocation)
    }
}

extension FrameWriter {
    /// The method and the header of a message whose body the case sends itself.
    mutating func publishHead(to queue: ShortString, size: Int, on channel: ProbeChannel) {
        method(BasicPublish(routingKey: queue), channel: channel.number)
        header(size: size, on: channel)
    }

    mutating func header(
        classID: UInt16 = MethodID.basic, size: Int, _ properties: BasicProperties = BasicProperties(),
        on channel: ProbeChannel
    ) {
        frame(.header, channel: channel.number) {
            ContentHeader(classID: classID, bodySize: UInt64(size), properties: properties).write(to: &$0)
        }
    }

    /// A content header with flags and properties as they stand on the wire.
    mutating func header(weight: UInt16 = 0, size: UInt64, flags: UInt16, _ octets: [UInt8], on channel: ProbeChannel) {
        frame(.header, channel: channel.number) { writer in
            writer.uint16(MethodID.basic)
            writer.uint16(weight)
            writer.uint64(size)
            writer.uint16(flags)
            writer.raw(octets)
        }
    }
}
