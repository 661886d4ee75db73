import AMQPWire
import Testing

@testable import BrokerCore
@testable import DataStructures

@Suite("Rings, timers and the order of messages")
struct StructureTests {
    @Test("A ring gives back what went in, in order, through growth and wrapping")
    func ring() {
        var ring = Ring<Int>()
        var expected: [Int] = []
        var generator = SystemRandomNumberGenerator()
        for number in 0..<5000 {
            ring.append(number)
            expected.append(number)
            if Bool.random(using: &generator) { #expect(ring.popFirst() == expected.removeFirst()) }
        }
        #expect(Array(ring) == expected)
        ring[7] = ring[7] + 2
        expected[7] += 2
        #expect(Array(ring) == expected)
        ring.removeAll { $0.isMultiple(of: 2) }
        #expect(Array(ring) == expected.filter { !$0.isMultiple(of: 2) })
        while let next = ring.popFirst() { #expect(next % 2 == 1) }
        #expect(ring.isEmpty && ring.first == nil)
    }

    /// A message's place in a queue is counted with half of the room that there may be to spare.
    @Test("A ring has room for at most twice what is in it")
    func room() {
        var ring = Ring<Int>()
        for number in 1...5000 {
            ring.append(number)
            #expect(ring.slots.count <= max(8, 2 * number))
        }
    }

    @Test("A ring of many grows without moving them, and an empty one keeps no room for them")
    func longRing() {
        var (ring, most) = (Ring<Int>(), 0)
        for number in 0..<100_000 { most = max(most, Steps.counted { ring.append(number) }) }
        #expect(most <= 1024, "\(most) steps for one")
        for place in [0, 1023, 1024, 2047, 2048, 99_999] { #expect(ring[place] == place) }
        ring[70_000] = -1
        #expect(ring.count == 100_000 && ring.prefixCount { $0 >= 0 } == 70_000)
        for number in 0..<70_000 { #expect(ring.popFirst() == number) }
        // What comes meanwhile stands behind them.
        ring.append(100_000)
        #expect(ring.popFirst() == -1 && ring.first == 70_001 && ring[0] == 70_001)
        #expect(Array(ring) == Array(70_001...100_000))
        for number in 70_001...100_000 { #expect(ring.popFirst() == number) }
        #expect(ring.isEmpty && ring.count == 0 && ring.popFirst() == nil)
        #expect(ring.slots.count <= mostKept && ring.parts.isEmpty && ring.firstPart == 0)
        for number in 0..<1000 { ring.append(number) }
        for number in 0..<1000 { #expect(ring.popFirst() == number) }
        #expect(ring.slots.count <= mostKept)
    }

    @Test("Timers fire by time, and in the order they were set where times are equal")
    func timers() {
        var timers = Timers()
        let ids = (0..<200).map { ConnectionID(number: $0) }
        for id in ids { timers.set(Int64((id.number * 37) % 50), for: .connection(id)) }
        var fired: [ConnectionID] = []
        for now in 0..<50 {
            while let due = timers.popDue(at: Int64(now)) {
                if case .connection(let id) = due.owner { fired.append(id) }
            }
        }
        #expect(fired == ids.sorted { ($0.number * 37 % 50, $0.number) < ($1.number * 37 % 50, $1.number) })
        #expect(timers.next == nil)
    }

    @Test("Of very many timers each is cancelled in a few steps, and the others fire in order")
    func cancelledTimers() {
        var (timers, most) = (Timers(), 0)
        var numbers: [UInt64: Int64] = [:]
        func set(_ range: Range<Int>) {
            for number in range {
                let time = Int64(number * 7919 % 20_011)
                numbers[timers.set(time, for: .connection(ConnectionID(number: UInt64(number))))] = time
            }
        }
        set(0..<20_000)
        for number in 1...15_000 as ClosedRange<UInt64> {
            most = max(most, Steps.counted { timers.cancel(number) })
            numbers[number] = nil
            if number == 12_000 { set(20_000..<20_010) }
        }
        #expect(most < 6000, "\(most) steps for one")
        #expect(timers.next ?? .max <= numbers.values.min() ?? 0)
        var fired: [Int64] = []
        while let due = timers.popDue(at: .max) { fired.append(due.time) }
        #expect(fired == numbers.values.sorted() && timers.next == nil)
    }

    @Test("A copy that goes before its message is written is not looked for among all")
    func copiesThatDoNotStay() {
        let message = Message(exchange: "", routingKey: "q", properties: BasicProperties(), body: [1])
        var table = StoredMessages()
        let steps = Steps.counted {
            for number in 1...1000 as ClosedRange<UInt64> {
                table.add(.init(queue: number, position: 0), of: message)
                if number % 2 == 0 { _ = table.remove(.init(queue: number, position: 0), of: message) }
            }
        }
        #expect(table.copyCount(of: message) == 500 && steps <= 1000, "\(steps)")
    }

    @Test("The table of stored messages begins anew when it is empty, and knows nothing of those that have gone")
    func storedMessages() {
        var table = StoredMessages()
        for round in 0..<3 as Range<UInt64> {
            let messages = (0..<5000).map { _ in
                Message(exchange: "", routingKey: "q", properties: BasicProperties(), body: [1])
            }
            for (position, message) in messages.enumerated() {
                table.add(.init(queue: 1, position: UInt64(position)), of: message)
            }
            #expect(messages.allSatisfy { table.message($0.storeEntry) === $0 } && messages.first?.storeEntry == 1)
            for (position, message) in messages.enumerated() where position > 0 || round != 1 {
                _ = table.remove(.init(queue: 1, position: UInt64(position)), of: message)
                table.remove(message)
            }
            #expect(table.message(1) === (round == 1 ? messages[0] : nil) && table.message(5000) == nil)
            if round == 1 { table.remove(messages[0]) }
        }
    }

    @Test("The first of a list is at hand when many before it have gone")
    func front() {
        var list = IdentityList<Int>()
        let objects = (0..<1000).map { _ in PassMark() }
        for (number, object) in objects.enumerated() { list.add(number, ObjectIdentifier(object)) }
        for object in objects.prefix(400) { list.remove(ObjectIdentifier(object)) }
        let steps = Steps.counted { #expect(list.first { _ in true } == 400) }
        #expect(steps == 1)
    }

    @Test("A long list closes up little by little, and keeps its order")
    func closing() {
        var (list, left, most) = (IdentityList<Int>(), Set<Int>(), 0)
        let objects = (0..<22_000).map { _ in PassMark() }
        func add(_ numbers: Range<Int>) {
            for number in numbers { list.add(number, ObjectIdentifier(objects[number])) }
            left.formUnion(numbers)
        }
        add(0..<20_000)
        for turn in 0..<20_000 {
            if turn == 11_000 { add(20_000..<22_000) }
            let number = turn * 7919 % 20_000
            most = max(most, Steps.counted { list.remove(ObjectIdentifier(objects[number])) })
            left.remove(number)
            if turn % 499 == 0 { #expect(list.all == left.sorted() && list.first == left.min()) }
        }
        #expect(most < 1000, "\(most)")
        for number in (20_000..<22_000).reversed() {
            #expect(list.contains(ObjectIdentifier(objects[number])) && list.first == 20_000)
            list.remove(ObjectIdentifier(objects[number]))
        }
        #expect(list.isEmpty && list.first == nil && list.all.isEmpty)
    }

    @Test("Messages that come back stand where they stood")
    func putBack() {
        var ready = PrioritizedMessages()
        for position in 0..<6 { ready.append(Self.message(UInt64(position))) }
        let taken = (0..<4).compactMap { _ in ready.popFirst() }
        ready.putBack([taken[2], taken[0]])
        ready.putBack([taken[1]])
        #expect(ready.count == 5)
        #expect((0..<5).compactMap { _ in ready.popFirst()?.position } == [0, 1, 2, 4, 5])
    }

    @Test("Priorities are served from above, each in order")
    func priorities() {
        var ready = PrioritizedMessages(highestPriority: 5)
        for (position, priority) in [0, 9, 5, 1, 0].enumerated() {
            ready.append(Self.message(UInt64(position), priority: UInt8(priority)))
        }
        #expect((0..<5).compactMap { _ in ready.popFirst()?.position } == [1, 2, 3, 0, 4])
    }

    @Test("Unacknowledged deliveries are found by tag, whatever went before")
    func unacknowledged() throws {
        let rig = Rig()
        let host = try #require(rig.core.virtualHosts["/"])
        let queue = host.declareQueue("q", .init(), try QueueArguments([:], label: "", in: nil))
        var deliveries = UnacknowledgedDeliveries()
        for tag in 1...500 {
            deliveries.append(
                Unacknowledged(
                    tag: UInt64(tag), message: Self.message(UInt64(tag)), queue: queue, consumer: nil, deliveredAt: 0))
        }
        for tag in stride(from: 2, through: 400, by: 2) { #expect(deliveries.remove(UInt64(tag))?.tag == UInt64(tag)) }
        #expect(deliveries.remove(2) == nil && deliveries.remove(0) == nil && deliveries.remove(501) == nil)
        #expect(!deliveries.contains(2) && deliveries.contains(9) && deliveries.lastTag == 500)
        #expect(deliveries.removeFirst(3, through: 9).map(\.tag) == [1, 3, 5])
        #expect(deliveries.removeFirst(9, through: 9).map(\.tag) == [7, 9])
        #expect(deliveries.count == 500 - 200 - 5)
        #expect(deliveries.first?.tag == 11)
        #expect(deliveries.removeFirst(500, through: .max).count == 295)
        #expect(deliveries.isEmpty && deliveries.lastTag == nil)
    }

    @Test("Of very many unacknowledged deliveries each is settled in a few steps, in whatever order")
    func manyUnacknowledged() throws {
        let rig = Rig()
        let host = try #require(rig.core.virtualHosts["/"])
        let queue = host.declareQueue("q", .init(), try QueueArguments([:], label: "", in: nil))
        var (deliveries, most) = (UnacknowledgedDeliveries(), 0)
        let all: UInt64 = 50_000
        for tag in 1...all {
            let delivery = Unacknowledged(tag: tag, message: nil, queue: queue, consumer: nil, deliveredAt: 0)
            most = max(most, Steps.counted { deliveries.append(delivery) })
        }
        let tags = (0..<all).map { $0 * 7919 % all + 1 }
        let room = deliveries.footprint
        var isRight = true
        for tag in tags.dropLast(100) {
            most = max(most, Steps.counted { isRight = deliveries.remove(tag)?.tag == tag && isRight })
        }
        #expect(isRight && most < 3000, "\(most) steps for one")
        #expect(deliveries.count == 100 && deliveries.footprint < room / 3)
        let left = tags.suffix(100).sorted()
        #expect(left.allSatisfy { deliveries.contains($0) } && !deliveries.contains(tags[0]))
        #expect(deliveries.first?.tag == left[0] && deliveries.lastTag == left[99])
        #expect(deliveries.removeFirst(60, through: .max).map(\.tag) == Array(left[..<60]))
        #expect(deliveries.removeFirst(60, through: left[79]).map(\.tag) == Array(left[60..<80]))
        #expect(deliveries.remove(left[99])?.tag == left[99] && deliveries.lastTag == left[98])
        #expect(deliveries.removeFirst(.max, through: .max).map(\.tag) == Array(left[80..<99]))
        #expect(deliveries.isEmpty && deliveries.first == nil && deliveries.footprint < room / 100)
    }

    private static func message(_ position: UInt64, priority: UInt8 = 0) -> QueuedMessage {
        let message = Message(
            exchange: "", routingKey: "", content: [0, 0], propertiesCount: 2, traits: .init(priority: priority))
        return QueuedMessage(message: message, position: position, expiresAt: .max)
    }
}
