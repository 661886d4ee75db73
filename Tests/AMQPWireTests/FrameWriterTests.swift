import AMQPWire
import TestSupport
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

    @Test(arguments: 0..<40)
    func `a delivery in one go is the same octets`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        func octets(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }
        func name(_ most: Int) -> ShortString {
            (try? ShortString(octets: octets(.random(in: 0...most, using: &random)))) ?? ""
        }
        let deliver = BasicDeliver(
            consumerTag: name(seed % 5 == 0 ? 255 : 20), deliveryTag: UInt64.random(in: 0 ... .max, using: &random),
            redelivered: .random(using: &random), exchange: name(20), routingKey: name(20))
        let names = deliver.consumerTag.count + deliver.exchange.count + deliver.routingKey.count
        let properties = octets(.random(in: 0...(seed % 7 == 0 ? 1024 : 40), using: &random))
        // With 52 octets of three frames' own, these are about 1024 in all.
        let toTheLimit = max(0, 1024 - 52 - names - properties.count)
        for size in [0, 1, 30, 2000] + Array(max(0, toTheLimit - 2)...toTheLimit + 2) {
            // Neither begins where its array does.
            let (list, body) = ((octets(3) + properties).dropFirst(3), (octets(5) + octets(size)).dropFirst(5))
            let around = (7...9).map { UInt32(size + $0) }
            for frameMax in [0, 1, 9, 64, 4096, 131_072] + around where frameMax == 0 || frameMax >= 64 || size <= 30 {
                var (pieces, whole) = (FrameWriter(), FrameWriter())
                for channel in [1, 0xABCD] as [UInt16] {
                    pieces.content(deliver, propertyOctets: list, body: body, channel: channel, frameMax: frameMax)
                    whole.delivery(deliver, propertyOctets: list, body: body, channel: channel, frameMax: frameMax)
                }
                #expect(whole.octets == pieces.octets, "\(names), \(properties.count), \(size) under \(frameMax)")
            }
        }
    }

    @Test func `raw octets pass as they are`() {
        var writer = FrameWriter()
        writer.raw([9, 9, 9])
        #expect(writer.octets == [9, 9, 9])
        writer.removeAll()
        #expect(writer.isEmpty)
    }
}
