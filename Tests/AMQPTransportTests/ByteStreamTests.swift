import AMQPTransport
import Foundation
import TestSupport
import Testing

/// What ``ByteStream`` promises, in memory and over TCP alike.
@Suite(.watched)
struct ByteStreamTests {
    @Test(arguments: Kind.allCases)
    func octetsGoBothWaysInOrder(kind: Kind) async throws {
        let (one, two) = try await kind.pair()
        let (first, second) = (Recorder(), Recorder())
        one.start(first)
        two.start(second)
        for number in 0..<100 { one.send("\(number) ") }
        two.send("pong")
        let expected = (0..<100).map { "\($0) " }.joined()
        #expect(await second.until { $0.text.count >= expected.count }.text == expected)
        #expect(await first.until { $0.bytes.count >= 4 }.text == "pong")
        one.close()
        two.close()
    }

    @Test(arguments: Kind.allCases)
    func whatArrivedBeforeTheStartIsKept(kind: Kind) async throws {
        let (one, two) = try await kind.pair()
        one.send("early")
        one.close()
        let receiver = Recorder()
        two.start(receiver)
        let heard = await receiver.untilEnd()
        #expect(heard.text == "early")
        #expect(heard.ends == [.finished])
    }

    @Test(arguments: Kind.allCases)
    func closeDeliversEverythingThenTheEnd(kind: Kind) async throws {
        let (one, two) = try await kind.pair()
        let (first, second) = (Recorder(), Recorder())
        one.start(first)
        let size = 8_000_000
        two.setReading(false)
        two.start(second)
        one.send(pattern(size).span.bytes)
        one.close()
        one.send("dropped")
        two.setReading(true)
        let heard = await second.untilEnd()
        let isWhole = areSame(heard.bytes, pattern(size))
        #expect(isWhole, "\(heard.bytes.count) of \(size) octets")
        #expect(heard.ends == [.finished])
        #expect(await first.untilEnd().ends == [.closedHere])
        #expect(two.send("dropped too") == 0)
    }

    @Test(arguments: Kind.allCases)
    func aPeerThatDoesNotReadHoldsTheSenderBack(kind: Kind) async throws {
        let (one, two) = try await kind.pair()
        let (first, second) = (Recorder(), Recorder())
        two.setReading(false)
        one.start(first)
        two.start(second)
        let piece = pattern(1_000_000)
        var sent = 0
        // A kernel takes several megabytes at most, so this ends.
        while one.unsent < 2_000_000 {
            // TLS counts encrypted octets: 22 more for each record of 16 KiB at most.
            #expect(one.send(piece.span.bytes) <= (sent + piece.count) / 700 * 701 + 1_000)
            sent += piece.count
        }
        #expect(first.heard.drained == 0)
        #expect(second.heard.bytes.isEmpty)
        two.setReading(true)
        let total = sent
        let heard = await second.until { $0.bytes.count >= total }
        #expect(heard.bytes.count == total)
        var expected: [UInt8] = []
        while expected.count < total { expected += piece }
        let isWhole = areSame(heard.bytes, expected)
        #expect(isWhole)
        await first.until { $0.drained > 0 }
        #expect(one.unsent == 0)
        one.close()
        two.close()
    }

    @Test(arguments: Kind.allCases)
    func readingCanBeStoppedFromInsideTheReceiver(kind: Kind) async throws {
        let (one, two) = try await kind.pair()
        let second = Recorder { _ in two.setReading(false) }
        one.start(Recorder())
        two.start(second)
        one.send("a")
        await second.until { $0.deliveries == 1 }
        one.send("b")
        one.close()
        two.setReading(true)
        await second.until { $0.deliveries == 2 }
        // The end waits behind the closed gate.
        #expect(second.heard.ends.isEmpty)
        two.setReading(true)
        let heard = await second.untilEnd()
        #expect(heard.text == "ab")
        #expect(heard.ends == [.finished])
    }

    @Test(arguments: Kind.allCases)
    func abortResetsThePeer(kind: Kind) async throws {
        let (one, two) = try await kind.pair()
        let (first, second) = (Recorder(), Recorder())
        one.start(first)
        two.start(second)
        one.abort()
        #expect(one.send("dropped") == 0)
        #expect(await first.untilEnd().ends == [.closedHere])
        let heard = await second.untilEnd()
        #expect(heard.ends == [.reset("Connection reset by peer")])
        #expect(heard.bytes.isEmpty)
        two.send("dropped")
        #expect(two.unsent == 0)
    }

    @Test(arguments: Kind.allCases)
    func aResetIsHeardWhileReadingIsOff(kind: Kind) async throws {
        let (one, two) = try await kind.pair()
        let second = Recorder()
        two.setReading(false)
        two.start(second)
        one.abort()
        #expect(await second.untilEnd().ends == [.reset("Connection reset by peer")])
    }

    @Test(arguments: Kind.allCases)
    func abortDiscardsWhatIsUnsent(kind: Kind) async throws {
        let (one, two) = try await kind.pair()
        let (first, second) = (Recorder(), Recorder())
        two.setReading(false)
        two.start(second)
        one.start(first)
        let piece = pattern(1_000_000)
        while one.unsent == 0 { one.send(piece.span.bytes) }
        one.abort()
        #expect(one.unsent == 0)
        #expect(await first.untilEnd().ends == [.closedHere])
        #expect(await second.untilEnd().ends == [.reset("Connection reset by peer")])
    }

    @Test(arguments: Kind.allCases)
    func theEndIsTheLastCallAndComesOnce(kind: Kind) async throws {
        for round in 0..<20 {
            let (one, two) = try await kind.pair()
            let (first, second) = (Recorder(), Recorder())
            one.start(first)
            two.start(second)
            one.send("x")
            two.send("y")
            // Both sides at once, in every combination.
            if round & 1 == 0 { one.close() } else { one.abort() }
            if round & 2 == 0 { two.close() } else { two.abort() }
            one.abort()
            two.close()
            for receiver in [first, second] {
                let heard = await receiver.untilEnd()
                #expect(heard.ends.count == 1)
                #expect(!heard.heardAfterEnd)
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func sendingInsideALockNeverComesBack(kind: Kind) async throws {
        let (one, two) = try await kind.pair()
        let lock = SharedCounter()
        let second = Recorder { _ in lock.add(0) }
        let first = Recorder { _ in lock.add(0) }
        one.start(first)
        two.start(second)
        // A call back on this thread would try to take the lock a second time, and hang.
        lock.whileHeld {
            one.send("a")
            two.send("b")
        }
        await first.until { $0.text == "b" }
        await second.until { $0.text == "a" }
        one.close()
        two.close()
    }

    @Test(arguments: Kind.allCases)
    func manyThreadsMaySendAndOneMayClose(kind: Kind) async throws {
        let (one, two) = try await kind.pair()
        let (first, second) = (Recorder(), Recorder())
        one.start(first)
        two.start(second)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { for _ in 0..<500 { one.send("12345678") } }
            }
            group.addTask {
                await second.until { $0.bytes.count > 2_000 }
                one.close()
            }
        }
        let heard = await second.untilEnd()
        #expect(heard.ends == [.finished])
        #expect(heard.bytes.count % 8 == 0)
        #expect(heard.bytes.count > 2_000)
        #expect(
            stride(from: 0, to: heard.bytes.count, by: 8).allSatisfy {
                heard.bytes[$0..<$0 + 8].elementsEqual("12345678".utf8)
            })
    }

    @Test(arguments: Kind.allCases)
    func theNameTellsWhoConnected(kind: Kind) async throws {
        let (one, two) = try await kind.pair()
        #expect(one.isLoopback && two.isLoopback)
        #expect(one.name == two.name)
        if kind.isInMemory {
            #expect(one.name == "memory")
        } else {
            #expect(one.name.wholeMatch(of: /127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+/) != nil)
        }
    }
}

/// Octets in which a lost, doubled or misplaced piece shows.
func pattern(_ size: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        let target = UnsafeMutableRawBufferPointer(buffer)
        // In runs: octet by octet, a debug build takes a second for what a test sends.
        onePeriod.withUnsafeBytes { period in
            while count < size {
                let length = min(period.count, size - count)
                UnsafeMutableRawBufferPointer(rebasing: target[count...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: period[..<length]))
                count += length
            }
        }
    }
}

/// The pattern repeats itself after so many octets.
private let onePeriod: [UInt8] = (0..<1 << 17).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }

/// Whether all octets are the same, compared in one go. A debug build takes a second for `==` on a few megabytes, and
/// `#expect` minutes for telling the difference.
func areSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    one.withUnsafeBytes { one in
        other.withUnsafeBytes { other in
            guard let start = one.baseAddress, let otherStart = other.baseAddress else {
                return one.count == other.count
            }
            return one.count == other.count && memcmp(start, otherStart, one.count) == 0
        }
    }
}
