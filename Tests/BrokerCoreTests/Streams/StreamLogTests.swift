import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// The log of a stream beside a plain array of all that was put in.
@Suite("The log of a stream") struct StreamLogTests {
    private static func message(_ octets: Int) -> Message {
        Message(
            exchange: "", routingKey: "", content: [0, 0] + Array(repeating: 0, count: octets), propertiesCount: 2,
            traits: .init())
    }

    private static func offset(_ gone: StreamLog.Gone?) -> UInt64? {
        if case .message(let offset, _)? = gone { offset } else { nil }
    }

    private static let overhead = StreamLog.octets(of: message(0))

    @Test("What is put in is found by its offset and by its time", arguments: 0..<20)
    func finding(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var log = StreamLog(
            segmentOctets: .random(in: 0...2000, using: &random), blockCount: .random(in: 1...5, using: &random))
        var all: [(offset: UInt64, time: Int64, message: Message)] = []
        var time: Int64 = 1000
        for _ in 0..<300 {
            time += .random(in: 0...3, using: &random)
            if Int.random(in: 0..<50, using: &random) == 0 { log.skip(to: log.end + 5) }
            let message = Self.message(.random(in: 0...200, using: &random))
            all.append((log.end, time, message))
            _ = log.append(message, at: time)
            if Int.random(in: 0..<20, using: &random) == 0,
                case .message(let gone, let entry)? = log.popDropped(above: 5000, before: nil)
            {
                #expect(gone == all[0].offset && entry.message === all[0].message)
                all.removeFirst()
                while let next = Self.offset(log.popDropped(above: .max, before: nil)) {
                    #expect(next == all[0].offset)
                    all.removeFirst()
                }
            }
            try compare(log, all, &random)
        }
        while let gone = Self.offset(log.popFirst()) {
            #expect(gone == all[0].offset)
            all.removeFirst()
        }
        #expect(all.isEmpty && log.count == 0 && log.bodyOctets == 0)
        #expect(log.start == log.end)
    }

    private func compare(
        _ log: StreamLog, _ all: [(offset: UInt64, time: Int64, message: Message)], _ random: inout SeededGenerator
    ) throws {
        #expect(log.count == all.count)
        #expect(log.bodyOctets == all.reduce(0) { $0 + $1.message.bodySize })
        #expect(log.start == all.first?.offset ?? log.end)
        let offset = UInt64.random(in: 0...(log.end + 3), using: &random)
        let found = log.first(from: offset)
        let expected = all.first { $0.offset >= offset }
        #expect(found?.offset == expected?.offset && found?.entry.message === expected?.message)
        let time = Int64.random(in: 990...2000, using: &random)
        #expect(log.offset(notBefore: time) == all.first { $0.time >= time }?.offset ?? log.end)
    }

    @Test("The oldest segments go as a whole, for too many octets")
    func octets() {
        var log = StreamLog(segmentOctets: 3 * Self.overhead)
        for _ in 0..<10 { _ = log.append(Self.message(0), at: 0) }
        var gone: [UInt64] = []
        while let next = Self.offset(log.popDropped(above: Int64(6 * Self.overhead), before: nil)) { gone.append(next) }
        #expect(gone == [0, 1, 2, 3, 4, 5])
        #expect(Self.offset(log.popDropped(above: 0, before: nil)) == 6)
        #expect(log.count == 1, "the newest stays")
    }

    @Test("The oldest segments go as a whole, for their age")
    func age() {
        var log = StreamLog(segmentOctets: 2 * Self.overhead)
        for time in 0..<7 { _ = log.append(Self.message(0), at: Int64(time)) }
        var gone: [UInt64] = []
        while let next = Self.offset(log.popDropped(above: nil, before: 3)) { gone.append(next) }
        #expect(gone == [0, 1])
        while let next = Self.offset(log.popDropped(above: nil, before: 100)) { gone.append(next) }
        #expect(gone == [0, 1, 2, 3, 4, 5] && log.start == 6)
    }

    @Test("A clock that goes back stands still here")
    func clock() {
        var log = StreamLog(segmentOctets: 1)
        for time in [5, 3, 7] as [Int64] { _ = log.append(Self.message(0), at: time) }
        #expect(log.offset(notBefore: 4) == 0)
        #expect(log.offset(notBefore: 6) == 2)
    }

    @Test(
        "Ages in words",
        arguments: [
            ("1s", 1000), ("2m", 120_000), ("1h", 3_600_000), ("1D", 86_400_000), ("1M", 2_592_000_000),
            ("1Y", 31_536_000_000), ("007s", 7000), ("99999999999999999999Y", .max / 2), ("0s", nil), ("", nil),
            ("s", nil), ("1", nil), ("1S", nil), ("-1s", nil), ("1s ", nil), ("1.5h", nil), ("١s", nil),
        ] as [(String, Int64?)])
    func ages(_ text: String, _ milliseconds: Int64?) {
        #expect(QueueArguments.milliseconds(text) == milliseconds)
    }
}
