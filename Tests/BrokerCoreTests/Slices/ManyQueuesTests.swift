import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// A message that goes to thousands of queues goes there little by little.
@Suite("A message for thousands of queues", .ownThread)
struct ManyQueuesTests {
    private let rig = Rig { $0.work = Self.work }
    private static let work = WorkLimits(turn: 1000)
    private static let count = 3000

    /// A client with a fanout exchange that leads to thousands of queues, and another one.
    private func prepare() throws -> (RigClient, RigClient) {
        let client = try rig.open()
        client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        for number in 0..<Self.count {
            let name = ShortString(truncating: "q\(number)")
            client.send(QueueDeclare(queue: name, noWait: true))
            client.send(QueueBind(queue: name, exchange: "x", noWait: true))
        }
        _ = client.take()
        return (client, try rig.open())
    }

    private var readyCount: Int { rig.core.listQueues().reduce(0) { $0 + $1.readyCount } }
    private var last: ShortString { ShortString(truncating: "q\(Self.count - 1)") }

    /// Sends what there is of a client's, and returns what others saw: how many messages there were each time that the other
    /// client was answered.
    private func watch(_ writer: inout FrameWriter, from client: RigClient, beside other: RigClient) -> [Int] {
        var effects = rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now)
        var seen: [Int] = []
        while effects.hasMoreToDo {
            seen.append(readyCount)
            for write in effects.writes where write.connection == client.id {
                write.withOctets { client.receive($0) }
            }
            writer.method(QueueDeclare(queue: "other"), channel: 1)
            effects = rig.core.step(.received(writer.take().span.bytes, from: other.id), now: rig.now)
            #expect(effects.writes.contains { $0.connection == other.id })
        }
        for write in effects.writes where write.connection == client.id { write.withOctets { client.receive($0) } }
        return seen
    }

    @Test("Others are served meanwhile, what follows waits, and the confirm comes last")
    func publish() throws {
        let (client, other) = try prepare()
        client.send(ConfirmSelect())
        _ = client.take()
        var writer = FrameWriter()
        writer.content(BasicPublish(exchange: "x"), .init(), body: [1], channel: 1, frameMax: 4096)
        writer.method(BasicGet(queue: last), channel: 1)
        let seen = watch(&writer, from: client, beside: other)
        #expect(seen.count > 1 && seen.allSatisfy { $0 % Self.work.slice == 0 && $0 < Self.count }, "\(seen)")
        #expect(Set(client.take().map(\.method.id)) == [BasicGetOk.id, BasicAck.id])
        #expect(readyCount == Self.count - 1)
    }

    @Test("A queue that is deleted meanwhile does not get it")
    func deleted() throws {
        let (client, other) = try prepare()
        var writer = FrameWriter()
        writer.content(BasicPublish(exchange: "x"), .init(), body: [1], channel: 1, frameMax: 4096)
        #expect(rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now).hasMoreToDo)
        other.send(QueueDelete(queue: last))
        rig.step(.time)
        #expect(readyCount == Self.count - 1)
    }

    @Test("A transaction is committed when all queues have all of it")
    func transaction() throws {
        let (client, other) = try prepare()
        client.send(TxSelect())
        for _ in 0..<2 { client.publish("x", to: "", exchange: "x") }
        #expect(readyCount == 0)
        _ = client.take()
        var writer = FrameWriter()
        writer.method(TxCommit(), channel: 1)
        let seen = watch(&writer, from: client, beside: other)
        #expect(seen.count > 2 && seen == seen.sorted(), "\(seen)")
        #expect(client.take().map(\.method.id) == [TxCommitOk.id])
        #expect(readyCount == 2 * Self.count)
    }

    @Test("A dead letter goes there in the same way, and those behind it wait")
    func deadLetter() throws {
        let (client, other) = try prepare()
        client.send(QueueDeclare(queue: "source", arguments: ["x-dead-letter-exchange": "x"]))
        client.publish(["1", "2"], to: "source")
        for _ in 0..<2 { client.send(BasicGet(queue: "source")) }
        _ = client.take()
        var writer = FrameWriter()
        writer.method(BasicNack(deliveryTag: 2, multiple: true, requeue: false), channel: 1)
        let seen = watch(&writer, from: client, beside: other)
        #expect(seen.count > 2 && seen == seen.sorted(), "\(seen)")
        #expect(readyCount == 2 * Self.count)
        client.send(BasicConsume(queue: last))
        #expect(client.takeBodies() == ["1", "2"])
    }
}
