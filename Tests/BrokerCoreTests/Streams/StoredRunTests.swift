import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// Streams beside arrays, on a disk on which segments come and go.
@Suite("Streams that come and go on the disk") struct StoredRunTests {
    private struct Model {
        /// Of the stream without limits: times and bodies, by offset.
        var all: [(time: Int64, body: String)] = []
        /// So many of them are on disk.
        var sure = 0
        var number = 0
    }

    private var random: SeededGenerator
    private var broker: StoreRig

    init() throws {
        random = SeededGenerator(seed: 0)
        broker = try Self.broker()
    }

    private static func broker(on store: FakeStore = FakeStore(), now: Int64 = 1_000_000_000_000) throws -> StoreRig {
        try StoreRig(on: store, now: now) {
            $0.store.segmentOctets = 6000
            $0.store.residentOctets = 500
            $0.store.streamBlockCount = 4
        }
    }

    @Test("Whatever happens, a reader is handed what an array has", arguments: 1...40)
    mutating func anything(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        var model = Model()
        for _ in 0..<120 { try act(&model) }
        broker.sync()
        try compare(model, from: 0)
        #expect(try resident <= 8)
    }

    @Test(
        "A stream's old messages hold no garbage back: they are copied to the end of the log, and can be read meanwhile"
    )
    func copying() throws {
        let client = try broker.rig.open()
        declare(client)
        let old = (0..<200).map { "\($0)" }
        client.publish(old, to: "s")
        broker.sync()
        var copies = 0
        for _ in 0..<400 {
            client.publish(
                String(repeating: ".", count: 500), to: "c", properties: BasicProperties(deliveryMode: 2))
            client.send(BasicGet(queue: "c", noAck: true))
            broker.rig.step(.time)
            guard let batch = broker.rig.takeBatch() else { continue }
            // It is not on disk yet, and it is what the old messages are copied by.
            if batch.octets.count > 2500 {
                copies += 1
                #expect(try read("s", from: "first") == old)
                try beginWithPart(of: batch, old)
            }
            broker.store.carryOut(batch)
            broker.rig.step(.stored(batch: batch.number))
        }
        broker.sync()
        #expect(copies > 2)
        #expect(broker.store.segments.count < 12)
        #expect(broker.store.segments.keys.min() ?? 0 > 20)
        #expect(try read("s", from: "first") == old)
        try broker.crash()
        #expect(try read("s", from: "first") == old)
    }

    /// Brokers that begin with a part of a batch find each message once, though it may be at two places.
    private func beginWithPart(of batch: StoreBatch, _ old: [String]) throws {
        if batch.beginsSegment { return }
        for count in [batch.octets.count / 2, batch.octets.count] {
            var segments = broker.store.segments
            segments[batch.segment, default: []] += batch.octets.prefix(count)
            let other = try Self.broker(on: FakeStore(broker.store, segments: segments), now: broker.rig.now)
            #expect(try Self.read(other, "s", from: "first") == old)
        }
    }

    private var resident: Int {
        get throws {
            try #require(broker.rig.core.virtualHosts["/"]?.queues["s"]?.queue as? StreamQueue).residentCount
        }
    }

    private func declare(_ client: RigClient) {
        let stream: FieldTable.Field = .init("x-queue-type", "stream")
        client.send(ExchangeDeclare(exchange: "x", type: "fanout", durable: true))
        client.send(QueueDeclare(queue: "s", durable: true, arguments: FieldTable([stream])))
        client.send(
            QueueDeclare(
                queue: "limited", durable: true,
                arguments: FieldTable([
                    stream, .init("x-max-length-bytes", 2000), .init("x-stream-max-segment-size-bytes", 700),
                ])))
        for queue in ["s", "limited", "c"] as [ShortString] {
            if queue == "c" { client.send(QueueDeclare(queue: queue, durable: true)) }
            client.send(QueueBind(queue: queue, exchange: "x"))
        }
    }

    private mutating func act(_ model: inout Model) throws {
        switch Int.random(in: 0..<21, using: &random) {
        case 0..<9: try publish(&model)
        case 9..<12:
            let client = try broker.rig.open()
            for _ in 0..<Int.random(in: 0...20, using: &random) { client.send(BasicGet(queue: "c", noAck: true)) }
            client.disconnect()
        case 12..<16:
            broker.sync()
            model.sure = model.all.count
        case 16: broker.rig.advance(by: .random(in: 0...3000, using: &random))
        case 17: try cutOff(&model)
        case 18:
            let isPowerCut = Bool.random(using: &random)
            try broker.crash(keeping: isPowerCut ? 0 : nil, downFor: .random(in: -3000...3000, using: &random))
            // What is not on disk is lost, whoever ends.
            model.all.removeLast(model.all.count - model.sure)
        default: try compare(model, from: .random(in: 0...max(0, model.all.count - 1), using: &random))
        }
    }

    /// The broker is killed in the middle of writing a batch, and begins again with what is there of it.
    private mutating func cutOff(_ model: inout Model) throws {
        broker.rig.step(.time)
        guard let batch = broker.rig.takeBatch() else { return }
        var segments = broker.store.segments
        if !batch.beginsSegment {
            segments[batch.segment, default: []] += batch.octets.prefix(
                .random(in: 0...batch.octets.count, using: &random))
        }
        broker = try Self.broker(on: FakeStore(broker.store, segments: segments), now: broker.rig.now)
        guard !model.all.isEmpty, broker.rig.core.virtualHosts["/"]?.queues["s"] != nil else {
            return model.all.removeAll()
        }
        let found = try read("s", from: "first")
        #expect(found.count >= model.sure)
        #expect(found == model.all.prefix(found.count).map(\.body))
        model.all.removeLast(model.all.count - found.count)
        model.sure = found.count
    }

    private mutating func publish(_ model: inout Model) throws {
        let client = try broker.rig.open()
        declare(client)
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            let octets = [10, 10, 10, 10, 300, 300, 3000].randomElement(using: &random) ?? 0
            let body = "\(model.number) " + String(repeating: ".", count: .random(in: 0...octets, using: &random))
            model.number += 1
            switch Int.random(in: 0..<6, using: &random) {
            case 0..<3:
                client.publish(
                    body, to: "s", properties: BasicProperties(deliveryMode: 1, priority: 3))
            case 3: client.publish(body, to: "", exchange: "x", properties: BasicProperties(deliveryMode: 2))
            case 4:
                client.publish(body, to: "c", properties: BasicProperties(deliveryMode: 2))
                continue
            default:
                client.publish(body, to: "limited")
                continue
            }
            model.all.append((max(model.all.last?.time ?? .min, broker.rig.now), body))
        }
        client.disconnect()
    }

    private func compare(_ model: Model, from offset: Int) throws {
        guard !model.all.isEmpty else { return }
        #expect(try read("s", from: .int64(Int64(offset))) == model.all[offset...].map(\.body))
        let seconds = model.all[offset].time / 1000
        let first = model.all.firstIndex { $0.time >= seconds * 1000 } ?? 0
        #expect(try read("s", from: .timestamp(UInt64(seconds))) == model.all[first...].map(\.body))
        let limited = try read("limited", from: "first")
        let octets = limited.reduce(0) { $0 + $1.utf8.count + 50 }
        #expect(octets < 2000 + 2 * (700 + 3100))
        let numbers = limited.compactMap { Int($0.prefix { $0 != " " }) }
        #expect(numbers.count == limited.count && numbers == numbers.sorted())
        let counts = try #require(broker.rig.core.virtualHosts["/"]?.queues["s"]?.queue).counts
        #expect(counts.ready == model.all.count)
        #expect(counts.readyOctets == model.all.reduce(0) { $0 + $1.body.utf8.count })
    }

    private func read(_ queue: ShortString, from offset: FieldValue) throws -> [String] {
        try Self.read(broker, queue, from: offset)
    }

    private static func read(_ broker: StoreRig, _ queue: ShortString, from offset: FieldValue) throws -> [String] {
        let client = try broker.rig.open()
        client.send(BasicQos(prefetchCount: 60_000))
        client.send(BasicConsume(queue: queue, arguments: ["x-stream-offset": offset]))
        broker.rig.drain()
        defer { client.disconnect() }
        return client.takeBodies()
    }
}
