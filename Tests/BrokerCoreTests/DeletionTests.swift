import AMQPWire
import DataStructures
import TestSupport
import Testing

@testable import BrokerCore

/// What is deleted is gone at once for everybody, however long it takes to take it apart.
@Suite("Deletion", .ownThread)
struct DeletionTests {
    private let rig = Rig()

    /// Hands the clients what came of a step.
    private func carryOut(_ effects: BrokerEffects, _ clients: [RigClient]) {
        for write in effects.writes {
            for client in clients where client.id == write.connection { write.withOctets { client.receive($0) } }
        }
    }

    /// Has a client's frames handled, and all that is left of what others began, while `other` publishes what must come
    /// back to it each time. Returns how often that was.
    private func deletes(
        _ client: RigClient, _ method: some MethodFields, beside other: RigClient, exchange: ShortString
    ) -> Int {
        var writer = FrameWriter()
        writer.method(method, channel: 1)
        var effects = rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now)
        var turns = 0
        while effects.hasMoreToDo {
            turns += 1
            writer.content(
                BasicPublish(exchange: exchange, mandatory: true), BasicProperties(), body: [1], channel: 1,
                frameMax: 4096)
            carryOut(effects, [client, other])
            effects = rig.core.step(.received(writer.take().span.bytes, from: other.id), now: rig.now)
        }
        carryOut(effects, [client, other])
        return turns
    }

    @Test(
        "A deleted queue gets nothing more; its bindings go little by little, then it is answered, then consumers are told"
    )
    func deletedQueue() throws {
        let (client, other) = (try rig.open(), try rig.open())
        client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        let before = rig.core.memoryInUse
        client.send(ExchangeDeclare(exchange: "held", type: "fanout", autoDelete: true))
        client.send(QueueDeclare(queue: "q"))
        for number in 0..<5000 {
            let key = ShortString(truncating: "\(number)")
            client.send(QueueBind(queue: "q", exchange: number % 2 == 0 ? "x" : "held", routingKey: key))
        }
        for number in 0..<1000 {
            client.send(BasicConsume(queue: "q", consumerTag: ShortString(truncating: "\(number)")))
        }
        _ = (client.take(), other.take())
        let turns = deletes(client, QueueDelete(queue: "q"), beside: other, exchange: "x")
        let returned = other.take().filter { $0.body != nil }.count
        #expect(turns >= 4 && returned == turns, "\(returned) of \(turns)")
        // An exchange that goes with its last binding is not there any more from the first moment on.
        #expect(rig.core.memoryInUse <= before)
        let heard = client.take().map(\.method.id)
        #expect(heard == [QueueDeleteOk.id] + Array(repeating: BasicCancel.id, count: 1000))
    }

    @Test("A deleted exchange hands on nothing more, and may be declared again while its bindings go")
    func deletedExchange() throws {
        let (client, other) = (try rig.open(), try rig.open())
        for name: ShortString in ["up", "x"] { client.send(ExchangeDeclare(exchange: name, type: "fanout")) }
        let before = rig.core.memoryInUse
        client.send(ExchangeBind(destination: "x", source: "up"))
        client.send(QueueDeclare(queue: "q"))
        for number in 0..<5000 {
            client.send(QueueBind(queue: "q", exchange: "x", routingKey: ShortString(truncating: "\(number)")))
        }
        _ = (client.take(), other.take())
        var writer = FrameWriter()
        writer.method(ExchangeDelete(exchange: "x"), channel: 1)
        var effects = rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now)
        writer.method(ExchangeDeclare(exchange: "x", type: "fanout"), channel: 1)
        writer.method(QueueBind(queue: "q", exchange: "x"), channel: 1)
        writer.method(ExchangeBind(destination: "x", source: "up", routingKey: "again"), channel: 1)
        effects = rig.core.step(.received(writer.take().span.bytes, from: other.id), now: rig.now)
        #expect(effects.hasMoreToDo && !effects.writes.contains { $0.connection == client.id })
        other.publish("one", to: "", exchange: "up")
        #expect(client.take().map(\.method.id) == [ExchangeDeleteOk.id])
        #expect(rig.core.listQueues().map(\.readyCount) == [1])
        client.send(QueueDelete(queue: "q"))
        client.send(ExchangeDelete(exchange: "x"))
        client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        // The last route is remembered, with the queue that it led to.
        other.publish("", to: "nowhere")
        #expect(rig.core.memoryInUse == before)
    }

    @Test("A long row of auto-delete exchanges goes little by little, and who declares one of its names waits")
    func row() throws {
        let rig = Rig { $0.work.turn = 1000 }
        let (client, other) = (try rig.open(), try rig.open())
        let before = rig.core.memoryInUse
        client.send(QueueDeclare(queue: "q"))
        client.declareRow(5000)
        _ = client.take()
        var (writer, effects) = (FrameWriter(), BrokerEffects())
        writer.method(QueueDelete(queue: "q"), channel: 1)
        let deletion = writer.take()
        let steps = Steps.counted {
            effects = rig.core.step(.received(deletion.span.bytes, from: client.id), now: rig.now)
        }
        #expect(effects.hasMoreToDo && steps < 6000, "\(steps)")
        let names = rig.core.listExchanges().map(\.name)
        #expect(names.contains("x4999") && !names.contains("x0"))
        writer.method(ExchangeDeclare(exchange: "y", type: "direct"), channel: 1)
        effects = rig.core.step(.received(writer.take().span.bytes, from: other.id), now: rig.now)
        #expect(effects.hasMoreToDo && effects.writes.contains { $0.connection == other.id })
        carryOut(effects, [client, other])
        #expect(other.take().map(\.method.id) == [ExchangeDeclareOk.id])
        writer.method(ExchangeDeclare(exchange: "x0", type: "topic"), channel: 1)
        effects = rig.core.step(.received(writer.take().span.bytes, from: other.id), now: rig.now)
        #expect(!effects.writes.contains { $0.connection == other.id })
        while effects.hasMoreToDo {
            carryOut(effects, [client, other])
            effects = rig.core.step(.time, now: rig.now)
        }
        carryOut(effects, [client, other])
        #expect(client.take().map(\.method.id) == [QueueDeleteOk.id])
        #expect(other.take().map(\.method.id) == [ExchangeDeclareOk.id])
        #expect(rig.core.listExchanges().filter { $0.name.hasPrefix("x") }.map(\.type) == ["topic"])
        #expect(rig.core.virtualHosts["/"]?.leavingExchanges.capacity == 0)
        for name in ["x0", "y"] as [ShortString] { other.send(ExchangeDelete(exchange: name)) }
        #expect(rig.core.memoryInUse <= before)
    }

    @Test("A channel takes its auto-delete queues along little by little, with their bindings and messages")
    func autoDeleteQueues() throws {
        let rig = Rig { $0.work.turn = 1000 }
        let client = try rig.open()
        client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        client.send(BasicQos(prefetchCount: 1))
        for number in 0..<200 {
            let name = ShortString(truncating: "\(number)")
            client.send(QueueDeclare(queue: name, autoDelete: true))
            for key in 0..<10 {
                client.send(QueueBind(queue: name, exchange: "x", routingKey: ShortString(truncating: "\(key)")))
            }
            client.send(BasicConsume(queue: name, consumerTag: name))
        }
        for _ in 0..<20 { client.publish("x", to: "", exchange: "x") }
        _ = client.take()
        var writer = FrameWriter()
        writer.method(ChannelClose(replyCode: .replySuccess), channel: 1)
        var effects = rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now)
        var counts = [200, rig.core.listQueues().count]
        while effects.hasMoreToDo {
            #expect(!effects.writes.contains { $0.connection == client.id } || counts.last == 0)
            effects = rig.core.step(.time, now: rig.now)
            counts.append(rig.core.listQueues().count)
        }
        #expect(counts.last == 0)
        #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 - $1 <= 20 }, "\(counts)")
    }
}

extension RigClient {
    /// Exchanges that each lead to the one before, and the first to the queue `q`.
    func declareRow(_ count: Int, durable: Bool = false) {
        for number in 0..<count {
            let name = ShortString(truncating: "x\(number)")
            send(ExchangeDeclare(exchange: name, type: "fanout", durable: durable, autoDelete: true))
            if number > 0 {
                send(ExchangeBind(destination: ShortString(truncating: "x\(number - 1)"), source: name))
            } else {
                send(QueueBind(queue: "q", exchange: name))
            }
        }
    }
}
