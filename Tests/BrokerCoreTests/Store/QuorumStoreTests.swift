import AMQPWire
import Testing

@testable import BrokerCore

/// What a quorum queue keeps on disk: every message, how often it came back, and where it waits.
@Suite struct QuorumStoreTests {
    private let quorum: FieldTable = ["x-queue-type": "quorum"]

    private func rig(_ dialect: Dialect, segmentOctets: Int = 32 << 20) throws -> StoreRig {
        try StoreRig {
            $0.dialect = dialect
            $0.store.segmentOctets = segmentOctets
        }
    }

    /// Of six messages five are held; then 1 is rejected, and 0 after it is nacked.
    private func fill(_ broker: StoreRig) throws {
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "q", durable: true, arguments: quorum))
        for number in 0...5 { client.publish("\(number)", to: "q") }
        for _ in 1...5 { client.send(BasicGet(queue: "q")) }
        client.send(BasicReject(deliveryTag: 2, requeue: true))
        client.send(BasicNack(deliveryTag: 1, requeue: true))
        broker.sync()
    }

    /// Takes everything out: bodies, with the counts that came with them.
    private func takeAll(_ broker: StoreRig) throws -> [String] {
        let client = try broker.rig.open()
        var seen: [String] = []
        while true {
            client.send(BasicGet(queue: "q", noAck: true))
            guard let got = client.take().first, got.method.id == BasicGetOk.id else { break }
            func count(_ name: ShortString) -> Int64 { got.properties?.headers?[name]?.integer ?? 0 }
            seen.append("\(got.body ?? "") \(count("x-delivery-count")) \(count("x-acquired-count"))")
        }
        broker.sync()
        return seen
    }

    private static let left: [Dialect: [String]] = [
        .v3_10: ["2 1 0", "3 1 0", "4 1 0", "5 0 0", "1 1 0", "0 1 0"],
        .v4_0: ["1 1 0", "0 1 0", "2 1 0", "3 1 0", "4 1 0", "5 0 0"],
        .v4_3: ["1 1 1", "0 0 1", "2 1 1", "3 1 1", "4 1 1", "5 0 0"],
    ]

    @Test(arguments: Dialect.allCases) func countsAndOrderComeBack(in dialect: Dialect) throws {
        for crashes in 1...3 {
            let broker = try rig(dialect)
            try fill(broker)
            for _ in 1...crashes {
                try broker.crash()
                broker.sync()
            }
            #expect(try takeAll(broker) == Self.left[dialect])
            try broker.crash()
            #expect(try takeAll(broker) == [])
        }
    }

    @Test func theyComeBackWhenTheirSegmentsAreGone() throws {
        let broker = try rig(.v4_3, segmentOctets: 2000)
        try fill(broker)
        try broker.outliveFirstSegments()
        try broker.crash()
        #expect(try takeAll(broker) == Self.left[.v4_3])
    }

    @Test func salvageKeepsThem() throws {
        let broker = try rig(.v4_0)
        try fill(broker)
        let (salvage, copy) = try DamageTests().salvaged(broker.store)
        #expect(salvage.losses == [])
        let saved = try StoreRig(on: copy) { $0.dialect = .v4_0 }
        #expect(try takeAll(saved) == Self.left[.v4_0])
    }

    @Test func aDirectoryOfVersionTwoIsCarriedOver() throws {
        let after = try StoreRig(on: StoreRig.directory(ofVersion: 2, "old", holding: ["kept"]))
        #expect(try StoreTests().bodies("old", after) == ["kept"])
        try fill(after)
        try after.crash()
        #expect(try takeAll(after) == Self.left[.v3_10])
        #expect(try StoreTests().bodies("old", after) == ["kept"])
    }
}
