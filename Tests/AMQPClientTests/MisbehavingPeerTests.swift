import AMQPTransport
import TestSupport
import Testing

@testable import AMQPClient

/// A peer that breaks the protocol on an open connection: it is told so with the proper code, and everybody who waits
/// hears of it. Nothing it sends may bring the process down.
@Suite(.watched) struct MisbehavingPeerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var code: ReplyCode
        var octets: [UInt8]

        init(_ name: String, _ code: ReplyCode, _ write: (inout FrameWriter) -> Void) {
            testDescription = name
            self.code = code
            var writer = FrameWriter()
            write(&writer)
            octets = writer.octets
        }
    }

    static let cases: [Case] = [
        Case("a method nobody defined", .commandInvalid) {
            $0.frame(.method, channel: 1) {
                $0.uint16(60)
                $0.uint16(999)
            }
        },
        Case("a class nobody defined", .commandInvalid) {
            $0.frame(.method, channel: 0) {
                $0.uint16(61)
                $0.uint16(10)
            }
        },
        Case("a method cut short", .frameError) {
            $0.frame(.method, channel: 1) {
                $0.uint16(60)
                $0.uint16(60)
                $0.uint8(200)
            }
        },
        Case("an empty method frame", .frameError) { $0.frame(.method, channel: 1) { _ in } },
        Case("a method that only clients send", .commandInvalid) { $0.method(QueueDeclare(), channel: 1) },
        Case("basic.publish from the broker", .commandInvalid) { $0.method(BasicPublish(), channel: 1) },
        Case("a reply nobody asked for", .commandInvalid) {
            $0.method(QueueDeclareOk(queue: "q", messageCount: 0, consumerCount: 0), channel: 1)
        },
        Case("a get-ok nobody asked for", .commandInvalid) {
            $0.method(BasicGetOk(deliveryTag: 1, exchange: "", routingKey: "", messageCount: 0), channel: 1)
        },
        Case("channel.close-ok nobody asked for", .commandInvalid) { $0.method(ChannelCloseOk(), channel: 1) },
        Case("channel.open-ok for an open channel", .commandInvalid) { $0.method(ChannelOpenOk(), channel: 1) },
        Case("connection.start again", .commandInvalid) {
            $0.method(ConnectionStart(mechanisms: plain, locales: english), channel: 0)
        },
        Case("connection.close-ok nobody asked for", .commandInvalid) { $0.method(ConnectionCloseOk(), channel: 0) },
        Case("update-secret-ok nobody asked for", .commandInvalid) {
            $0.method(ConnectionUpdateSecretOk(), channel: 0)
        },
        Case("a channel's method on channel 0", .commandInvalid) {
            $0.method(BasicCancelOk(consumerTag: ""), channel: 0)
        },
        Case("the connection's method on a channel", .commandInvalid) {
            $0.method(ConnectionBlocked(reason: ""), channel: 1)
        },
        Case("a channel that is not open", .channelError) { $0.method(ChannelFlow(active: true), channel: 7) },
        Case("a delivery for nobody", .commandInvalid) { $0.deliver("nobody", 1, "x") },
        Case("a confirm without confirms", .commandInvalid) { $0.method(BasicAck(deliveryTag: 1), channel: 1) },
        Case("a content header without a method", .unexpectedFrame) {
            $0.frame(.header, channel: 1) {
                ContentHeader(bodySize: 0, properties: BasicProperties()).write(to: &$0)
            }
        },
        Case("a body without a header", .unexpectedFrame) { $0.frame(.body, channel: 1) { $0.uint8(1) } },
        Case("content on channel 0", .unexpectedFrame) { $0.frame(.body, channel: 0) { $0.uint8(1) } },
        Case("a heartbeat on a channel", .frameError) { $0.frame(.heartbeat, channel: 1) { _ in } },
        Case("a frame of no kind", .frameError) { $0.raw([5, 0, 1, 0, 0, 0, 0, 0xCE]) },
        Case("a frame without its end", .frameError) { $0.raw([1, 0, 1, 0, 0, 0, 4, 0, 20, 0, 41, 0]) },
        Case("a frame over frame_max", .frameError) { $0.raw([3, 0, 1, 0, 2, 0, 0]) },
        Case("the header of another class", .unexpectedFrame) {
            $0.method(Self.returned, channel: 1)
            $0.frame(.header, channel: 1) {
                ContentHeader(classID: 50, bodySize: 0, properties: BasicProperties()).write(to: &$0)
            }
        },
        Case("a header that is cut short", .frameError) {
            $0.method(Self.returned, channel: 1)
            $0.frame(.header, channel: 1) { $0.uint16(60) }
        },
        Case("a body of half the address space", .contentTooLarge) {
            $0.method(Self.returned, channel: 1)
            $0.frame(.header, channel: 1) {
                ContentHeader(bodySize: .max, properties: BasicProperties()).write(to: &$0)
            }
        },
        Case("a body before its header", .unexpectedFrame) {
            $0.method(Self.returned, channel: 1)
            $0.frame(.body, channel: 1) { $0.uint8(1) }
        },
        Case("a body longer than announced", .frameError) {
            $0.method(Self.returned, channel: 1)
            $0.frame(.header, channel: 1) {
                ContentHeader(bodySize: 2, properties: BasicProperties()).write(to: &$0)
            }
            $0.frame(.body, channel: 1) { $0.raw([1, 2, 3]) }
        },
        Case("a method in the middle of content", .unexpectedFrame) {
            $0.method(Self.returned, channel: 1)
            $0.method(ChannelFlow(active: true), channel: 1)
        },
    ]

    private static let returned = BasicReturn(replyCode: .noRoute, exchange: "", routingKey: "")

    @Test(arguments: cases)
    func isToldAndEverybodyHears(_ wrong: Case) async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        let returns = channel.returns
        async let declared = failure { try await channel.declareExchange("waits") }
        _ = try await peer.expect(ExchangeDeclare.self)
        peer.send(wrong.octets)
        let close = try await peer.expect(ConnectionClose.self)
        #expect(close.replyCode == wrong.code)
        #expect(!close.replyText.isEmpty)
        let error = try #require(await declared)
        #expect(error.kind == .protocolViolation)
        #expect(error.code == wrong.code)
        #expect(error.scope == .connection)
        #expect(channel.closeReason == error)
        #expect(connection.closeReason == error)
        #expect(await failure { for try await _ in returns {} } == error)
        peer.send(ConnectionCloseOk())
        try await peer.expectHangUp()
        await connection.waitUntilClosed()
    }

    @Test func frameCutOffByTheEnd() async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        async let declared = failure { try await channel.declareExchange("waits") }
        _ = try await peer.expect(ExchangeDeclare.self)
        peer.send([1, 0, 1, 0, 0, 0, 4, 0, 40])
        peer.hangUp()
        #expect(await declared?.kind == .connectionLost)
        #expect(connection.closeReason?.kind == .connectionLost)
    }

    @Test func resetIsTold() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        async let declared = failure { try await channel.declareExchange("waits") }
        _ = try await peer.expect(ExchangeDeclare.self)
        peer.reset()
        let error = await declared
        #expect(error?.kind == .connectionLost)
        #expect(error?.scope == .connection)
    }

    /// Every octet in a read of its own: a reader that counts on whole frames fails here.
    @Test func octetByOctet() async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        async let consuming = channel.consume("q", noAck: true)
        _ = try await peer.expect(BasicConsume.self)
        var writer = FrameWriter()
        writer.method(BasicConsumeOk(consumerTag: "c"), channel: 1)
        writer.deliver("c", 1, "one")
        writer.heartbeat()
        writer.deliver("c", 2, "")
        for octet in writer.octets { peer.send([octet]) }
        var iterator = try await consuming.makeAsyncIterator()
        #expect(try await iterator.next()?.text == "one")
        #expect(try await iterator.next()?.body == [])
        #expect(connection.isOpen)
    }

    /// Random octets after a good beginning: never a trap, never a hang.
    @Test(arguments: 0..<100)
    func noise(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        async let declared = failure { try await channel.declareExchange("waits") }
        _ = try await peer.expect(ExchangeDeclare.self)
        peer.send { writer in
            for _ in 0..<20 {
                let kind: Frame.Kind = [.method, .header, .body][Int(random.next() % 3)]
                writer.frame(kind, channel: UInt16(random.next() % 2)) { payload in
                    payload.uint16([10, 20, 40, 50, 60, 85, 90][Int(random.next() % 7)])
                    payload.uint16(UInt16(random.next() % 121))
                    for _ in 0..<random.next() % 40 { payload.uint8(UInt8(truncatingIfNeeded: random.next())) }
                }
            }
        }
        peer.hangUp()
        #expect(await declared != nil)
        await connection.waitUntilClosed()
    }
}
