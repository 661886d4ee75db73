import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

@Suite("Any input at all gets an answer or an end", .ownThread)
struct HostileInputTests {
    /// A whole session, from the header to the close, as the octets of its frames.
    private static func session() -> [[UInt8]] {
        var frames: [[UInt8]] = [ProtocolHeader.amqp091]
        func add(_ build: (inout FrameWriter) -> Void) {
            var writer = FrameWriter()
            build(&writer)
            frames.append(writer.take())
        }
        add { $0.method(ConnectionStartOk(mechanism: "PLAIN", response: Array("\0guest\0guest".utf8)), channel: 0) }
        add { $0.method(ConnectionTuneOk(channelMax: 2047, frameMax: 131_072, heartbeat: 10), channel: 0) }
        add { $0.method(ConnectionOpen(), channel: 0) }
        add { $0.method(ChannelOpen(), channel: 1) }
        add {
            $0.method(
                ExchangeDeclare(exchange: "x", type: "headers", arguments: ["alternate-exchange": "y"]), channel: 1)
        }
        add {
            $0.method(
                QueueDeclare(queue: "q", arguments: ["x-max-length": 3, "x-dead-letter-exchange": ""]), channel: 1)
        }
        add { $0.method(QueueBind(queue: "q", exchange: "x", arguments: ["a": ["b": [1, "c", nil]]]), channel: 1) }
        add { $0.method(BasicQos(prefetchCount: 2), channel: 1) }
        add { $0.method(BasicConsume(queue: "q", consumerTag: "t"), channel: 1) }
        add { $0.method(ConfirmSelect(), channel: 1) }
        for body in ["", "hello", String(repeating: "x", count: 5000)] {
            add {
                $0.content(
                    BasicPublish(routingKey: "q", mandatory: true),
                    BasicProperties(headers: ["CC": ["q", "r"], "a": 1], priority: 3, expiration: "1000"),
                    body: Array(body.utf8), channel: 1, frameMax: 4096)
            }
        }
        add { $0.method(BasicAck(deliveryTag: 1), channel: 1) }
        add { $0.method(BasicNack(deliveryTag: 0, multiple: true), channel: 1) }
        add { $0.heartbeat() }
        add { $0.method(BasicGet(queue: "q"), channel: 1) }
        add { $0.method(QueuePurge(queue: "q"), channel: 1) }
        add { $0.method(ChannelClose(replyCode: .replySuccess), channel: 1) }
        add { $0.method(ConnectionClose(replyCode: .replySuccess), channel: 0) }
        return frames
    }

    @Test("The session itself is sound")
    func sound() {
        let rig = Rig()
        let client = rig.connect()
        for frame in Self.session() { client.send(octets: frame) }
        #expect(client.received.last?.method == .connectionCloseOk(ConnectionCloseOk()))
        #expect(client.isEnded)
    }

    @Test("Octet by octet it means the same")
    func octetByOctet() {
        let rig = Rig()
        let client = rig.connect()
        for octet in Self.session().joined() { client.send(octets: [octet]) }
        #expect(client.received.last?.method == .connectionCloseOk(ConnectionCloseOk()))
    }

    @Test("Mutated sessions: flipped octets, lost, doubled and shuffled frames", arguments: 0..<40)
    func mutated(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let rig = Rig()
        for _ in 0..<50 {
            var frames = Self.session()
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<frames.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: frames.remove(at: at)
                case 1: frames.insert(frames[Int.random(in: 0..<frames.count, using: &random)], at: at)
                case 2: frames[at].removeLast(Int.random(in: 1...frames[at].count, using: &random))
                case 3: frames.swapAt(at, Int.random(in: 0..<frames.count, using: &random))
                default:
                    guard !frames[at].isEmpty else { continue }
                    let octet = Int.random(in: 0..<frames[at].count, using: &random)
                    frames[at][octet] = UInt8.random(in: 0...255, using: &random)
                }
            }
            let client = rig.connect()
            for frame in frames { client.send(octets: frame) }
            rig.advance(by: Int64.random(in: 0...2000, using: &random))
            if Bool.random(using: &random) { client.disconnect() }
        }
        // Whatever happened, the broker serves the next client.
        rig.advance(by: 120_000)
        let witness = try? rig.open()
        witness?.send(QueueDeclare(exclusive: true))
        #expect(witness?.take().first?.method.id == QueueDeclareOk.id)
    }

    @Test("Every method in every state of a connection and a channel gets an answer or an end")
    func everyMethodEverywhere() throws {
        let session = Self.session()
        for prefix in [1, 2, 3, 4, 5, 12] {
            for classID in [10, 20, 30, 40, 50, 60, 85, 90, 99] as [UInt16] {
                for methodID in 0...130 as ClosedRange<UInt16> {
                    let rig = Rig()
                    let client = rig.connect()
                    for frame in session.prefix(prefix) { client.send(octets: frame) }
                    for channel in [0, 1, 2] as [UInt16] {
                        var writer = FrameWriter()
                        writer.frame(.method, channel: channel) { writer in
                            writer.uint16(classID)
                            writer.uint16(methodID)
                            writer.raw(Array(repeating: 0, count: 12))
                        }
                        client.send(octets: writer.take())
                    }
                    client.disconnect()
                }
            }
        }
    }

    @Test("A client that never opens its connection is dropped at the deadline")
    func handshakeDeadline() {
        let rig = Rig()
        let client = rig.connect()
        client.send(octets: ProtocolHeader.amqp091)
        rig.advance(by: 9_999)
        #expect(!client.isEnded)
        rig.advance(by: 1)
        #expect(client.isEnded)
    }

    @Test("A header that is not spoken is answered with one that is")
    func foreignHeader() {
        let rig = Rig()
        let client = rig.connect()
        client.send(octets: Array("GET / HTTP/1.1\r\n\r\n".utf8))
        #expect(client.header == ProtocolHeader.amqp091)
        #expect(client.isEnded)
    }

    @Test("A silent client is dropped after two intervals, and hears from the broker every half")
    func heartbeats() {
        let rig = Rig()
        let client = rig.connect()
        for frame in Self.session().prefix(4) { client.send(octets: frame) }
        rig.advance(by: 5_000)
        #expect(client.heartbeats == 1)
        rig.advance(by: 14_999)
        #expect(!client.isEnded)
        rig.advance(by: 1)
        #expect(client.isEnded)
    }
}
