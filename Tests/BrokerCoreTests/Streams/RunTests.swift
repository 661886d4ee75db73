import DataStructures
import TestSupport
import Testing

@testable import BrokerCore

/// Runs by themselves: as they are copied, and as they are found again.
@Suite("Runs of a stream's messages in the log") struct RunTests {
    /// A log in small segments, with nothing declared.
    private struct Log {
        let store = FakeStore()
        let journal: Journal

        init() {
            journal = Journal(reader: store, limits: StoreLimits())
            begin()
        }

        /// Begins a segment, so that what is needed of the oldest is copied when the log is long and mostly garbage.
        func begin() {
            journal.beginSegment(salt: 7)
            let (segment, count) = journal.describe {}
            journal.noteDescription(since: segment, count: count)
        }

        func sync() {
            guard let batch = journal.take() else { return }
            store.carryOut(batch)
            journal.noteStored(through: batch.number)
        }
    }

    private static func message(_ body: [UInt8], failures: UInt32 = 0) -> Message {
        Message(
            exchange: "x", routingKey: "k", content: [0, 0] + body, propertiesCount: 2,
            traits: .init(
                isPersistent: true, priority: 3, hasPriority: true, hasHeaders: true, hasBlindCopies: true,
                isDeadLetter: true, hasSpentCopies: true, failureCount: failures))
    }

    @Test("Whatever a record says of a message is still said of it when it was copied to the end of the log")
    func copies() throws {
        let log = Log()
        let stream = QueueJournal(log.journal, number: 1, keepsAll: true)
        let classic = QueueJournal(log.journal, number: 2, keepsAll: false)
        let old = (0..<20).map { Self.message([UInt8($0)], failures: UInt32($0 % 2)) }
        for (position, message) in old.enumerated() {
            stream.enter(message, position: UInt64(position), expiresAt: 1000)
            _ = log.journal.write(message)
        }
        #expect(stream.release(old.map { ($0, 1000) }, from: 0) == nil, "they are not on disk")
        log.sync()
        let runs = try #require(stream.release(old.map { ($0, 1000) }, from: 0))
        let place = try #require(runs.first?.place)
        for position in 0..<12 {
            let garbage = Self.message(Array(repeating: 0, count: 2000))
            classic.enter(garbage, position: UInt64(position), expiresAt: .max)
            _ = log.journal.write(garbage)
            log.sync()
            classic.leave(garbage, position: UInt64(position))
            log.begin()
            log.sync()
        }
        #expect(runs.count == 1 && runs[0].place.segment > place.segment, "they were copied")
        #expect(log.store.segments[place.segment] == nil)
        let found = stream.read(runs[0])
        #expect(found.map(\.message.resident) == old.map(\.resident))
        #expect(found.map(\.message.traits.failureCount) == old.map(\.traits.failureCount))
        #expect(found.allSatisfy { $0.message.traits.priority == 3 && $0.message.traits.hasPriority })
        #expect(found.allSatisfy { $0.message.traits.hasHeaders && $0.message.traits.hasBlindCopies })
        #expect(found.allSatisfy { $0.message.traits.isDeadLetter && $0.message.traits.hasSpentCopies })
    }

    /// Positions in an order in which a log has them: what is oldest is copied to the end, again and again, while more come.
    private static func order(_ blocks: Int, _ random: inout SeededGenerator) -> [UInt64] {
        var (log, next) = ([[UInt64]](), UInt64(0))
        for _ in 0..<blocks {
            let count = UInt64.random(in: 1...4, using: &random)
            log.append((next..<(next + count)).map { $0 })
            next += count
            for _ in 0..<Int.random(in: 0...log.count, using: &random) { log.append(log.removeFirst()) }
        }
        return log.flatMap { $0 }
    }

    @Test(
        "Runs are found by rising position, in whatever order the log has them, and each message once",
        arguments: 0..<30)
    func finding(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let order = Self.order(Int.random(in: 1...40, using: &random), &random)
        var found = RecoveredRuns(queue: 1)
        for (place, position) in (order + order.shuffled(using: &random).prefix(5)).enumerated() {
            found.add(position, Self.record(place), contentCount: 10, bodySize: 8, time: 0)
        }
        let start = UInt64.random(in: 0...UInt64(order.count), using: &random)
        found.settle(before: start)
        let (runs, from) = found.take()
        #expect(from == start)
        let positions = runs.flatMap { Array($0.first..<$0.end) }
        #expect(positions.filter { $0 >= start } == Array(start..<UInt64(order.count)))
        #expect(positions == positions.sorted() && Set(positions).count == positions.count)
        #expect(runs.dropFirst().allSatisfy { $0.first >= start }, "only the first can be gone in part")
        // Where they are is where they were found first.
        for run in runs {
            let (first, last) = (order.firstIndex(of: run.first) ?? -1, order.firstIndex(of: run.end - 1) ?? -1)
            #expect(Int(run.place.offset) == 20 * first && run.recordOctets == 20 * run.count)
            #expect(Int(run.place.offset + run.place.count) == 20 * last + 20)
        }
    }

    private static func record(_ place: Int) -> RecordPlace {
        RecordPlace(segment: 1, offset: UInt32(20 * place), count: 20)
    }

    #if DEBUG
        @Test("A log that was copied in many rounds is not read slower and slower")
        func growth() {
            func steps(_ blocks: UInt64) -> Int {
                var found = RecoveredRuns(queue: 1)
                return Steps.counted {
                    for place in 0..<blocks {
                        let position = blocks - place
                        found.add(position, Self.record(Int(place)), contentCount: 1, bodySize: 1, time: 0)
                    }
                }
            }
            let (few, many) = (steps(500), steps(2000))
            #expect(few > 500 && Double(many) < 5.5 * Double(few), "\(few), then \(many)")
        }
    #endif

    @Test("What the log says last of the oldest segment counts: one that was to be removed may have been found again")
    func oldest() throws {
        let log = Log()
        let queue = QueueJournal(log.journal, number: 1, keepsAll: false)
        log.journal.declare(
            .queueDeclared(
                StoredQueue(
                    number: 1, virtualHost: "/", name: "q", autoDelete: false, arguments: [:], nextPosition: 0,
                    deliveredBelow: 0)))
        let message = Self.message([1])
        queue.enter(message, position: 0, expiresAt: .max)
        _ = log.journal.write(message)
        log.journal.declare(.oldest(segment: 2))
        log.sync()
        log.begin()
        log.sync()
        #expect(try StoreRig.recover(FakeStore(log.store)).messageCount == 1)
        let damaged = FakeStore(log.store, segments: log.store.segments.filter { $0.key > 1 })
        #expect(throws: StoreDamage.self) { try StoreRig.recover(damaged) }
    }

    @Test(
        "Copies of a message are found however many there are, in any order, and those that are gone are not",
        arguments: 0..<20)
    func manyCopies(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let log = Log()
        let count = Int.random(in: 1...60, using: &random)
        let queues = (1...count).map { QueueJournal(log.journal, number: UInt64($0), keepsAll: true) }
        let message = Self.message([1])
        for queue in queues.shuffled(using: &random) {
            queue.enter(message, position: queue.number + 5, expiresAt: .max)
        }
        let early = queues.shuffled(using: &random).prefix(Int.random(in: 0..<count, using: &random))
        for queue in early.prefix(early.count / 2) { queue.leave(message, position: queue.number + 5) }
        #expect(log.journal.write(message) > 0)
        log.sync()
        for queue in early.dropFirst(early.count / 2) { queue.leave(message, position: queue.number + 5) }
        log.sync()
        let gone = Set(early.map(\.number))
        let left = queues.filter { !gone.contains($0.number) }
        #expect(message.storeEntry != 0)
        // Once more at the end of the log, and found there by what is left.
        for queue in queues { queue.leave(message, position: queue.number + 4) }
        #expect(message.storeEntry != 0, "other positions are nobody's")
        for queue in left.shuffled(using: &random) {
            #expect(message.storeEntry != 0)
            queue.leave(message, position: queue.number + 5)
        }
        #expect(message.storeEntry == 0)
    }

    #if DEBUG
        @Test("A message that a thousand streams let go is not looked for among all its places each time")
        func lettingGo() {
            func steps(_ count: Int) -> Int {
                let log = Log()
                let queues = (1...count).map { QueueJournal(log.journal, number: UInt64($0), keepsAll: true) }
                let message = Self.message([1])
                for queue in queues { queue.enter(message, position: 0, expiresAt: 0) }
                _ = log.journal.write(message)
                log.sync()
                return Steps.counted {
                    for queue in queues.reversed() {
                        let runs = queue.release([(message, 0)], from: 0)
                        #expect(runs?.count == 1)
                    }
                }
            }
            let (few, many) = (steps(200), steps(800))
            #expect(few > 200 && Double(many) < 5.5 * Double(few), "\(few), then \(many)")
        }
    #endif

    @Test("The newest message of a stream is there for a reader, also when some behind it were lost")
    func last() {
        var log = StreamLog(segmentOctets: 1000)
        #expect(log.place(of: .last) == 0)
        _ = log.append(Self.message([]), at: 0)
        _ = log.append(Self.message([]), at: 0)
        #expect(log.place(of: .last) == 1)
        log.skip(to: 10)
        #expect(log.place(of: .last) == 1)
        _ = log.append(Self.message([]), at: 0)
        #expect(log.place(of: .last) == 10)
    }
}
