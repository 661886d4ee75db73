import AMQPWire
import TestSupport
import Testing

import Platform

/// Whatever a peer sends, reading gives a value or a ``WireError``, and a value that was read is written so that it
/// reads the same.
@Suite(.ownThread) struct MalformedInputTests {
    /// A stream of valid frames to spoil: every method, headers with every property, tables with every type.
    static let valid: [[UInt8]] =
        MethodVector.all.map { vector in
            var writer = FrameWriter()
            writer.method(vector.fields, channel: 1)
            return writer.octets
        }
        + BasicPropertiesTests.table.map { properties, _ in
            var writer = FrameWriter()
            writer.content(BasicPublish(), properties, body: [1, 2, 3], channel: 1, frameMax: 0)
            return writer.octets
        }
        + FieldTableCodingTests.table.map { value, _ in
            var writer = FrameWriter()
            writer.method(QueueDeclare(queue: "q", arguments: ["a": value, "b": [value]]), channel: 1)
            return writer.octets
        }

    /// Reads all there is in `octets`. Returns how many frames came out.
    @discardableResult
    private func readAll(_ octets: [UInt8]) -> Int {
        var reader = FrameReader(frameMax: 131_072)
        reader.append(octets)
        var count = 0
        do throws(WireError) {
            while let frame = try reader.next() {
                count += 1
                try readPayload(frame)
            }
        } catch {
            #expect(error.offset >= 0 && error.offset <= octets.count)
            #expect(error.code.scope == .connection)
        }
        return count
    }

    private func readPayload(_ frame: Frame) throws(WireError) {
        var writer = FrameWriter()
        switch frame.kind {
        case .method:
            let method = try Method(frame.payload)
            writer.method(method, channel: frame.channel)
            let again = try Method(writer.octets.dropFirst(7).dropLast())
            #expect(again == method)
        case .header:
            let header = try ContentHeader(frame.payload)
            let again = try ContentHeader(written(header.write)[...])
            #expect(again == header)
        case .body, .heartbeat:
            break
        }
    }

    @Test func `cut at every octet`() {
        for octets in Self.valid {
            for count in octets.indices { readAll(Array(octets[..<count])) }
            #expect(readAll(octets) > 0)
        }
    }

    @Test func `every single bit flipped in turn`() {
        for octets in Self.valid {
            var spoiled = octets
            for place in octets.indices {
                let bit: UInt8 = 1 << UInt8(place & 7)
                spoiled[place] ^= bit
                readAll(spoiled)
                spoiled[place] ^= bit
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4])
    func `octets changed, added and taken away at random`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<4000 {
            var octets = Self.valid[Int.random(in: 0..<Self.valid.count, using: &random)]
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<octets.count, using: &random)
                // Lengths, type octets and extremes are where it hurts.
                let octet = [0, 1, 0x7F, 0x80, 0xFF, 0xCE, 0x41, 0x46, 0x53, random.next()].randomElement(
                    using: &random)
                let value = UInt8(truncatingIfNeeded: octet ?? 0)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: octets.insert(value, at: place)
                case 1 where octets.count > 1: octets.remove(at: place)
                default: octets[place] = value
                }
            }
            // With its size set right, a spoiled payload gets past the framing.
            if octets.count > Frame.overhead, Bool.random(using: &random) {
                let size = UInt32(octets.count - Frame.overhead)
                octets.replaceSubrange(3..<7, with: written { $0.uint32(size) })
                octets[octets.count - 1] = Frame.end
            }
            readAll(octets)
        }
    }

    @Test func `random octets as stream, method, header and table`() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<4000 {
            let octets = (0..<Int.random(in: 0...64, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            readAll(octets)
            readAll(frame(1, [0, 50, 0, 10, 0, 0, 0, 0] + octets))
            readAll(frame(2, [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] + octets))
        }
    }

    private func frame(_ kind: UInt8, _ payload: [UInt8]) -> [UInt8] {
        written { writer in
            writer.raw([kind, 0, 1])
            writer.longString(payload)
            writer.uint8(Frame.end)
        }
    }

    @Test func `a value in memory is not much larger than on the wire`() {
        // The shortest value takes one octet (void), so a frame of 128 KiB grows to 3 MiB, and no further.
        #expect(MemoryLayout<FieldValue>.stride <= 24)
        #expect(MemoryLayout<FieldTable.Field>.stride <= 32)
    }

    @Test func `the deepest nesting fits on a thread of 256 KiB`() {
        // Tables and arrays, read, compared, printed, written and freed, on half of the smallest stack that a platform
        // gives a thread, in a debug build.
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        #expect(pthread_attr_setstacksize(&attributes, 256 * 1024) == 0)
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        #expect(pthread_create(&thread, &attributes, { _ in readDeepest() }, nil) == 0)
        #if canImport(Darwin)
            if let thread { pthread_join(thread, nil) }
        #else
            pthread_join(thread, nil)
        #endif
    }
}

/// A function of its own, because the thread's entry can capture nothing. An overrun ends the test process.
private func readDeepest() -> UnsafeMutableRawPointer? {
    for opening in [octets("01 6e 46"), octets("41")] {
        var inner: [UInt8] = []
        for _ in 1..<ByteReader.maximumDepth { inner = opening + written { [inner] in $0.longString(inner) } }
        let outer = octets("01 6e") + opening.suffix(1) + written { [inner] in $0.longString(inner) }
        var reader = ByteReader(written { $0.longString(outer) })
        do {
            let table = try reader.table()
            let copy = FieldTable(table.fields)
            #expect(copy == table && "\(table)".count > ByteReader.maximumDepth)
            #expect(written { $0.table(table) }.count == outer.count + 4)
        } catch {
            Issue.record(error)
        }
    }
    return nil
}
