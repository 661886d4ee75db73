import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// A store whose records are whole and say what can't be: the broker does not start, and names the place.
@Suite("What a store says and makes no sense", .ownThread)
struct RecoveryTests {
    private static let exchange = StoredExchange(
        virtualHost: "/", name: "x", type: "fanout", autoDelete: false, isInternal: false, arguments: [:])
    private static let queue = StoredQueue(
        number: 1, virtualHost: "/", name: "q", autoDelete: false, arguments: [:], nextPosition: 0, deliveredBelow: 0)

    private static func bound(to destination: StoredBinding.End, from source: ShortString = "x") -> JournalRecord {
        .bound(StoredBinding(virtualHost: "/", source: source, destination: destination, key: "k", arguments: [:]))
    }

    private static func exchange(ofType type: String) -> JournalRecord {
        var exchange = exchange
        exchange.type = type
        return .exchangeDeclared(exchange)
    }

    private static func queue(_ arguments: FieldTable) -> JournalRecord {
        var queue = queue
        queue.arguments = arguments
        return .queueDeclared(queue)
    }

    private static func policy(
        _ definition: FieldTable, for target: String = "all", pattern: String = "^q"
    ) -> JournalRecord {
        .policySet(
            StoredPolicy(
                virtualHost: "/", name: "p", pattern: pattern, target: target, priority: 0, definition: definition))
    }

    @Test(
        "The last record is damage, with its place and the reason",
        arguments: [
            ([exchange(ofType: "x-unheard-of")], "unknown exchange type 'x-unheard-of'"),
            ([queue(["x-max-length": "many"])], "expected integer, got longstr"),
            ([exchange(ofType: "fanout"), bound(to: .queue(number: 1))], "queue, number 1, is not there"),
            ([queue([:]), bound(to: .queue(number: 1))], "source, exchange 'x', is not there"),
            ([exchange(ofType: "fanout"), bound(to: .exchange("y"))], "destination, exchange 'y', is not there"),
            ([policy(["max-length": 1], for: "topics")], "policy 'p' is for 'topics'"),
            ([policy(["max-length": 1], pattern: "(")], "policy 'p' can't be made: pattern should be regular"),
            ([policy(["x-unheard-of": 1])], "[{<<\"x-unheard-of\">>,1}] are not recognised"),
        ])
    func damage(_ records: [JournalRecord], _ reason: String) throws {
        let (store, last) = try written(records)
        do {
            _ = try StoreRig(on: store)
            Issue.record("the broker starts, and leaves something out")
        } catch let damage as StoreDamage {
            #expect(damage.segment == 1 && damage.offset == last)
            #expect(damage.reason.contains(reason), "\(damage.reason)")
        }
    }

    @Test("What makes sense comes back")
    func sense() throws {
        let (store, _) = try written([
            Self.exchange(ofType: "fanout"), Self.queue(["x-max-length": 5]), Self.bound(to: .queue(number: 1)),
            Self.policy(["max-length": 1]),
        ])
        #expect(try StoreRig(on: store).rig.core.listBindings().map(\.source) == ["", "x"])
    }

    @Test("What is copied to the end of the log takes the place of what was there, in any order")
    func copies() throws {
        var state: UInt64 = 7
        func below(_ limit: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % limit
        }
        for _ in 1...200 {
            let found = StoreRecovery.Found(value: Self.queue, segment: 1, offset: 0)
            let queue = RecoveredQueue(found)
            var model: [UInt64: ObjectIdentifier] = [:]
            for _ in 1...12 {
                if below(3) == 0 {
                    let (first, count) = (below(30), UInt32(1 + below(12)))
                    var gone: [UInt64] = []
                    queue.remove(from: first, count: count) { message, position in
                        #expect(model.removeValue(forKey: position) == ObjectIdentifier(message))
                        gone.append(position)
                    }
                    #expect(!model.keys.contains { $0 >= first && $0 < first + UInt64(count) }, "\(gone)")
                    continue
                }
                let messages = (0...below(6)).map { _ in
                    Message(exchange: "", routingKey: "q", content: [0, 0], propertiesCount: 2, traits: .init())
                }
                let places = messages.map { _ in
                    StoredContent.Copy(queue: 1, position: below(30), expiresAt: .max)
                }
                let old = queue.add(messages[...], places[...])
                var expected: [ObjectIdentifier] = []
                for (message, place) in zip(messages, places) {
                    let replaced = model.updateValue(ObjectIdentifier(message), forKey: place.position)
                    if let replaced { expected.append(replaced) }
                }
                #expect(old.map { ObjectIdentifier($0.message) } == expected)
            }
            var seen: [(UInt64, ObjectIdentifier)] = []
            queue.forEachRun { seen += $0.map { ($0.position, ObjectIdentifier($0.message)) } }
            #expect(seen.map(\.0) == model.keys.sorted() && seen.allSatisfy { model[$0.0] == $0.1 })
            #expect(queue.messageCount == model.count)
        }
    }

    @Test("A delivery that outlives its queue is not copied to the end of the log, behind the end of its queue")
    func heldFromADeletedQueue() throws {
        let broker = try StoreRig { $0.store.segmentOctets = 2000 }
        let client = try broker.rig.open()
        for queue: ShortString in ["deleted", "other", "kept"] {
            client.send(QueueDeclare(queue: queue, durable: true))
            client.publish("held", to: queue, properties: StoreTests.persistent)
            client.send(BasicGet(queue: queue))
        }
        broker.sync()
        client.send(QueueDelete(queue: "deleted"))
        try broker.outliveFirstSegments()
        // Both are settled as ever.
        client.send(BasicNack(deliveryTag: 0, multiple: true, requeue: true))
        broker.sync()
        try broker.crash()
        let again = try broker.rig.open()
        again.send(BasicConsume(queue: "kept", consumerTag: "c", noAck: true))
        #expect(again.takeBodies() == ["held"])
    }

    /// A store with these records, and where the last of them is.
    private func written(_ records: [JournalRecord]) throws -> (FakeStore, Int) {
        let store = FakeStore()
        let journal = Journal(reader: store, limits: StoreLimits())
        journal.beginSegment(salt: 7)
        var last = 0
        for record in records {
            last = journal.pendingOctets
            journal.append(record)
        }
        store.carryOut(try #require(journal.take()))
        return (store, last)
    }
}
