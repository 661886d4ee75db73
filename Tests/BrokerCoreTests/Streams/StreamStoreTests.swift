import AMQPWire
import Testing

@testable import BrokerCore

/// What a stream keeps on disk: every message, its offset, and when it came in.
@Suite("The store of a stream") struct StreamStoreTests {
    private static func arguments(_ more: FieldTable = [:]) -> FieldTable {
        FieldTable([.init("x-queue-type", "stream")] + more.fields)
    }

    private func fill(_ broker: StoreRig, _ numbers: Range<Int>, _ more: FieldTable = [:], padding: Int = 0) throws {
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "s", durable: true, arguments: Self.arguments(more)))
        for number in numbers { client.publish("\(number)" + String(repeating: " ", count: padding), to: "s") }
        client.disconnect()
        broker.sync()
    }

    /// What a reader is handed: offsets, with the numbers.
    private func all(_ broker: StoreRig, from offset: FieldValue = "first") throws -> [String] {
        let client = try broker.rig.open()
        client.send(BasicQos(prefetchCount: 10_000))
        client.send(BasicConsume(queue: "s", arguments: ["x-stream-offset": offset]))
        broker.rig.drain()
        defer { client.disconnect() }
        return client.take().compactMap { received in
            guard let offset = received.properties?.headers?["x-stream-offset"]?.integer else { return nil }
            return "\(offset): \(received.body?.prefix { $0 != " " } ?? "")"
        }
    }

    @Test func transientMessagesAndOffsetsComeBack() throws {
        let broker = try StoreRig()
        try fill(broker, 0..<5)
        #expect(try all(broker) == ["0: 0", "1: 1", "2: 2", "3: 3", "4: 4"])
        broker.sync()
        for crashes in 1...3 {
            try broker.crash()
            #expect(try all(broker, from: 3).prefix(2) == ["3: 3", "4: 4"])
            try fill(broker, (4 + crashes)..<(5 + crashes))
        }
        try broker.crash(keeping: 0)
        #expect(try all(broker) == (0..<8).map { "\($0): \($0)" })
    }

    @Test func whatWasNotOnDiskGivesItsOffsetsBack() throws {
        let broker = try StoreRig()
        try fill(broker, 0..<3)
        let client = try broker.rig.open()
        client.publish("lost", to: "s")
        try broker.crash(keeping: 0)
        try fill(broker, 3..<5)
        #expect(try all(broker) == (0..<5).map { "\($0): \($0)" })
    }

    @Test func timesComeBack() throws {
        let broker = try StoreRig()
        try fill(broker, 0..<2)
        broker.rig.advance(by: 60_000)
        try fill(broker, 2..<4)
        try broker.crash(downFor: 60_000)
        #expect(try all(broker, from: "90s") == ["2: 2", "3: 3"])
        #expect(try all(broker, from: "1h").count == 4)
    }

    /// Segments of the log go when a stream gives up its own, and offsets go on where they were.
    @Test func whatIsGivenUpIsGoneFromTheDisk() throws {
        let broker = try StoreRig { $0.store.segmentOctets = 20_000 }
        let limits: FieldTable = ["x-max-length-bytes": 30_000, "x-stream-max-segment-size-bytes": 10_000]
        for round in 0..<40 { try fill(broker, (round * 10)..<(round * 10 + 10), limits, padding: 1000) }
        let before = try all(broker)
        #expect((20...40).contains(before.count) && before.last == "399: 399")
        broker.sync()
        #expect(broker.store.segments.count < 10)
        try broker.crash()
        #expect(try all(broker) == before)
        try fill(broker, 400..<401, limits)
        #expect(try all(broker).last == "400: 400")
    }

    /// Of an empty stream the store keeps which offset is next.
    @Test func offsetsGoOnWhenAllIsGivenUp() throws {
        let broker = try StoreRig { $0.store.segmentOctets = 4000 }
        let limits: FieldTable = ["x-max-age": "1s", "x-stream-max-segment-size-bytes": 1]
        for number in 0..<30 {
            try fill(broker, number..<(number + 1), limits, padding: 500)
            broker.rig.advance(by: 2000)
        }
        #expect(try all(broker) == ["29: 29"])
        try broker.crash()
        #expect(try all(broker) == ["29: 29"])
        try fill(broker, 30..<31, limits)
        #expect(try all(broker) == ["30: 30"])
    }

    @Test func bodiesAreReadBackFromTheDisk() throws {
        let broker = try StoreRig { $0.store.residentOctets = 5000 }
        try fill(broker, 0..<200, padding: 1000)
        let reads = broker.store.reads
        #expect(try all(broker) == (0..<200).map { "\($0): \($0)" })
        #expect(broker.store.reads > reads + 100)
        #expect(broker.rig.core.memoryInUse < 200 * 1000 / 2)
    }

    @Test func aDeletedStreamIsGone() throws {
        let broker = try StoreRig()
        try fill(broker, 0..<2000)
        let client = try broker.rig.open()
        client.send(QueueDelete(queue: "s"))
        broker.sync()
        try broker.crash()
        #expect(broker.rig.core.listQueues().isEmpty && broker.rig.core.load.total == 0)
        try fill(broker, 5..<6)
        #expect(try all(broker) == ["0: 5"])
    }

    @Test func salvageKeepsThem() throws {
        let broker = try StoreRig()
        try fill(broker, 0..<5)
        let (salvage, copy) = try DamageTests().salvaged(broker.store)
        #expect(salvage.losses == [])
        #expect(try all(StoreRig(on: copy)) == (0..<5).map { "\($0): \($0)" })
    }
}
