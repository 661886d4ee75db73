import AMQPWire
import Testing

struct FrameWriterTests {
    @Test func `writes the protocol header and heartbeats`() {
        var writer = FrameWriter()
        #expect(writer.isEmpty)
        writer.protocolHeader()
        writer.heartbeat()
        #expect(writer.octets == octets("414d5150 00000901 08 0000 00000000 ce"))
        #expect(writer.count == 16)
        #expect(writer.take().count == 16)
        #expect(writer.isEmpty)
    }

    @Test func `content is method, header and body`() {
        var writer = FrameWriter()
        writer.content(
            BasicPublish(exchange: "", routingKey: "hello"), BasicProperties(deliveryMode: 2), body: [1, 2, 3],
            channel: 1, frameMax: 4096)
        #expect(
            writer.octets
                == octets(
                    """
                    01 0001 0000000e 003c0028 0000 00 0568656c6c6f 00 ce
                    02 0001 0000000f 003c0000 0000000000000003 1000 02 ce
                    03 0001 00000003 010203 ce
                    """))
    }

    @Test(
        arguments: [
            (0, 4096, []), (1, 4096, [1]), (4087, 4096, [4087]), (4088, 4096, [4088]), (4089, 4096, [4088, 1]),
            (8176, 4096, [4088, 4088]), (10_000, 4096, [4088, 4088, 1824]), (10_000, 0, [10_000]),
            (3, 8, [1, 1, 1]), (3, 1, [1, 1, 1]),
        ] as [(Int, UInt32, [Int])])
    func `a body is cut to frame-max`(_ count: Int, _ frameMax: UInt32, _ parts: [Int]) throws {
        let body = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        var writer = FrameWriter()
        writer.content(BasicPublish(), BasicProperties(), body: body, channel: 7, frameMax: frameMax)
        let frames = try frames(writer.octets)
        #expect(frames.map(\.kind) == [.method, .header] + parts.map { _ in .body })
        #expect(frames.allSatisfy { $0.channel == 7 })
        #expect(frames.dropFirst(2).map(\.payload.count) == parts)
        #expect(frames.dropFirst(2).flatMap(\.payload) == body)
        #expect(try ContentHeader(frames[1].payload).bodySize == UInt64(count))
    }

    @Test func `raw octets pass as they are`() {
        var writer = FrameWriter()
        writer.raw([9, 9, 9])
        #expect(writer.octets == [9, 9, 9])
        writer.removeAll()
        #expect(writer.isEmpty)
    }
}
