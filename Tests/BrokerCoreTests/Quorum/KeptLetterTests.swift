import AMQPWire
import Testing

@testable import BrokerCore

/// What a broker does with dead letters that are kept, and with deliveries that are overdue, as far as clients don't see it.
@Suite("Kept dead letters, and overdue deliveries") struct KeptLetterTests {
    private let source: FieldTable = [
        "x-queue-type": "quorum", "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish",
        "x-dead-letter-exchange": "nowhere",
    ]

    /// Rejects so many messages of a queue that keeps their letters.
    private func fill(_ client: RigClient, count: Int) {
        client.send(QueueDeclare(queue: "q", durable: true, arguments: source))
        for number in 0..<count { client.publish("\(number)", to: "q") }
        for tag in 1...UInt64(count) {
            client.send(BasicGet(queue: "q"))
            client.send(BasicReject(deliveryTag: tag, requeue: false))
        }
        _ = client.take()
    }

    @Test("A queue with letters that arrive nowhere can be deleted, and nothing of them is left")
    func deleted() throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        let before = broker.rig.core.load.placeCount
        fill(client, count: 40)
        broker.sync()
        #expect(broker.rig.core.load.placeCount == before + 40)
        client.send(QueueDelete(queue: "q"))
        #expect(client.take().last?.method == .queueDeleteOk(QueueDeleteOk(messageCount: 0)))
        #expect(broker.rig.core.load.placeCount == before)
        #expect(broker.rig.core.load.messageCount == 0)
    }

    @Test("What is kept when the broker ends is kept again, and arrives once it leads somewhere, in order")
    func restarted() throws {
        let broker = try StoreRig()
        fill(try broker.rig.open(), count: 40)
        broker.sync()
        for _ in 1...2 {
            try broker.crash()
            broker.sync()
            #expect(broker.rig.core.load.placeCount == 40)
            #expect(broker.rig.core.listQueues()[0].readyCount == 0)
        }
        let client = try broker.rig.open()
        client.send(ExchangeDeclare(exchange: "nowhere", type: "fanout", durable: true))
        client.send(QueueDeclare(queue: "dead", durable: true))
        client.send(QueueBind(queue: "dead", exchange: "nowhere"))
        _ = client.take()
        broker.rig.advance(by: 180_000)
        for number in 0..<40 {
            client.send(BasicGet(queue: "dead", noAck: true))
            #expect(client.take().first?.body == "\(number)")
        }
        broker.sync()
        try broker.crash()
        #expect(broker.rig.core.load.placeCount == 0)
    }

    enum Way: CaseIterable { case crash, twoCrashes, oldSegmentsAreGone, salvage }

    @Test(
        "Why a message died is known after a restart", arguments: ["rejected", "expired", "delivery_limit"],
        Way.allCases)
    func reasons(reason: String, way: Way) throws {
        var broker = try StoreRig { $0.store.segmentOctets = 2000 }
        var client = try broker.rig.open()
        let limited = FieldTable(source.fields + [.init("x-delivery-limit", 0)])
        client.send(QueueDeclare(queue: "q", durable: true, arguments: limited))
        client.publish("m", to: "q", properties: BasicProperties(expiration: reason == "expired" ? "10" : nil))
        if reason == "expired" {
            broker.rig.advance(by: 10)
        } else {
            client.send(BasicGet(queue: "q"))
            client.send(BasicReject(deliveryTag: 1, requeue: reason == "delivery_limit"))
        }
        broker.sync()
        switch way {
        case .crash: try broker.crash()
        case .twoCrashes:
            try broker.crash()
            broker.sync()
            try broker.crash()
        case .oldSegmentsAreGone:
            try broker.outliveFirstSegments()
            try broker.crash()
        case .salvage:
            let (salvage, copy) = try DamageTests().salvaged(broker.store)
            #expect(salvage.losses == [])
            broker = try StoreRig(on: copy, now: broker.rig.now)
        }
        client = try broker.rig.open()
        client.send(BasicGet(queue: "q"))
        #expect(client.take().first?.method == .basicGetEmpty(BasicGetEmpty()))
        // It is sent when everything is there that it may lead to, and then each three minutes.
        client.send(ExchangeDeclare(exchange: "nowhere", type: "fanout", durable: true))
        client.send(QueueDeclare(queue: "dead", durable: true))
        client.send(QueueBind(queue: "dead", exchange: "nowhere"))
        broker.rig.advance(by: 180_000)
        _ = client.take()
        client.send(BasicGet(queue: "dead", noAck: true))
        let got = try #require(client.take().first)
        #expect(got.body == "m")
        #expect(got.properties?.headers?["x-first-death-reason"]?.text == reason)
    }

    @Test("What leads somewhere when the broker begins is sent at once")
    func sentAtTheStart() throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.send(ExchangeDeclare(exchange: "nowhere", type: "fanout", durable: true))
        client.send(
            QueueDeclare(queue: "full", durable: true, arguments: ["x-max-length": 1, "x-overflow": "reject-publish"]))
        client.send(QueueBind(queue: "full", exchange: "nowhere"))
        client.publish("in the way, until the broker ends", to: "full")
        fill(client, count: 1)
        broker.sync()
        try broker.crash()
        broker.sync()
        let full = try #require(broker.rig.core.listQueues().first { $0.name == "full" })
        #expect(full.readyCount == 1)
        let after = try broker.rig.open()
        after.send(BasicGet(queue: "full", noAck: true))
        #expect(after.take().first?.body == "0")
    }

    @Test("The log says where dead letters are not kept although they should be")
    func log() throws {
        let rig = Rig { $0.logLevel = .warning }
        let client = try rig.open()
        _ = rig.takeLog()
        client.send(QueueDeclare(queue: "kept", durable: true, arguments: source))
        #expect(rig.takeLog().filter { $0.level == .warning }.isEmpty)
        for name: ShortString in ["x-overflow", "x-dead-letter-exchange"] {
            client.send(
                QueueDeclare(
                    queue: name, durable: true, arguments: FieldTable(source.fields.filter { $0.name != name })))
            #expect(rig.takeLog().filter { $0.level == .warning }.count == 1, "\(name)")
        }
    }

    @Test("Of deliveries that have gone back nothing is held but their tags, and all may be settled")
    func overdue() throws {
        let rig = Rig { $0.dialect = .v4_3 }
        let client = try rig.open()
        client.send(
            QueueDeclare(queue: "q", durable: true, arguments: ["x-queue-type": "quorum", "x-consumer-timeout": 1000]))
        for number in 0..<300 { client.publish("\(number)", to: "q") }
        client.send(BasicConsume(queue: "q", consumerTag: "c"))
        // Those in the middle are settled; each look finds the oldest.
        for tag in 2...UInt64(200) { client.send(BasicAck(deliveryTag: tag)) }
        _ = client.take()
        rig.advance(by: 1000)
        #expect(client.take().map(\.method) == [.basicCancel(BasicCancel(consumerTag: "c", noWait: true))])
        #expect(rig.core.listQueues()[0].readyCount == 101)
        client.send(BasicAck(deliveryTag: 0, multiple: true))
        #expect(!client.isEnded && client.takeClose() == nil)
        #expect(rig.core.listQueues()[0].readyCount == 101)
    }

    @Test("Deliveries that are settled in time end nobody, however many there are")
    func inTime() throws {
        let rig = Rig { $0.dialect = .v4_3 }
        let client = try rig.open()
        client.send(
            QueueDeclare(queue: "q", durable: true, arguments: ["x-queue-type": "quorum", "x-consumer-timeout": 1000]))
        client.send(BasicQos(prefetchCount: 2))
        client.send(BasicConsume(queue: "q", consumerTag: "c"))
        for number in 1...UInt64(500) {
            client.publish("\(number)", to: "q")
            rig.advance(by: 900)
            client.send(BasicAck(deliveryTag: number))
        }
        #expect(client.take().filter { $0.method.id == BasicCancel.id }.isEmpty)
        client.publish("late", to: "q")
        rig.advance(by: 1000)
        #expect(client.take().last?.method == .basicCancel(BasicCancel(consumerTag: "c", noWait: true)))
    }
}
