import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore
@testable import DataStructures

/// What was large once gives its room back when it is empty, or nearly: a client may have thousands of them.
@Suite("Room that is kept", .ownThread) struct KeptRoomTests {
    @Test("A ring, all along the way down")
    func ring() {
        var ring = Ring<Int>()
        for number in 0..<10_000 { ring.append(number) }
        var isRight = true
        for number in 0..<10_000 {
            isRight = ring.popFirst() == number && isRight
            isRight = ring.slots.count <= max(mostKept, 8 * ring.count) && isRight
            // It goes on where it was.
            if number % 1000 == 0 { isRight = ring.elementsEqual(number + 1..<10_000) && isRight }
        }
        #expect(isRight && ring.isEmpty)
    }

    @Test("A ring that shrinks takes few steps for each element")
    func steps() {
        #if DEBUG
            for count in [1000, 100_000] {
                var ring = Ring<Int>()
                for number in 0..<count { ring.append(number) }
                let steps = Steps.counted { while ring.popFirst() != nil {} }
                #expect(steps < 2 * count)
            }
        #endif
    }

    @Test("A heap and an array")
    func heap() {
        struct Number: HeapElement {
            var value: Int
            func comes(before other: Number) -> Bool { value < other.value }
        }
        var heap = Heap<Number>()
        for number in (0..<10_000).reversed() { heap.insert(Number(value: number)) }
        var isRight = true
        for number in 0..<10_000 {
            isRight = heap.popFirst()?.value == number && isRight
            isRight = heap.storage.capacity <= max(2 * mostKept, 9 * heap.count) && isRight
        }
        #expect(isRight && heap.isEmpty)
    }

    @Test("A dictionary, whole and in parts, however its entries go", arguments: [1000, 100_000], [true, false])
    func dictionary(count: Int, byRemoval: Bool) {
        var dictionary = DividedDictionary<Int, Int>()
        var room: Int { dictionary.whole.capacity + dictionary.parts.reduce(0) { $0 + $1.capacity } }
        for number in 0..<count { dictionary[number] = number }
        let most = room
        for number in 10..<count {
            if byRemoval { dictionary.removeValue(forKey: number) } else { dictionary[number] = nil }
        }
        #expect(dictionary.keys.sorted() == Array(0..<10) && dictionary.count == 10)
        #expect(room < most / 6)
        for number in 0..<10 {
            if byRemoval { dictionary.removeValue(forKey: number) } else { dictionary[number] = nil }
        }
        #expect(dictionary.isEmpty && room <= 2 * mostKept)
    }

    @Test("A channel's deliveries")
    func deliveries() throws {
        let rig = Rig()
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        let queue = try #require(rig.core.virtualHosts["/"]?.queue("q"))
        var deliveries = UnacknowledgedDeliveries()
        for _ in 0..<2 {
            for tag in 1...900 as ClosedRange<UInt64> {
                deliveries.append(Unacknowledged(tag: tag, message: nil, queue: queue, consumer: nil, deliveredAt: 0))
            }
            #expect(deliveries.footprint >= 900 * Load.ofDelivery)
            #expect(deliveries.removeFirst(.max, through: .max).count == 900)
            #expect(deliveries.footprint < 64 * Load.ofDelivery)
        }
    }

    @Test("Consumers that are cancelled while they wait beside a full window")
    func waitingConsumers() throws {
        let rig = Rig()
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        client.publish(["1", "2"], to: "q")
        client.send(BasicQos(prefetchCount: 1, global: true))
        client.send(BasicConsume(queue: "q", consumerTag: "first"))
        let before = rig.core.memoryInUse
        for _ in 0..<1000 {
            client.send(BasicConsume(queue: "q", consumerTag: "c"))
            client.send(BasicCancel(consumerTag: "c"))
        }
        #expect(rig.core.memoryInUse < before + 50 * Load.ofConsumer)
        // And those that are left are served.
        client.send(BasicAck(deliveryTag: 1))
        #expect(client.takeBodies() == ["1", "2"])
    }

    @Test("Consumers that held something, where that is wanted back in half an hour", arguments: [true, false])
    func timedConsumers(cancelsFirst: Bool) throws {
        let rig = Rig { $0.dialect = .v4_3 }
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q", durable: true, arguments: ["x-queue-type": "quorum"]))
        let before = rig.core.memoryInUse
        for tag in 1...1000 as ClosedRange<UInt64> {
            client.publish("x", to: "q")
            client.send(BasicConsume(queue: "q", consumerTag: "c"))
            if cancelsFirst { client.send(BasicCancel(consumerTag: "c")) }
            client.send(BasicAck(deliveryTag: tag))
            if !cancelsFirst { client.send(BasicCancel(consumerTag: "c")) }
        }
        #expect(client.takeBodies().count == 1000)
        #expect(rig.core.memoryInUse < before + 50 * Load.ofConsumer)
    }

    @Test("The timers of connections, which may be due in nine hours")
    func connections() throws {
        let rig = Rig()
        func count() throws -> Int {
            let owners = Mirror(reflecting: rig.core.timers).descendant("owners")
            return try #require(owners as? DividedDictionary<UInt64, Timers.Owner>).count
        }
        let before = try count()
        let clients = (0..<20).map { _ in rig.connect() }
        for client in clients {
            client.send(octets: ProtocolHeader.amqp091)
            client.send(ConnectionStartOk(mechanism: "PLAIN", response: Array("\0guest\0guest".utf8)), channel: 0)
            client.send(ConnectionTuneOk(channelMax: 10, frameMax: 131_072, heartbeat: .max), channel: 0)
            client.send(ConnectionOpen(), channel: 0)
        }
        // Behind the time for opening them.
        rig.advance(by: 20_000)
        #expect(try count() == before + 20)
        for client in clients { client.disconnect() }
        #expect(try count() == before)
    }

    @Test("A queue's priorities")
    func priorities() {
        var messages = PrioritizedMessages(highestPriority: 255)
        func message(_ priority: UInt8, at position: UInt64) -> QueuedMessage {
            let message = Message(
                exchange: "", routingKey: "", content: [0, 0], propertiesCount: 2, traits: .init(priority: priority))
            return QueuedMessage(message: message, position: position, expiresAt: .max)
        }
        for position in 0..<(256 * 50) as Range<UInt64> {
            messages.append(message(UInt8(position % 256), at: position))
        }
        while messages.popFirst() != nil {}
        #expect(messages.levels.allSatisfy { $0.ring.slots.isEmpty })
    }

    @Test("A topic exchange that had many patterns, one of which stays until the end")
    func patterns() throws {
        let rig = Rig()
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        // The pattern of no word stands at the root.
        client.send(QueueBind(queue: "q", exchange: "amq.topic"))
        let before = rig.core.memoryInUse
        let keys = (0..<500).map { ShortString(truncating: "\($0).b.c") }
        for key in keys { client.send(QueueBind(queue: "q", exchange: "amq.topic", routingKey: key)) }
        for key in keys.dropFirst() { client.send(QueueUnbind(queue: "q", exchange: "amq.topic", routingKey: key)) }
        // Its table is as large as ever.
        #expect(rig.core.memoryInUse - before > 1000 * Load.ofTopicPlace)
        client.publish("x", to: keys[0], exchange: "amq.topic")
        client.publish("x", to: keys[1], exchange: "amq.topic")
        #expect(rig.core.listQueues().map(\.readyCount) == [1])
        client.send(QueuePurge(queue: "q"))
        client.send(QueueUnbind(queue: "q", exchange: "amq.topic", routingKey: keys[0]))
        client.publish("x", to: "", exchange: "amq.topic")
        #expect(rig.core.listQueues().map(\.readyCount) == [1])
        client.send(QueuePurge(queue: "q"))
        client.send(QueueUnbind(queue: "q", exchange: "amq.topic"))
        #expect(rig.core.memoryInUse == before - Load.ofBinding)
        // And it works as before.
        for key in keys { client.send(QueueBind(queue: "q", exchange: "amq.topic", routingKey: key)) }
        for key in keys { client.publish("x", to: key, exchange: "amq.topic") }
        #expect(rig.core.listQueues().map(\.readyCount) == [500])
    }
}
