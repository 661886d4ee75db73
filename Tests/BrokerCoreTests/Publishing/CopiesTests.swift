import AMQPWire
import Testing

@testable import BrokerCore

/// What `CC` and `BCC` headers lead to beside queues.
@Suite("Copies")
struct CopiesTests {
    private let rig = Rig()

    @Test("Whatever queue a reply is copied to, the requester has it too, and once", arguments: [false, true])
    func replies(inTransaction: Bool) throws {
        let (requester, server) = (try rig.open(), try rig.open())
        requester.send(BasicConsume(queue: "amq.rabbitmq.reply-to", noAck: true))
        server.send(QueueDeclare(queue: "requests"))
        server.send(BasicConsume(queue: "requests", noAck: true))
        requester.publish("?", to: "requests", properties: BasicProperties(replyTo: "amq.rabbitmq.reply-to"))
        let request = server.take().first { $0.body == "?" }
        let address = try #require(request?.properties?.replyTo)
        server.send(QueueDeclare(queue: "audit"))
        if inTransaction { server.send(TxSelect()) }
        server.publish("1", to: address, properties: BasicProperties(headers: ["CC": ["audit"]]))
        let twice = FieldValue.array([.string(address.text), .string(address.text)])
        server.publish("2", to: "audit", properties: BasicProperties(headers: ["BCC": twice]))
        server.publish("elsewhere", to: address, exchange: "amq.fanout")
        if inTransaction { server.send(TxCommit()) }
        #expect(requester.takeBodies() == ["1", "2"])
        #expect(rig.core.listQueues().map(\.readyCount) == [2, 0])
    }

    @Test("The requester has its copy also when there are so many queues that others have their turns in between")
    func manyQueues() throws {
        let rig = Rig { $0.work.turn = 400 }
        let (requester, server) = (try rig.open(), try rig.open())
        requester.send(BasicConsume(queue: "amq.rabbitmq.reply-to", noAck: true))
        server.send(QueueDeclare(queue: "requests"))
        server.send(BasicConsume(queue: "requests", noAck: true))
        requester.publish("?", to: "requests", properties: BasicProperties(replyTo: "amq.rabbitmq.reply-to"))
        let address = try #require(server.take().first { $0.body == "?" }?.properties?.replyTo)
        for number in 0..<200 {
            let name = ShortString(truncating: "q\(number)")
            server.send(QueueDeclare(queue: name))
            server.send(QueueBind(queue: name, exchange: "amq.fanout"))
        }
        let copies = FieldValue.array([.string(address.text)])
        server.publish("!", to: "", exchange: "amq.fanout", properties: BasicProperties(headers: ["CC": copies]))
        #expect(rig.core.listQueues().count { $0.readyCount == 1 } == 200)
        // The exchange is another: the address is a queue's only in the default one.
        #expect(requester.takeBodies() == [])
        server.send(QueueDeclare(queue: "audit"))
        let many = (0..<200).map { FieldValue.string("q\($0)") } + [.string(address.text)]
        server.publish("!", to: "audit", properties: BasicProperties(headers: ["CC": .array(many)]))
        #expect(rig.core.listQueues().count { $0.readyCount == 2 } == 200)
        #expect(requester.takeBodies() == ["!"])
    }

    @Test("A death tells the keys of the copies, and nothing else that was among them")
    func deaths() throws {
        let client = try rig.open()
        client.send(QueueDeclare(queue: "dead"))
        client.send(
            QueueDeclare(
                queue: "q",
                arguments: ["x-max-length": 0, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"]))
        client.send(BasicConsume(queue: "dead", noAck: true))
        _ = client.take()
        // As deep as can be read.
        var nested = FieldValue.void
        for _ in 0..<(ByteReader.maximumDepth - 1) { nested = ["": nested] }
        client.publish("x", to: "q", properties: BasicProperties(headers: ["CC": ["other", 7, nested]]))
        let received = client.take()
        let death = try #require(received.first?.properties?.headers?["x-death"]?.array?.first?.table)
        #expect(received.count == 1 && death["routing-keys"] == ["q", "other"])
    }
}
