import AMQPWire
import Testing

struct FrameReaderTests {
    /// A method, a header, two bodies (one of them empty), a heartbeat.
    static let stream = octets(
        """
        01 0001 0000000e 003c0028 0000 00 056865 6c6c6f 00 ce
        02 0001 0000000f 003c0000 0000000000000003 1000 02 ce
        03 0001 00000000 ce
        03 ffff 00000003 cecece ce
        08 0000 00000000 ce
        """)

    static let expected: [(Frame.Kind, UInt16, Int)] = [
        (.method, 1, 14), (.header, 1, 15), (.body, 1, 0), (.body, 65535, 3), (.heartbeat, 0, 0),
    ]

    private func check(_ frames: [Frame]) {
        #expect(frames.map(\.kind) == Self.expected.map(\.0))
        #expect(frames.map(\.channel) == Self.expected.map(\.1))
        #expect(frames.map(\.payload.count) == Self.expected.map(\.2))
        #expect(frames.count > 3 && frames[3].payload == [0xCE, 0xCE, 0xCE])
    }

    /// Feeds the parts one by one, taking out what is whole after each.
    private func read(_ parts: [ArraySlice<UInt8>]) throws -> [Frame] {
        var reader = FrameReader()
        var frames: [Frame] = []
        for part in parts {
            reader.append(part)
            while let frame = try reader.next() { frames.append(frame) }
        }
        #expect(reader.buffered == 0)
        return frames
    }

    @Test func `frames come out whole however the stream is sliced`() throws {
        let stream = Self.stream
        check(try read([stream[...]]))
        check(try read(stream.indices.map { stream[$0...$0] }))
        for first in 0...stream.count {
            check(try read([stream[..<first], stream[first...]]))
            for second in first...stream.count {
                check(try read([stream[..<first], stream[first..<second], stream[second...]]))
            }
        }
    }

    @Test func `octets may be appended from a span`() throws {
        var reader = FrameReader()
        reader.append(Self.stream.span.bytes)
        var frames: [Frame] = []
        while let frame = try reader.next() { frames.append(frame) }
        check(frames)
    }

    @Test func `a payload outlives the octets that come after it`() throws {
        var reader = FrameReader()
        reader.append(octets("03 0001 00000001 aa ce 03"))
        let first = try #require(try reader.next())
        reader.append(octets("0001 00000001 bb ce"))
        let second = try #require(try reader.next())
        #expect(first.payload == [0xAA])
        #expect(second.payload == [0xBB])
    }

    @Test(arguments: [0, 8] as [UInt32], [-1, 0, 1, 8, 9])
    func `the limit holds to the octet`(tolerance: UInt32, excess: Int) throws {
        var reader = FrameReader(frameMax: 4096, tolerance: tolerance)
        let size = UInt32(4096 - Frame.overhead + excess)
        let payload = Array(repeating: UInt8(7), count: Int(size))
        let start = written { writer in
            writer.uint8(3)
            writer.uint16(1)
            writer.uint32(size)
        }
        // The size alone decides, before the payload has arrived.
        reader.append(start)
        if excess > Int(tolerance) {
            #expect(throws: WireError.self) { try reader.next() }
        } else {
            #expect(try reader.next() == nil)
            reader.append(payload + [Frame.end])
            #expect(try reader.next()?.payload.count == Int(size))
        }
    }

    @Test func `a limit of 0 is none, and a huge size waits for its octets`() throws {
        var reader = FrameReader(frameMax: 0)
        reader.append(octets("03 0001 ffffffff 00"))
        #expect(try reader.next() == nil)
        var limited = FrameReader(frameMax: .max, tolerance: .max)
        limited.append(octets("03 0001 ffffffff 00"))
        #expect(try limited.next() == nil)
        var small = FrameReader()
        small.append(octets("03 0001 ffffffff"))
        #expect(throws: WireError.self) { try small.next() }
    }

    @Test func `another kind is refused at its first octet`() {
        for kind in UInt8.min...UInt8.max where Frame.Kind(rawValue: kind) == nil {
            let error = #expect(throws: WireError.self) { try frames([kind]) }
            #expect(error?.code == .frameError)
            #expect(error?.offset == 0)
        }
    }

    @Test(arguments: ["03 0001 00000001 aa 00", "03 0001 00000000 cf", "08 0000 00000001", "50 4d51 50"])
    func `a malformed frame is a frame error, again and again`(_ hex: String) {
        var reader = FrameReader()
        reader.append(octets(hex))
        for _ in 0..<3 {
            let error = #expect(throws: WireError.self) { try reader.next() }
            #expect(error?.code == .frameError)
            reader.append(Self.stream)
        }
    }

    @Test func `frames before a malformed one come out`() throws {
        var reader = FrameReader()
        reader.append(octets("08 0000 00000000 ce 09"))
        #expect(try reader.next()?.kind == .heartbeat)
        #expect(throws: WireError.self) { try reader.next() }
    }

    @Test func `the protocol header is taken from the front`() throws {
        var reader = FrameReader()
        reader.append(Array("AMQP".utf8))
        #expect(reader.take(8) == nil)
        reader.append([0, 0, 9, 1] + Self.stream.prefix(3))
        #expect(reader.peek.count == 11)
        #expect(reader.take(8) == ProtocolHeader.amqp091)
        #expect(Array(reader.peek) == Array(Self.stream.prefix(3)))
        reader.append(Self.stream.dropFirst(3))
        #expect(try reader.next()?.kind == .method)
    }

    @Test func `frames may wait while more arrives`() throws {
        var reader = FrameReader()
        var taken: [UInt8] = []
        for number in UInt8(0)..<200 {
            let frame = octets("03 0001 00000001") + [number, Frame.end]
            // Two arrive for each that is taken out, and each second time only a part of the second.
            reader.append(frame + (number.isMultiple(of: 2) ? frame[...] : frame.prefix(3)))
            if !number.isMultiple(of: 2) { reader.append(frame.dropFirst(3)) }
            taken += try #require(try reader.next()).payload
        }
        while let frame = try reader.next() { taken += frame.payload }
        #expect(taken == (UInt8(0)..<200).flatMap { [$0, $0] })
        #expect(reader.buffered == 0)
    }
}
