import AMQPWire
import Testing

struct ContentReaderTests {
    private typealias Reader = ContentReader<MethodID, Content>

    private func header(_ size: UInt64, classID: UInt16 = MethodID.basic, weight: UInt16 = 0) -> ArraySlice<UInt8> {
        var writer = ByteWriter()
        writer.uint16(classID)
        writer.uint16(weight)
        writer.uint64(size)
        BasicProperties(appID: "a").write(to: &writer)
        return writer.octets[...]
    }

    private func begun() -> Reader {
        var reader = Reader()
        reader.begin(BasicDeliver.id)
        return reader
    }

    @Test(arguments: [[], [5], [2, 3], [1, 1, 1, 1, 1], [0, 5, 0], [200_000, 1]])
    func contentInAnyNumberOfFrames(parts: [Int]) throws {
        var reader = Reader()
        for _ in 0..<2 {
            reader.begin(BasicDeliver.id)
            #expect(reader.due == .header)
            let size = parts.reduce(0, +)
            var complete = try reader.header(header(UInt64(size)), limit: .max)
            var left = size
            for (place, part) in parts.enumerated() where left > 0 {
                #expect(complete == nil && reader.due == .body)
                complete = try reader.body(Array(repeating: UInt8(place), count: part)[...])
                left -= part
            }
            let (method, content) = try #require(complete)
            #expect(method == BasicDeliver.id)
            #expect(content.body == parts.enumerated().flatMap { Array(repeating: UInt8($0), count: $1) })
            #expect(content.properties.appID == "a")
            #expect(!reader.isUnderWay && reader.due == .method)
        }
    }

    @Test func aFrameThatIsNotDue() throws {
        var reader = Reader()
        #expect(throws: ContentError.unannounced(.header)) { try reader.header(header(0), limit: .max) }
        #expect(throws: ContentError.unannounced(.body)) { try reader.body([1]) }
        reader = begun()
        #expect(throws: ContentError.interrupted(due: .header)) { try reader.body([1]) }
        _ = try reader.header(header(2), limit: .max)
        #expect(throws: ContentError.interrupted(due: .body)) { try reader.header(header(2), limit: .max) }
    }

    @Test func aHeaderThatIsWrong() {
        for (payload, error) in [
            (header(0, classID: 50), ContentError.wrongClass(50)),
            (
                header(0).prefix(11),
                .malformed(WireError(.frameError, "a long integer needs 4 octets, 3 are left", at: 8))
            ),
            (
                header(0, weight: 1),
                .malformed(WireError(.unexpectedFrame, "a content header has weight 1 instead of 0", at: 12))
            ),
        ] {
            var reader = begun()
            #expect(throws: error) { try reader.header(payload, limit: .max) }
        }
        var reader = begun()
        #expect { try reader.header(header(0).dropLast(), limit: .max) } throws: { error in
            if case .malformed(let error)? = error as? ContentError { error.code == .unexpectedFrame } else { false }
        }
    }

    @Test func moreBodyThanAnnounced() throws {
        var reader = begun()
        _ = try reader.header(header(3), limit: .max)
        _ = try reader.body([1, 2])
        #expect(throws: ContentError.overrun(announced: 3, received: 4)) { try reader.body([3, 4]) }
    }

    @Test func aBodyOverTheLimitIsRefusedAtOnceOrWhenItHasBeenRead() throws {
        var reader = begun()
        #expect(throws: ContentError.tooLarge(4)) { try reader.header(header(4), limit: 3) }
        reader = begun()
        #expect(try reader.header(header(4), limit: 3, excess: .skipped) == nil)
        #expect(try reader.body([1, 2, 3]) == nil)
        #expect(throws: ContentError.tooLarge(4)) { try reader.body([4]) }
        // The next message is read as ever.
        reader.begin(BasicDeliver.id)
        _ = try reader.header(header(3), limit: 3, excess: .skipped)
        #expect(try reader.body([1, 2, 3])?.1.body == [1, 2, 3])
        // An announcement costs nothing, whatever it says.
        reader.begin(BasicDeliver.id)
        #expect(try reader.header(header(.max), limit: .max) == nil)
    }
}
