import AMQPWire
import DataStructures
import TestSupport
import Testing

@testable import BrokerCore

/// One client's heavy work is not everybody's wait: it is done in turns, and nothing of it is lost.
@Suite("Turns", .ownThread)
struct TurnTests {
    private let rig = Rig { $0.work.turn = 1000 }

    /// A client that publishes so often to so many queues that it takes many turns: its octets, not sent yet.
    private func heavy(publishes: Int) throws -> (RigClient, [UInt8]) {
        let client = try rig.open()
        client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        for number in 0..<200 {
            let name = ShortString(truncating: "q\(number)")
            client.send(QueueDeclare(queue: name))
            client.send(QueueBind(queue: name, exchange: "x"))
        }
        _ = client.take()
        var writer = FrameWriter()
        for _ in 0..<publishes {
            writer.content(BasicPublish(exchange: "x"), BasicProperties(), body: [1], channel: 1, frameMax: 4096)
        }
        return (client, writer.take())
    }

    private var readyCount: Int { rig.core.listQueues().reduce(0) { $0 + $1.readyCount } }

    @Test("Another client is answered in the middle of it")
    func between() throws {
        let (client, octets) = try heavy(publishes: 200)
        let other = try rig.open()
        _ = rig.takeReadingChanges()
        let first = rig.core.step(.received(octets.span.bytes, from: client.id), now: rig.now)
        #expect(first.hasMoreToDo)
        // Nothing more is read from it until that is done.
        #expect(first.readingChanges.map(\.isReading) == [false])
        let before = readyCount
        #expect(before > 0 && before < 200 * 200)
        var writer = FrameWriter()
        writer.method(QueueDeclare(queue: "other"), channel: 1)
        let second = rig.core.step(.received(writer.take().span.bytes, from: other.id), now: rig.now)
        #expect(second.writes.map(\.connection) == [other.id])
        #expect(readyCount < 200 * 200)
        rig.step(.time)
        #expect(readyCount == 200 * 200)
        #expect(rig.takeReadingChanges().map(\.isReading) == [true])
    }

    @Test("What was sent before the stream ended is done to its end")
    func endOfStream() throws {
        let (client, octets) = try heavy(publishes: 100)
        _ = rig.core.step(.received(octets.span.bytes, from: client.id), now: rig.now)
        client.disconnect()
        #expect(readyCount == 100 * 200)
        #expect(rig.core.listConnections().isEmpty)
    }

    @Test("Two heavy clients take turns")
    func fairness() throws {
        let (one, octets) = try heavy(publishes: 200)
        let two = try rig.open()
        two.send(QueueDeclare(queue: "two"))
        var writer = FrameWriter()
        for _ in 0..<2000 {
            writer.content(BasicPublish(routingKey: "two"), BasicProperties(), body: [2], channel: 1, frameMax: 4096)
        }
        _ = rig.core.step(.received(octets.span.bytes, from: one.id), now: rig.now)
        var effects = rig.core.step(.received(writer.take().span.bytes, from: two.id), now: rig.now)
        var counts: [Int] = []
        while effects.hasMoreToDo {
            counts.append(rig.core.listQueues().first { $0.name == "two" }?.readyCount ?? 0)
            effects = rig.core.step(.time, now: rig.now)
        }
        // The second is through long before the first.
        let done = try #require(counts.firstIndex(of: 2000))
        #expect(done < counts.count / 2, "\(counts)")
        #expect(readyCount == 200 * 200 + 2000)
    }

    /// Asks the core something small for a client, and lets nothing else happen. Returns what comes of it.
    private func ask(for client: RigClient) -> BrokerEffects {
        var writer = FrameWriter()
        writer.method(QueueDeclare(queue: "other", passive: true), channel: 1)
        return rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now)
    }

    @Test(
        "A connection's exclusive queues go little by little, and are gone when it hears of its end",
        arguments: [true, false])
    func exclusiveQueues(isClosed: Bool) throws {
        let (client, other) = (try rig.open(), try rig.open())
        other.send(QueueDeclare(queue: "other"))
        client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        for number in 0..<2000 {
            let name = ShortString(truncating: "q\(number)")
            client.send(QueueDeclare(queue: name, exclusive: true))
            client.send(QueueBind(queue: name, exchange: "x"))
        }
        let before = rig.core.memoryInUse
        var effects: BrokerEffects
        if isClosed {
            var writer = FrameWriter()
            writer.method(ConnectionClose(replyCode: .replySuccess), channel: 0)
            effects = rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now)
        } else {
            effects = rig.core.step(.disconnected(client.id), now: rig.now)
        }
        var (counts, hasHeard) = ([rig.core.listQueues().count], false)
        while effects.hasMoreToDo {
            effects = ask(for: other)
            #expect(effects.writes.contains { $0.connection == other.id })
            counts.append(rig.core.listQueues().count)
            if effects.writes.contains(where: { $0.connection == client.id && $0.isLast }) {
                hasHeard = true
                #expect(counts.last == 1)
            }
        }
        #expect(counts.count > 3 && counts == counts.sorted().reversed(), "\(counts)")
        #expect(hasHeard == isClosed)
        #expect(rig.core.listQueues().map(\.name) == ["other"])
        #expect(rig.core.memoryInUse < before - 2000 * Load.ofQueue)
    }

    @Test(
        "A message that is compared with many bindings counts for as much", arguments: ["headers", "x-consistent-hash"])
    func routing(_ type: ShortString) throws {
        let (client, other) = (try rig.open(), try rig.open())
        other.send(QueueDeclare(queue: "other"))
        client.send(ExchangeDeclare(exchange: "x", type: type))
        for number in 0..<2000 {
            let name = ShortString(truncating: "q\(number)")
            client.send(QueueDeclare(queue: name))
            client.send(QueueBind(queue: name, exchange: "x", routingKey: "1", arguments: ["n": .int32(Int32(number))]))
        }
        var writer = FrameWriter()
        for _ in 0..<1000 {
            writer.content(BasicPublish(exchange: "x"), BasicProperties(), body: [1], channel: 1, frameMax: 4096)
        }
        let octets = writer.take()
        var effects = BrokerEffects()
        let steps = Steps.counted {
            effects = rig.core.step(.received(octets.span.bytes, from: client.id), now: rig.now)
        }
        #expect(effects.hasMoreToDo && steps < 100_000, "\(steps) of 2,000,000")
        #expect(ask(for: other).writes.map(\.connection) == [other.id])
    }

    @Test("However many copies a message asks for, headers are compared once")
    func copies() throws {
        let client = try rig.open()
        client.send(ExchangeDeclare(exchange: "x", type: "headers"))
        client.send(QueueDeclare(queue: "q"))
        for number in 0..<1000 {
            client.send(QueueBind(queue: "q", exchange: "x", arguments: ["n": .int32(Int32(number))]))
        }
        let keys = (0..<100).map { FieldValue.string("\($0)") }
        let steps = Steps.counted {
            client.publish(
                "x", to: "", exchange: "x", properties: BasicProperties(headers: ["CC": .array(keys), "n": 1]))
        }
        #expect(steps < 5000, "\(steps)")
        #expect(rig.core.listQueues().map(\.readyCount) == [1])
    }

    @Test("A message whose way is so long that others publish meanwhile comes to each queue once")
    func longWay() throws {
        let (client, other) = (try rig.open(), try rig.open())
        client.send(QueueDeclare(queue: "q"))
        client.send(ExchangeDeclare(exchange: "x", type: "topic"))
        client.send(ExchangeDeclare(exchange: "y", type: "topic"))
        client.send(QueueBind(queue: "q", exchange: "x", routingKey: "#"))
        client.send(ExchangeBind(destination: "y", source: "x", routingKey: "#"))
        client.send(ExchangeBind(destination: "x", source: "y", routingKey: "#"))
        var writer = FrameWriter()
        let keys = (0..<10_000).map { FieldValue.string("\($0)") }
        writer.content(
            BasicPublish(exchange: "x"), BasicProperties(headers: ["CC": .array(keys)]), body: [1], channel: 1,
            frameMax: 4096)
        var effects = rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now)
        writer.content(BasicPublish(exchange: "x"), BasicProperties(), body: [2], channel: 1, frameMax: 4096)
        let small = writer.take()
        var others = 0
        while effects.hasMoreToDo, others < 1000 {
            others += 1
            effects = rig.core.step(.received(small.span.bytes, from: other.id), now: rig.now)
        }
        #expect((5..<1000).contains(others) && readyCount == others + 1, "\(readyCount) beside \(others) others")
    }

    @Test("An acknowledgement of many is carried out in order, little by little, and what follows waits for it")
    func multipleAck() throws {
        let (client, other) = (try rig.open(), try rig.open())
        other.send(QueueDeclare(queue: "other"))
        client.send(QueueDeclare(queue: "dead"))
        client.send(
            QueueDeclare(
                queue: "q", arguments: ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"]))
        client.publish((0..<5000).map { "\($0)" }, to: "q")
        client.send(BasicConsume(queue: "q"))
        rig.drain()
        client.send(QueueDeclare(queue: "late"))
        client.publish("late", to: "q")
        _ = client.take()
        var writer = FrameWriter()
        writer.method(BasicNack(deliveryTag: 5000, multiple: true, requeue: false), channel: 1)
        writer.method(BasicQos(prefetchCount: 1), channel: 1)
        var effects = rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now)
        var (turns, hasHeard) = (0, false)
        while effects.hasMoreToDo {
            turns += 1
            effects = ask(for: other)
            #expect(effects.writes.contains { $0.connection == other.id })
            guard effects.writes.contains(where: { $0.connection == client.id }) else { continue }
            hasHeard = true
            #expect(rig.core.listQueues().map(\.unacknowledgedCount).reduce(0, +) == 1)
        }
        #expect(turns > 3 && hasHeard)
        // The one behind them is not settled.
        #expect(rig.core.listQueues().map(\.unacknowledgedCount) == [0, 0, 0, 1])
        other.send(BasicConsume(queue: "dead", noAck: true))
        rig.drain()
        #expect(other.takeBodies() == (0..<5000).map { "\($0)" })
    }

    @Test("A stream that ends in the middle of an acknowledgement: what was sent counts, and no more comes back")
    func ackAndEnd() throws {
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        client.publish((0..<5000).map { "\($0)" }, to: "q")
        client.send(BasicConsume(queue: "q"))
        rig.drain()
        var writer = FrameWriter()
        writer.method(BasicAck(deliveryTag: 3750, multiple: true), channel: 1)
        let effects = rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now)
        #expect(effects.hasMoreToDo)
        client.disconnect()
        #expect(rig.core.listQueues().map(\.readyCount) == [1250])
        #expect(rig.core.listQueues().map(\.unacknowledgedCount) == [0])
    }

    @Test("A long list is put together little by little, without what has gone meanwhile")
    func snapshot() throws {
        let client = try rig.open()
        for number in 0..<1000 { client.send(QueueDeclare(queue: ShortString(truncating: "q\(number)"))) }
        let snapshot = rig.core.beginSnapshot(of: [.queues])
        #expect(snapshot.takeSlice())
        for number in 1..<1000 { client.send(QueueDelete(queue: ShortString(truncating: "q\(number)"))) }
        var count = 1
        while snapshot.takeSlice() { count += 1 }
        let names = snapshot.taken.sorted.queues.map(\.name)
        #expect(count >= 3 && names == names.sorted())
        #expect(
            SnapshotInSlices.slice...(SnapshotInSlices.slice + 1) ~= names.count && names.first == "q0"
                || names.count < 1000)
    }

    @Test("A deleted queue's timer lets go of it")
    func timers() throws {
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q", arguments: ["x-expires": .int64(315_360_000_000)]))
        weak let queue = rig.core.virtualHosts["/"]?.queue("q")
        #expect(queue != nil)
        client.send(QueueDelete(queue: "q"))
        client.send(ChannelClose(replyCode: .replySuccess))
        #expect(queue == nil)
    }

    @Test("Consumers come and go by the thousand, and the rest are served in turn")
    func consumers() throws {
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        for number in 0..<1000 {
            let tag = ShortString(truncating: "\(number)")
            client.send(
                BasicConsume(
                    queue: "q", consumerTag: tag, noAck: true, arguments: ["x-priority": .int32(Int32(number % 7))]))
            if number % 100 != 6 { client.send(BasicCancel(consumerTag: tag)) }
        }
        _ = client.take()
        for _ in 0..<4 { client.publish("x", to: "q") }
        let tags = client.take().compactMap { received -> ShortString? in
            if case .basicDeliver(let deliver) = received.method { deliver.consumerTag } else { nil }
        }
        // 6, 706: priority 6; then 106 and 206, of 1 and 3, get nothing as long as those have room.
        #expect(tags == ["6", "706", "6", "706"])
    }
}
