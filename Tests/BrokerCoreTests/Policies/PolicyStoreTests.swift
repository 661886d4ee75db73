import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// Policies and virtual hosts that are kept on disk.
@Suite("Policies on disk", .ownThread)
struct PolicyStoreTests {
    private func set(
        _ broker: StoreRig, _ definition: FieldTable, as name: String = "p", in host: String = "/",
        pattern: String = "^q", target: Policy.Target = .all, priority: Int64 = 0
    ) throws {
        let policy = try Policy(
            name, in: host, pattern: pattern, target: target, priority: priority, definition: definition)
        broker.rig.step(.change([.define(.policy(policy))]))
    }

    private func clear(_ broker: StoreRig, _ name: String) {
        broker.rig.step(.change([.clearPolicy(name, virtualHost: "/")]))
    }

    private func policies(_ broker: StoreRig, in host: String = "/") -> [String] {
        (broker.rig.core.virtualHosts[host]?.policies ?? []).map { policy in
            "\(policy.name) \(policy.pattern) \(policy.target.rawValue) \(policy.priority) \(policy.definition)"
        }
    }

    @Test("They are there again as they were, and those that were removed are not")
    func thereAgain() throws {
        let broker = try StoreRig()
        broker.rig.step(.change([.define(.virtualHost(.init("shop", defaultQueueType: "quorum")))]))
        try set(broker, ["max-length": 3, "dead-letter-exchange": "dead"], target: .queues, priority: -7)
        try set(broker, ["max-length": 9], as: "gone", priority: 9)
        try set(broker, ["max-length": 1], as: "set again")
        try set(
            broker, ["alternate-exchange": "other"], as: "set again", pattern: "x$", target: .exchanges, priority: 2)
        try set(broker, ["expires": 5], in: "shop", target: .classicQueues)
        clear(broker, "gone")
        let (root, shop) = (policies(broker), policies(broker, in: "shop"))
        #expect(root.count == 2 && shop.count == 1)
        broker.sync()
        // The machine fails; then the broker is killed, and killed again when the log has been told of everything anew.
        for kept in [0, nil, nil] {
            try broker.crash(keeping: kept)
            #expect(policies(broker) == root)
            #expect(policies(broker, in: "shop") == shop)
            #expect(broker.rig.core.virtualHosts["shop"]?.defaultQueueType == "quorum")
            broker.sync()
        }
        try broker.declare("q", holding: (0..<5).map { "\($0)" })
        #expect(broker.rig.core.listQueues().map(\.readyCount) == [3])
    }

    @Test("They act on the exchanges that every broker has, too")
    func predeclared() throws {
        let broker = try StoreRig()
        try set(broker, ["alternate-exchange": "amq.fanout"], pattern: "^amq.direct$", target: .exchanges)
        broker.sync()
        try broker.crash()
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "lost"))
        client.send(QueueBind(queue: "lost", exchange: "amq.fanout"))
        client.publish("1", to: "nowhere", exchange: "amq.direct")
        #expect(broker.rig.core.listQueues().map(\.readyCount) == [1])
    }

    @Test("They stay when the segments that told of them go")
    func rewritten() throws {
        let broker = try StoreRig { $0.store.segmentOctets = 2000 }
        broker.rig.step(.change([.define(.virtualHost(.init("shop", defaultQueueType: "stream")))]))
        try set(broker, ["max-length": 3])
        try set(broker, ["max-length": 3], in: "shop")
        try broker.outliveFirstSegments()
        try broker.crash()
        #expect(policies(broker).count == 1 && policies(broker, in: "shop").count == 1)
        #expect(broker.rig.core.virtualHosts["shop"]?.defaultQueueType == "stream")
    }

    @Test("Wherever the log is cut off, each policy is there or not, and what was forced to disk is")
    func torn() throws {
        let first = try StoreRig()
        try set(first, ["max-length": 3], as: "first")
        first.sync()
        let (store, begin) = (first.store, FakeStore(first.store))
        try set(first, ["max-length": 5, "overflow": "reject-publish"], as: "second", priority: 3)
        clear(first, "first")
        first.sync()
        let octets = try #require(store.segments[store.newest])
        var seen: Set<[String]> = []
        for count in (begin.segments[store.newest]?.count ?? 0)...octets.count {
            let cut = FakeStore(begin, segments: store.segments)
            cut.bootID += 1
            cut.cut(store.newest, to: count)
            seen.insert(policies(try StoreRig(on: cut)).map { String($0.prefix(6)) })
        }
        #expect(seen == [["first "], ["second", "first "], ["second"]])
    }

    @Test("A flip in one is damage that is named, and salvage keeps the others")
    func damaged() throws {
        let broker = try StoreRig()
        broker.sync()
        try set(broker, ["max-length": 3], as: "first")
        let batch = try #require(broker.rig.takeBatch())
        broker.store.carryOut(batch)
        let first = try #require(broker.store.segments[1]).count
        broker.rig.step(.stored(batch: batch.number))
        try set(broker, ["max-length": 5], as: "second")
        try broker.declare("q")
        let damaged = FakeStore(broker.store)
        damaged.flip(first - 20, of: 1)
        let found = try #require(throws: StoreDamage.self) { try StoreRig(on: damaged) }
        #expect(found.segment == 1 && found.offset < first && found.reason.contains("damaged"), "\(found)")
        let (salvage, copy) = try DamageTests().salvaged(damaged)
        #expect(salvage.losses.count == 1 && salvage.losses[0].contains("damaged"), "\(salvage.losses)")
        let saved = try StoreRig(on: copy)
        #expect(policies(saved).map { String($0.prefix(6)) } == ["second"])
        let (whole, all) = try DamageTests().salvaged(broker.store)
        #expect(whole.losses == [])
        let again = try StoreRig(on: all)
        #expect(policies(again).count == 2)
    }

    @Test(
        "What had not gone yet by a policy goes at the start, and its dead letters are there",
        arguments: ["classic", "quorum"])
    func caughtUp(kind: String) throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "dead", durable: true))
        client.send(QueueDeclare(queue: "q", durable: true, arguments: ["x-queue-type": .string(kind)]))
        for number in 0..<9 { client.publish("\(number)", to: "q", properties: StoreTests.persistent) }
        broker.sync()
        // The log knows of the policy, and nothing of what has gone by it.
        let policy = StoredPolicy(
            virtualHost: "/", name: "p", pattern: "^q$", target: "queues", priority: 0,
            definition: ["max-length": 2, "dead-letter-exchange": "", "dead-letter-routing-key": "dead"])
        broker.rig.core.journal?.declare(.policySet(policy))
        broker.sync()
        try broker.crash()
        broker.sync()
        let counts = broker.rig.core.listQueues().map { "\($0.name) \($0.readyCount)" }
        #expect(counts.sorted() == ["dead 7", "q 2"])
    }

    @Test("A directory of version 3 is carried over, and keeps policies then")
    func versionThree() throws {
        let after = try StoreRig(on: StoreRig.directory(ofVersion: 3, "q", holding: ["0", "1"]))
        #expect(try StoreTests().bodies("q", after) == ["0", "1"])
        try set(after, ["max-length": 1])
        after.sync()
        try after.crash()
        #expect(policies(after).count == 1)
        let header = try SegmentFormat.header(of: #require(after.store.segments[after.store.newest]))
        #expect(header.version == 4)
    }
}
