import AMQPWire
import DataStructures
import Testing

@testable import BrokerCore

/// What could go wrong with a stream's messages that only the store has, and once did.
@Suite("Corners of streams in the store") struct StoredStreamCornerTests {
    private static func stream(_ more: FieldTable = [:]) -> FieldTable {
        FieldTable([.init("x-queue-type", "stream")] + more.fields)
    }

    private func read(_ broker: StoreRig, _ queue: ShortString = "s") throws -> [String] {
        let client = try broker.rig.open()
        client.send(BasicQos(prefetchCount: 60_000))
        client.send(BasicConsume(queue: queue, arguments: ["x-stream-offset": "first"]))
        broker.rig.drain()
        defer { client.disconnect() }
        return client.takeBodies()
    }

    /// A stream whose old messages have just been copied to the end of the log. The broker ended before it removed the
    /// segments that they were copied from, so they are there twice.
    private func endedBeforeRemoving(_ old: [String]) throws -> StoreRig {
        let configure: (inout BrokerConfiguration) -> Void = {
            ($0.store.segmentOctets, $0.store.residentOctets, $0.store.streamBlockCount) = (6000, 500, 4)
        }
        let broker = try StoreRig(configure)
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "s", durable: true, arguments: Self.stream()))
        client.send(QueueDeclare(queue: "c", durable: true))
        client.publish(old, to: "s")
        broker.sync()
        for _ in 0..<400 {
            client.publish(
                String(repeating: ".", count: 500), to: "c", properties: BasicProperties(deliveryMode: 2))
            client.send(BasicGet(queue: "c", noAck: true))
            broker.rig.step(.time)
            guard let batch = broker.rig.takeBatch() else { continue }
            let before = broker.store.segments
            broker.store.carryOut(batch)
            if batch.removals.contains(1) {
                let segments = broker.store.segments.merging(before.filter { batch.removals.contains($0.key) }) { $1 }
                return try StoreRig(on: FakeStore(broker.store, segments: segments), now: broker.rig.now, configure)
            }
            broker.rig.step(.stored(batch: batch.number))
        }
        throw StoreDamage(segment: 0, offset: 0, reason: "no segment was ever removed")
    }

    @Test("Messages that were copied are there once when the segments that they were copied from are found again")
    func foundAgain() throws {
        let old = (0..<200).map { "\($0)" }
        let broker = try endedBeforeRemoving(old)
        for _ in 0..<3 {
            #expect(try read(broker) == old)
            broker.sync()
            try broker.crash()
        }
    }

    #if DEBUG
        @Test("When a batch is on disk, a hundred streams that waited for it let messages go one after the other")
        func turns() throws {
            let broker = try StoreRig()
            let client = try broker.rig.open()
            client.send(ExchangeDeclare(exchange: "x", type: "fanout", durable: true))
            for number in 0..<100 {
                let name = ShortString(truncating: "s\(number)")
                client.send(QueueDeclare(queue: name, durable: true, arguments: Self.stream()))
                client.send(QueueBind(queue: name, exchange: "x"))
            }
            broker.sync()
            for number in 0..<600 { client.publish("\(number)", to: "", exchange: "x") }
            var steps: [Int] = []
            broker.rig.step(.time)
            while let batch = broker.rig.takeBatch() {
                broker.store.carryOut(batch)
                broker.rig.laterSteps = []
                steps.append(Steps.counted { broker.rig.step(.stored(batch: batch.number)) })
                steps += broker.rig.laterSteps ?? []
            }
            #expect(steps.reduce(0, +) >= 25_600, "a block of each")
            #expect(steps.allSatisfy { $0 < 6000 }, "\(steps.max() ?? 0)")
        }
    #endif

    @Test("A stream with a segment for each message counts what the segments take up")
    func smallSegments() throws {
        let broker = try StoreRig { $0.store.streamBlockCount = 4 }
        let client = try broker.rig.open()
        client.send(
            QueueDeclare(
                queue: "s", durable: true,
                arguments: Self.stream(["x-stream-max-segment-size-bytes": 1, "x-max-length-bytes": 100_000])))
        let before = broker.rig.core.memoryInUse
        for _ in 0..<2 {
            client.publish((0..<1000).map { "\($0)" }, to: "s")
            broker.sync()
        }
        let used = broker.rig.core.memoryInUse - before
        #expect(used > 1500 * 600, "\(used)")
        try broker.crash()
        #expect(abs(broker.rig.core.memoryInUse - before - used) < 20_000, "the same after a restart")
        #expect(try read(broker).count > 1500)
        let again = try broker.rig.open()
        again.send(QueueDelete(queue: "s"))
        again.disconnect()
        broker.sync()
        #expect(broker.rig.core.memoryInUse == 0)
    }

    @Test("Twenty readers, each at another place, do not have every run read for each few messages")
    func manyReaders() throws {
        let broker = try StoreRig { ($0.outputHighWater, $0.outputLimit) = (100_000_000, 200_000_000) }
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "s", durable: true, arguments: Self.stream()))
        for start in stride(from: 0, to: 6000, by: 100) {
            client.publish((start..<(start + 100)).map { "\($0)" }, to: "s")
            broker.sync()
        }
        client.send(BasicQos(prefetchCount: 60_000))
        let reads = broker.store.reads
        var writer = FrameWriter()
        for number in 0..<20 {
            writer.method(
                BasicConsume(
                    queue: "s", consumerTag: ShortString(truncating: "\(number)"),
                    arguments: ["x-stream-offset": .int64(Int64(number * 256))]), channel: 1)
        }
        client.send(octets: writer.take())
        broker.rig.drain()
        var bodies: [ShortString: [String]] = [:]
        for received in client.take() {
            guard case .basicDeliver(let deliver) = received.method else { continue }
            bodies[deliver.consumerTag, default: []].append(received.body ?? "")
        }
        for number in 0..<20 {
            let expected = ((number * 256)..<6000).map { "\($0)" }
            #expect(bodies[ShortString(truncating: "\(number)")] == expected)
        }
        #expect(broker.store.reads - reads < 20 * 24 * 2)
    }
}
