import AMQPWire
import Testing

struct WireReaderTests {
    private static let conversation: [WirePiece] = {
        var body = ByteWriter()
        ContentHeader(bodySize: 3, properties: BasicProperties(appID: "a")).write(to: &body)
        var publish = FrameWriter()
        publish.method(BasicPublish(routingKey: "q"), channel: 1)
        var frames = FrameReader(frameMax: 0)
        frames.append(publish.octets)
        let method = (try? frames.next()) ?? Frame(.heartbeat, channel: 0, payload: [])
        return [
            .header(ProtocolHeader.amqp091), .frame(method),
            .frame(Frame(.header, channel: 1, payload: body.octets[...])),
            .frame(Frame(.body, channel: 1, payload: [1, 2, 3])), .frame(Frame(.heartbeat, channel: 0, payload: [])),
        ]
    }()

    private static let octets = conversation.flatMap(\.octets)

    @Test(arguments: [1, 2, 3, 7, 8, 9, 20, 1000])
    func wholeFramesHoweverSliced(step: Int) {
        var reader = WireReader()
        var pieces: [WirePiece] = []
        for start in stride(from: 0, to: Self.octets.count, by: step) {
            pieces += reader.read(Array(Self.octets[start..<min(start + step, Self.octets.count)]))
        }
        #expect(pieces == Self.conversation)
        #expect(reader.end().isEmpty)
    }

    @Test(arguments: [WireReader.Mode.atOnce, .whole, .unread], [1, 7, 8, 9, 20, 1000])
    func noOctetIsLost(mode: WireReader.Mode, step: Int) {
        // Ends in octets that are no frame, and those in the beginning of one.
        for octets in [Self.octets + [9, 9, 9], Self.octets + [1, 0, 0, 0, 0, 0, 9, 1]] {
            var reader = WireReader(mode)
            var passed: [UInt8] = []
            for start in stride(from: 0, to: octets.count, by: step) {
                let part = Array(octets[start..<min(start + step, octets.count)])
                passed += reader.read(part).flatMap(\.octets)
                if mode != .whole { #expect(passed.count == min(start + step, octets.count)) }
            }
            #expect(passed + reader.end().flatMap(\.octets) == octets)
        }
    }

    @Test func atOnceAFrameInTwoPartsIsOctetsAndTheNextAFrame() {
        let heartbeat = Self.conversation[4]
        let body = Self.conversation[3].octets
        var reader = WireReader(.atOnce)
        _ = reader.read(ProtocolHeader.amqp091)
        #expect(reader.read(Array(body.prefix(9))) == [.octets(Array(body.prefix(9)))])
        #expect(reader.read(body.dropFirst(9) + heartbeat.octets) == [.octets(Array(body.dropFirst(9))), heartbeat])
        #expect(!reader.isLost)
    }

    @Test func methodsWithTheirContent() throws {
        var methods = MethodReader()
        let frames = Self.conversation.compactMap(\.frame)
        #expect(methods.read(frames[0]) == nil)
        #expect(methods.read(frames[1]) == nil)
        // Another channel and a heartbeat come between.
        guard case .heartbeat? = methods.read(frames[3]) else { throw Unexpected() }
        var other = frames[2]
        other.channel = 2
        guard case .stray(other)? = methods.read(other) else { throw Unexpected() }
        guard case .stray? = methods.read(frames[0]) else { throw Unexpected() }
        guard case .method(.basicPublish, let content?, channel: 1)? = methods.read(frames[2]) else {
            throw Unexpected()
        }
        #expect(content == Content(properties: BasicProperties(appID: "a"), body: [1, 2, 3], pieces: [3]))
    }

    private struct Unexpected: Error {}
}
