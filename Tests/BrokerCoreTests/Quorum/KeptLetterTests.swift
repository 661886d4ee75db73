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

    @Test("What is kept when the broker ends is handed out again")
    func restarted() throws {
        let broker = try StoreRig()
        fill(try broker.rig.open(), count: 3)
        broker.sync()
        try broker.crash()
        let client = try broker.rig.open()
        for number in 0..<3 {
            client.send(BasicGet(queue: "q", noAck: true))
            #expect(client.take().first?.body == "\(number)")
        }
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
