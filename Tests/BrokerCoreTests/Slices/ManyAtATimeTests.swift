import AMQPWire
import DataStructures
import TestSupport
import Testing

@testable import BrokerCore

/// What one client has begun goes on beside what others have: none of it waits until another is over.
@Suite("Long work of many", .ownThread)
struct ManyAtATimeTests {
    private let rig = Rig { $0.work.turn = 1000 }

    private func counts(_ queue: String) -> Int { rig.core.listQueues().first { $0.name == queue }?.readyCount ?? 0 }

    /// Asks the core something small for a client, and lets nothing else happen. Returns what comes of it.
    private func ask(for client: RigClient) -> BrokerEffects {
        var writer = FrameWriter()
        writer.method(QueueDeclare(queue: "other"), channel: 1)
        let effects = rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now)
        #expect(effects.writes.contains { $0.connection == client.id })
        return effects
    }

    @Test("While a long stream is read, another client's purge comes to its end")
    func chores() throws {
        let (reader, other) = (try rig.open(), try rig.open())
        reader.send(QueueDeclare(queue: "stream", durable: true, arguments: ["x-queue-type": "stream"]))
        reader.publish(Array(repeating: "x", count: 20_000), to: "stream")
        reader.send(BasicQos(prefetchCount: 50_000))
        other.send(QueueDeclare(queue: "q"))
        other.publish(Array(repeating: "x", count: 2000), to: "q")
        _ = (reader.take(), other.take())
        let before = rig.core.load.placeCount
        var writer = FrameWriter()
        writer.method(
            BasicConsume(queue: "stream", consumerTag: "c", arguments: ["x-stream-offset": "first"]), channel: 1)
        _ = rig.core.step(.received(writer.take().span.bytes, from: reader.id), now: rig.now)
        writer.method(QueuePurge(queue: "q"), channel: 1)
        var effects = rig.core.step(.received(writer.take().span.bytes, from: other.id), now: rig.now)
        var steps = 0
        while rig.core.load.placeCount > before - 2000, effects.hasMoreToDo {
            effects = rig.core.step(.time, now: rig.now)
            steps += 1
        }
        #expect(effects.hasMoreToDo && steps < 8, "the stream is still being read, after \(steps) steps")
    }

    @Test("A long backlog is handed out little by little, in order", arguments: ["classic", "quorum"])
    func dispatch(kind: String) throws {
        let (client, other) = (try rig.open(), try rig.open())
        client.send(QueueDeclare(queue: "q", durable: true, arguments: ["x-queue-type": .string(kind)]))
        let bodies = (0..<12_000).map { "\($0)" }
        client.publish(bodies, to: "q")
        _ = client.take()
        var writer = FrameWriter()
        writer.method(BasicConsume(queue: "q", consumerTag: "c", noAck: true), channel: 1)
        var effects = rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now)
        var seen = [counts("q")]
        // What comes meanwhile comes behind them.
        writer.content(BasicPublish(routingKey: "q"), .init(), body: Array("last".utf8), channel: 1, frameMax: 4096)
        let last = writer.take()
        while effects.hasMoreToDo {
            for write in effects.writes where write.connection == client.id {
                write.withOctets { client.receive($0) }
            }
            effects =
                seen.count == 2
                ? rig.core.step(.received(last.span.bytes, from: client.id), now: rig.now) : ask(for: other)
            seen.append(counts("q"))
        }
        for write in effects.writes where write.connection == client.id { write.withOctets { client.receive($0) } }
        #expect(seen.count > 3 && seen[0] >= 8000, "\(seen)")
        #expect(client.takeBodies() == bodies + ["last"])
    }

    @Test(
        "Thousands of consumers without room are passed little by little, and the message reaches the one that has some"
    )
    func crowd() throws {
        let (client, other) = (try rig.open(), try rig.open())
        other.send(QueueDeclare(queue: "q"))
        client.send(BasicQos(prefetchCount: 1, global: true))
        for number in 0..<10_000 {
            client.send(BasicConsume(queue: "q", consumerTag: ShortString(truncating: "c\(number)")))
        }
        other.send(BasicConsume(queue: "q", consumerTag: "late"))
        client.publish("1", to: "q")
        var writer = FrameWriter()
        writer.content(BasicPublish(routingKey: "q"), .init(), body: Array("2".utf8), channel: 1, frameMax: 4096)
        let octets = writer.take()
        var effects = BrokerEffects()
        let steps = Steps.counted {
            effects = rig.core.step(.received(octets.span.bytes, from: other.id), now: rig.now)
        }
        #expect(effects.hasMoreToDo && steps < 15_000, "\(steps)")
        rig.step(.time)
        #expect(client.takeBodies() == ["1"] && other.takeBodies() == ["2"])
    }

    @Test("Messages with large headers are read from a stream little by little")
    func headers() throws {
        let client = try rig.open()
        client.send(QueueDeclare(queue: "stream", durable: true, arguments: ["x-queue-type": "stream"]))
        let properties = BasicProperties(headers: ["h": .string(String(repeating: "x", count: 60_000))])
        for _ in 0..<12 { client.publish("x", to: "stream", properties: properties) }
        client.send(BasicQos(prefetchCount: 100))
        _ = client.take()
        var writer = FrameWriter()
        writer.method(BasicConsume(queue: "stream", arguments: ["x-stream-offset": "first"]), channel: 1)
        var effects = rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now)
        var seen: [Int] = []
        while true {
            for write in effects.writes { write.withOctets { client.receive($0) } }
            seen.append(client.takeBodies().count)
            guard effects.hasMoreToDo else { break }
            effects = rig.core.step(.time, now: rig.now)
        }
        #expect(seen.reduce(0, +) == 12 && seen.allSatisfy { $0 <= 4 }, "\(seen)")
    }

    @Test("A passive declare takes no longer where a queue has many consumers")
    func passiveDeclares() throws {
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        for number in 0..<1000 {
            client.send(BasicConsume(queue: "q", consumerTag: ShortString(truncating: "c\(number)")))
        }
        let steps = Steps.counted {
            for _ in 0..<1000 { client.send(QueueDeclare(queue: "q", passive: true)) }
        }
        #expect(steps < 10_000, "\(steps)")
    }

    @Test("A message with thousands of keys goes through many exchanges little by little, and what follows waits")
    func keys() throws {
        let (client, other) = (try rig.open(), try rig.open())
        client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        for number in 0..<100 {
            let name = ShortString(truncating: "x\(number)")
            client.send(ExchangeDeclare(exchange: name, type: "direct"))
            client.send(ExchangeBind(destination: name, source: "x"))
        }
        client.send(QueueDeclare(queue: "q"))
        client.send(QueueBind(queue: "q", exchange: "x0", routingKey: "k999"))
        client.send(ConfirmSelect())
        _ = client.take()
        let keys = (0..<1000).map { FieldValue.string("k\($0)") }
        var writer = FrameWriter()
        writer.content(
            BasicPublish(exchange: "x"), BasicProperties(headers: ["CC": .array(keys)]), body: [1], channel: 1,
            frameMax: 131_072)
        writer.method(QueueDeclare(queue: "q", passive: true), channel: 1)
        var effects = rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now)
        var turns = 0
        while effects.hasMoreToDo {
            for write in effects.writes where write.connection == client.id {
                write.withOctets { client.receive($0) }
            }
            effects = ask(for: other)
            turns += 1
        }
        for write in effects.writes where write.connection == client.id { write.withOctets { client.receive($0) } }
        #expect(turns > 3, "\(turns)")
        #expect(
            client.take().map(\.method).contains(
                .queueDeclareOk(QueueDeclareOk(queue: "q", messageCount: 1, consumerCount: 0))))
        #expect(counts("q") == 1)
    }

    @Test("What consumers have held for too long goes back little by little, and behind that they are told")
    func overdue() throws {
        let rig = Rig {
            $0.work.turn = 1000
            $0.dialect = .v4_3
            $0.consumerTimeout = 1000
        }
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q", durable: true, arguments: ["x-queue-type": "quorum"]))
        for tag in ["b", "a"] as [ShortString] { client.send(BasicConsume(queue: "q", consumerTag: tag)) }
        client.publish(Array(repeating: "x", count: 4000), to: "q")
        rig.drain()
        #expect(client.takeBodies().count == 4000)
        rig.pass(1000)
        var (effects, seen) = (rig.core.step(.time, now: rig.now), [Int]())
        while true {
            seen.append(rig.core.listQueues().map(\.readyCount).reduce(0, +))
            for write in effects.writes { write.withOctets { client.receive($0) } }
            guard effects.hasMoreToDo else { break }
            effects = rig.core.step(.time, now: rig.now)
        }
        #expect(seen[0] < 2000 && seen.last == 4000 && seen == seen.sorted(), "\(seen)")
        let told = ["a", "b"].map { Method.basicCancel(BasicCancel(consumerTag: $0, noWait: true)) }
        #expect(client.take().map(\.method) == told)
    }

    @Test("Very many that were held back go on little by little")
    func heldBack() throws {
        let clients = try (0..<1000).map { _ in try rig.open() }
        rig.step(.diskIsLow(true))
        for client in clients { client.publish("x", to: "nowhere") }
        #expect(!clients.contains { rig.isRead($0) })
        var effects = rig.core.step(.diskIsLow(false), now: rig.now)
        #expect(effects.readingChanges.count < 1000)
        var goOn: Set<ConnectionID> = []
        while true {
            for change in effects.readingChanges where change.isReading { goOn.insert(change.connection) }
            guard effects.hasMoreToDo else { break }
            effects = rig.core.step(.time, now: rig.now)
        }
        #expect(goOn.count == 1000)
    }
}
