import AMQPWire
import TestSupport
import Testing

/// What is read in one go is what is read frame by frame, or is left to that.
@Suite(.ownThread) struct WholePublishTests {
    /// What came of a publish, read either way.
    private struct Reading: Equatable {
        var channel: UInt16
        var isMandatory: Bool
        /// Flag words and property list, then the body.
        var content: [UInt8]
        var propertiesCount: Int
        /// What is left in the reader.
        var rest: [UInt8]
    }

    /// A content as it came, as long as it has flag words.
    private struct RawContent: ReadableContent {
        var octets: [UInt8]
        var propertiesCount: Int

        init(properties: ArraySlice<UInt8>, bodySize: Int) throws(WireError) {
            guard properties.count >= 2 else { throw WireError(.frameError, "no property flags", at: 12) }
            (octets, propertiesCount) = (Array(properties), properties.count)
        }

        mutating func append(_ body: ArraySlice<UInt8>) { octets += body }
    }

    /// The publish that comes next, read frame by frame, when it has one frame of each kind and is not immediate. nil: it is
    /// something else, or has not come whole.
    private func inFrames(_ reader: FrameReader) -> (method: BasicPublish, reading: Reading)? {
        var reader = reader
        var content = ContentReader<BasicPublish, RawContent>()
        var whole: (BasicPublish, RawContent)?
        do {
            guard let first = try reader.next(), first.kind == .method,
                case .basicPublish(let publish) = try Method(first.payload), !publish.immediate
            else { return nil }
            content.begin(publish)
            guard let second = try reader.next(), second.kind == .header, second.channel == first.channel else {
                return nil
            }
            whole = try content.header(second.payload, limit: .max)
            if whole == nil {
                guard let third = try reader.next(), third.kind == .body, third.channel == first.channel else {
                    return nil
                }
                whole = try content.body(third.payload)
            }
            guard let (method, raw) = whole else { return nil }
            return (
                method,
                Reading(
                    channel: first.channel, isMandatory: method.mandatory, content: raw.octets,
                    propertiesCount: raw.propertiesCount, rest: Array(reader.peek))
            )
        } catch {
            return nil
        }
    }

    /// Compares both ways to read. Returns whether there is a publish.
    @discardableResult
    private func compare(_ reader: FrameReader, sourceLocation: SourceLocation = #_sourceLocation) -> Bool {
        let (found, expected) = (reader.wholePublish(), inFrames(reader))
        guard let found, let expected else {
            #expect(
                (found == nil) == (expected == nil), "\(Array(reader.peek)) under \(reader.frameMax)",
                sourceLocation: sourceLocation)
            return false
        }
        var behind = reader
        behind.take(found)
        let reading = Reading(
            channel: found.channel, isMandatory: found.isMandatory, content: found.content(),
            propertiesCount: found.propertiesCount, rest: Array(behind.peek))
        #expect(reading == expected.reading, sourceLocation: sourceLocation)
        #expect(Array(found.propertyOctets) == Array(reading.content.prefix(found.propertiesCount)))
        #expect(found.bodyCount == reading.content.count - found.propertiesCount)
        let (exchange, key) = (expected.method.exchange, expected.method.routingKey)
        #expect(found.goes(to: exchange, with: key), sourceLocation: sourceLocation)
        for other in [exchange, key].flatMap(Self.others) {
            #expect(found.goes(to: other, with: key) == (other == exchange), sourceLocation: sourceLocation)
            #expect(found.goes(to: exchange, with: other) == (other == key), sourceLocation: sourceLocation)
        }
        return true
    }

    /// Names that are nearly this one.
    private static func others(_ name: ShortString) -> [ShortString] {
        var last = name.octets
        if !last.isEmpty { last[last.count - 1] ^= 1 }
        return [name.octets.dropLast(), name.octets.prefix(254) + [0], last[...], []].compactMap {
            try? ShortString(octets: Array($0))
        }
    }

    private static func random(_ counts: ClosedRange<Int>, _ random: inout SeededGenerator) -> [UInt8] {
        (0..<Int.random(in: counts, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// A publish whose frames are as large as the reader takes, or nearly, and what follows it.
    private static func publish(frameMax: UInt32, _ random: inout SeededGenerator) -> [UInt8] {
        var writer = FrameWriter()
        let channel = UInt16.random(in: 0...3, using: &random) &* 255
        for _ in 0..<Int.random(in: 1...2, using: &random) {
            let size =
                Bool.random(using: &random) ? 0...20 : max(0, Int(frameMax) - 10)...(Int(frameMax) + 10)
            writer.content(
                BasicPublish(
                    exchange: ShortString(
                        truncating: String(repeating: "é", count: .random(in: 0...9, using: &random))),
                    routingKey: ShortString(
                        truncating: String(repeating: "k", count: .random(in: 0...9, using: &random))),
                    mandatory: .random(using: &random), immediate: Int.random(in: 0..<8, using: &random) == 0),
                propertyOctets: Self.random(0...9, &random)[...],
                body: Self.random(Int.random(in: 0..<4, using: &random) == 0 ? 0...0 : size, &random)[...],
                channel: channel, frameMax: Int.random(in: 0..<4, using: &random) == 0 ? 16 : 0)
        }
        return writer.take()
    }

    /// A reader that has handed out something already.
    private static func reader(_ octets: some Collection<UInt8>, frameMax: UInt32, tolerance: UInt32) -> FrameReader {
        var reader = FrameReader(frameMax: frameMax, tolerance: tolerance)
        reader.append([8, 0, 0, 0, 0, 0, 0, Frame.end])
        _ = try? reader.next()
        reader.append(octets)
        return reader
    }

    @Test(arguments: 0..<24)
    func `whole, cut anywhere, or with a wrong octet anywhere, it is what the frames say`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let frameMax = [0, 40, 60, 100][seed % 4] as UInt32
        let tolerance = seed.isMultiple(of: 3) ? 0 : 8 as UInt32
        let octets = Self.publish(frameMax: frameMax, &random)
        compare(Self.reader(octets, frameMax: frameMax, tolerance: tolerance))
        for count in 0..<octets.count {
            compare(Self.reader(octets.prefix(count), frameMax: frameMax, tolerance: tolerance))
        }
        for place in octets.indices {
            for change in [1, 0xFF, 1 << UInt8.random(in: 0...7, using: &random)] as [UInt8] {
                var wrong = octets
                wrong[place] ^= change
                compare(Self.reader(wrong, frameMax: frameMax, tolerance: tolerance))
            }
        }
    }

    @Test(arguments: [0, 8] as [UInt32], [-1, 0, 1, 8, 9])
    func `a frame is found up to the limit, to the octet`(tolerance: UInt32, excess: Int) {
        let room = 64 - Frame.overhead + excess
        for part in 0..<3 {
            var writer = FrameWriter()
            let key = ShortString(truncating: String(repeating: "k", count: part == 0 ? room - 9 : 1))
            writer.content(
                BasicPublish(routingKey: key),
                propertyOctets: Array(repeating: 0, count: part == 1 ? room - 12 : 2)[...],
                body: Array(repeating: 0, count: part == 2 ? room : 1)[...], channel: 1, frameMax: 0)
            let isFound = compare(Self.reader(writer.octets, frameMax: 64, tolerance: tolerance))
            #expect(isFound == (excess <= Int(tolerance)), "\(part)")
        }
    }

    @Test func `a whole one is found, with its parts`() throws {
        var writer = FrameWriter()
        for body in [[], [1, 2, 3]] as [[UInt8]] {
            writer.content(
                BasicPublish(exchange: "x", routingKey: "key", mandatory: body.isEmpty),
                BasicProperties(deliveryMode: 2), body: body, channel: 258, frameMax: 4096)
        }
        var reader = FrameReader()
        reader.append(writer.octets)
        for body in [[], [1, 2, 3]] as [[UInt8]] {
            #expect(compare(reader))
            let found = try #require(reader.wholePublish())
            #expect(found.channel == 258 && found.isMandatory == body.isEmpty)
            #expect(found.goes(to: "x", with: "key"))
            #expect(found.content() == [0x10, 0, 2] + body && found.propertiesCount == 3)
            reader.take(found)
        }
        #expect(reader.buffered == 0 && reader.wholePublish() == nil)
    }

    @Test(arguments: [Frame.Kind.heartbeat, .body, .header, .method])
    func `frames between its own are no part of it`(kind: Frame.Kind) throws {
        var publish = FrameWriter()
        publish.content(BasicPublish(), BasicProperties(), body: [1], channel: 1, frameMax: 0)
        for channel in [0, 1, 2] as [UInt16] {
            for place in 1...2 {
                var writer = FrameWriter()
                for (number, frame) in try frames(publish.octets).enumerated() {
                    if number == place { writer.frame(kind, channel: channel) { _ in } }
                    writer.frame(frame.kind, channel: frame.channel) { $0.raw(frame.payload) }
                }
                var reader = FrameReader()
                reader.append(writer.octets)
                #expect(!compare(reader))
            }
        }
    }

    @Test func `sizes that nothing can have lead nowhere`() {
        for hex in ["01 0001 ffffffff", "01 0001 7fffffff 003c0028", "01 0001 fffffff8 003c0028 0000 00 00 00 ce"] {
            for frameMax in [0, 4096, .max] as [UInt32] {
                compare(Self.reader(octets(hex), frameMax: frameMax, tolerance: frameMax))
            }
        }
    }
}
