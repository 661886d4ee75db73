import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// What a stream with a store holds in memory: its newest messages, and of the others where they are.
@Suite("A stream's messages that only the store has") struct StoredStreamTests {
    private static func arguments(_ more: FieldTable = [:]) -> FieldTable {
        FieldTable([.init("x-queue-type", "stream")] + more.fields)
    }

    private static func declare(_ client: RigClient, _ queue: ShortString = "s", _ more: FieldTable = [:]) {
        client.send(QueueDeclare(queue: queue, durable: true, arguments: arguments(more)))
    }

    private func stream(_ broker: StoreRig, _ name: ShortString = "s") throws -> StreamQueue {
        try #require(broker.rig.core.virtualHosts["/"]?.queues[name]?.queue as? StreamQueue)
    }

    /// What a reader is handed: offsets, with the bodies.
    private func read(
        _ broker: StoreRig, _ queue: ShortString = "s", from offset: FieldValue = "first", prefetch: UInt16 = 60_000
    ) throws -> [(offset: Int64, body: String)] {
        let client = try broker.rig.open()
        client.send(BasicQos(prefetchCount: prefetch))
        client.send(BasicConsume(queue: queue, arguments: ["x-stream-offset": offset]))
        broker.rig.drain()
        defer { client.disconnect() }
        return Self.deliveries(client)
    }

    private static func deliveries(_ client: RigClient) -> [(offset: Int64, body: String)] {
        client.take().compactMap { received in
            guard let offset = received.properties?.headers?["x-stream-offset"]?.integer else { return nil }
            return (offset, received.body ?? "")
        }
    }

    private func fill(_ broker: StoreRig, _ numbers: Range<Int>, _ more: FieldTable = [:]) throws {
        let client = try broker.rig.open()
        Self.declare(client, "s", more)
        for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 100) {
            client.publish((start..<min(start + 100, numbers.upperBound)).map { "\($0)" }, to: "s")
        }
        client.disconnect()
    }

    @Test("Of 20,000 messages a few hundred are in memory, also after a restart; all can be read, with few reads")
    func few() throws {
        let broker = try StoreRig()
        try fill(broker, 0..<20_000)
        #expect(try stream(broker).residentCount == 20_000, "nothing is let go that is not on disk")
        broker.sync()
        for _ in 0..<2 {
            #expect(try stream(broker).residentCount < 512)
            #expect(broker.rig.core.load.messageCount < 512)
            #expect(broker.rig.core.memoryInUse < 250_000, "a few octets a message")
            let reads = broker.store.reads
            let all = try read(broker)
            #expect(all.map(\.offset) == Array(0..<20_000))
            #expect(all.map(\.body) == (0..<20_000).map { "\($0)" })
            #expect((10...120).contains(broker.store.reads - reads))
            #expect(broker.rig.core.memoryInUse < 250_000, "what was read back is forgotten")
            #expect(try stream(broker).counts.ready == 20_000)
            try broker.crash()
        }
    }

    @Test("What comes to a stream while it is read is let go too, and many readers are each at their own place")
    func readers() throws {
        let broker = try StoreRig { $0.store.streamBlockCount = 10 }
        try fill(broker, 0..<1000)
        broker.sync()
        let readers = try (0..<20).map { number in
            let client = try broker.rig.open()
            client.send(BasicQos(prefetchCount: 7))
            client.send(BasicConsume(queue: "s", arguments: ["x-stream-offset": .int64(Int64(number * 50))]))
            return client
        }
        var offsets = readers.map { _ in [Int64]() }
        for round in 0..<160 {
            if round < 50 { try fill(broker, (1000 + round * 10)..<(1010 + round * 10)) }
            for (number, client) in readers.enumerated() {
                let new = Self.deliveries(client)
                #expect(new.allSatisfy { $0.body == "\($0.offset)" })
                offsets[number] += new.map(\.offset)
                if !new.isEmpty { client.send(BasicAck(deliveryTag: UInt64(offsets[number].count), multiple: true)) }
            }
            broker.sync()
            #expect(try stream(broker).residentCount <= 20)
        }
        for (number, offsets) in offsets.enumerated() {
            #expect(offsets.first == Int64(number * 50))
            #expect(offsets.count == min(1500 - number * 50, 160 * 7))
            #expect(zip(offsets, offsets.dropFirst()).allSatisfy { $0 + 1 == $1 })
        }
        for client in readers { client.disconnect() }
        #expect(broker.rig.core.load.messageCount <= 20)
    }

    @Test("A message that is in other queues too stays there, and its body with it")
    func others() throws {
        let broker = try StoreRig {
            ($0.store.streamBlockCount, $0.store.residentOctets, $0.store.segmentOctets) = (4, 0, 3000)
        }
        let client = try broker.rig.open()
        client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        Self.declare(client, "s")
        Self.declare(client, "limited", ["x-max-length-bytes": 1000, "x-stream-max-segment-size-bytes": 1])
        client.send(QueueDeclare(queue: "durable", durable: true))
        client.send(QueueDeclare(queue: "transient"))
        for queue in ["s", "limited", "durable", "transient"] as [ShortString] {
            client.send(QueueBind(queue: queue, exchange: "x"))
        }
        for number in 0..<100 {
            client.publish(
                "\(number)" + String(repeating: " ", count: 200), to: "", exchange: "x",
                properties: BasicProperties(deliveryMode: 2))
            broker.sync()
        }
        #expect(try stream(broker).residentCount <= 8)
        _ = client.take()
        for queue in ["transient", "durable"] as [ShortString] {
            for number in 0..<100 {
                client.send(BasicGet(queue: queue, noAck: true))
                #expect(client.take().first?.body?.hasPrefix("\(number) ") == true)
                broker.sync()
            }
        }
        #expect(try read(broker).map(\.offset) == Array(0..<100))
        let last = broker.store.newest
        client.send(QueueDelete(queue: "s"))
        client.send(QueueDelete(queue: "limited"))
        broker.sync()
        for number in 0..<30 {
            client.publish("\(number)", to: "durable", properties: BasicProperties(deliveryMode: 2))
            client.send(BasicGet(queue: "durable", noAck: true))
            let name = ShortString(truncating: "d\(number)")
            client.send(QueueDeclare(queue: name, durable: true))
            client.publish(
                String(repeating: " ", count: 3000), to: name, properties: BasicProperties(deliveryMode: 2))
            broker.sync()
        }
        #expect(broker.rig.core.load.messageCount == 30)
        #expect(broker.store.segments.keys.min() ?? 0 >= last, "the segments that were the streams' are gone")
    }

    #if DEBUG
        @Test("What leaves memory, and what is read back, is done in slices")
        func slices() throws {
            let broker = try StoreRig()
            try fill(broker, 0..<20_000)
            broker.rig.laterSteps = []
            broker.sync()
            #expect(try stream(broker).residentCount < 512)
            _ = try read(broker)
            let steps = try #require(broker.rig.laterSteps)
            #expect(steps.count > 10)
            #expect(steps.allSatisfy { $0 < 20_000 }, "\(steps.max() ?? 0)")
        }
    #endif

    @Test("A restart changes nothing about where a stream's segments end, and so about what is given up")
    func segments() throws {
        let limits: FieldTable = ["x-max-length-bytes": 3000, "x-stream-max-segment-size-bytes": 300]
        var found: [[Int64]] = []
        for isRestarted in [false, true] {
            let broker = try StoreRig()
            try fill(broker, 0..<100, limits)
            broker.sync()
            if isRestarted { try broker.crash() }
            for number in 100..<130 {
                try fill(broker, number..<(number + 1), limits)
                found.append(try read(broker).map(\.offset))
            }
        }
        #expect(Array(found[..<30]) == Array(found[30...]))
        #expect(found[0].count > 40 && Set(found.map(\.count)).count > 3)
    }

    @Test("A deleted stream is gone from memory and from the disk, its runs too")
    func deletion() throws {
        let broker = try StoreRig { ($0.store.streamBlockCount, $0.store.segmentOctets) = (10, 10_000) }
        try fill(broker, 0..<2000)
        broker.sync()
        let client = try broker.rig.open()
        client.send(QueueDelete(queue: "s"))
        broker.sync()
        client.disconnect()
        #expect(broker.rig.core.memoryInUse == 0)
        try broker.crash()
        #expect(broker.rig.core.load.total == 0 && broker.rig.core.listQueues().isEmpty)
        try fill(broker, 0..<200)
        broker.sync()
        #expect(broker.store.segments.count < 10)
        #expect(try read(broker).count == 200)
    }
}
