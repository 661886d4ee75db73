import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// What expires or is too much goes little by little when it is much, and nobody sees it any more.
@Suite("What a queue is to drop", .ownThread)
struct ArrearsTests {
    private let rig = Rig { $0.work.turn = 400 }
    private static let dies: FieldTable = ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"]

    /// A queue with many messages that expire in a second, and one behind them that does in two.
    private func prepare(_ client: RigClient, kind: String, _ count: Int = 500) {
        client.send(QueueDeclare(queue: "dead"))
        let durable = kind == "quorum"
        client.send(
            QueueDeclare(queue: "q", durable: durable, arguments: Self.dies.with("x-queue-type", .string(kind))))
        client.publish((0..<count).map { "\($0)" }, to: "q", properties: BasicProperties(expiration: "1000"))
        client.publish("live", to: "q", properties: BasicProperties(expiration: "2000"))
        _ = client.take()
    }

    private func counts() -> [String: Int] {
        Dictionary(uniqueKeysWithValues: rig.core.listQueues().map { ($0.name, $0.readyCount) })
    }

    @Test(
        "A queue's messages expire together: others are served meanwhile, who see none of them",
        arguments: ["classic", "quorum"])
    func expiry(kind: String) throws {
        let (client, other) = (try rig.open(), try rig.open())
        prepare(client, kind: kind)
        rig.pass(1000)
        #expect(rig.core.step(.time, now: rig.now).hasMoreToDo)
        let dead = counts()["dead"] ?? 0
        #expect(dead > 0 && dead < 250 && counts()["q"] == 1, "\(counts())")
        // Somebody who asks for something else is answered at once.
        var writer = FrameWriter()
        writer.method(QueueDeclare(queue: "other"), channel: 1)
        let effects = rig.core.step(.received(writer.take().span.bytes, from: other.id), now: rig.now)
        #expect(effects.writes.map(\.connection) == [other.id] && effects.hasMoreToDo)
        // Who asks for the queue waits.
        writer.method(QueueDeclare(queue: "q", passive: true), channel: 1)
        writer.method(BasicGet(queue: "q"), channel: 1)
        let third = rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now)
        for write in third.writes { write.withOctets { client.receive($0) } }
        #expect(third.hasMoreToDo)
        rig.step(.time)
        #expect(
            client.take().map(\.method) == [
                .queueDeclareOk(QueueDeclareOk(queue: "q", messageCount: 1, consumerCount: 0)),
                .basicGetOk(BasicGetOk(deliveryTag: 1, exchange: "", routingKey: "q", messageCount: 0)),
            ])
        #expect(counts() == ["dead": 500, "other": 0, "q": 0])
        client.send(BasicConsume(queue: "dead", noAck: true))
        rig.drain()
        #expect(client.takeBodies() == (0..<500).map { "\($0)" })
    }

    @Test(
        "A consumer that comes meanwhile gets none of them, and what lives after that",
        arguments: ["classic", "quorum"])
    func consumer(kind: String) throws {
        let client = try rig.open()
        prepare(client, kind: kind)
        rig.pass(1000)
        var writer = FrameWriter()
        writer.method(BasicConsume(queue: "q", consumerTag: "c"), channel: 1)
        writer.content(BasicPublish(routingKey: "q"), .init(), body: Array("last".utf8), channel: 1, frameMax: 4096)
        #expect(rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now).hasMoreToDo)
        rig.step(.time)
        #expect(client.takeBodies() == ["live", "last"])
    }

    @Test("A queue is purged and deleted without those that have expired", arguments: ["classic", "quorum"])
    func purge(kind: String) throws {
        for method in ["purge", "delete"] {
            let client = try rig.open()
            prepare(client, kind: kind)
            rig.pass(1000)
            if method == "purge" {
                client.send(QueuePurge(queue: "q"))
                #expect(client.take().map(\.method) == [.queuePurgeOk(QueuePurgeOk(messageCount: 1))])
            }
            client.send(QueueDelete(queue: "q", ifEmpty: method == "purge" && kind == "classic"))
            let count: UInt32 = method == "purge" ? 0 : 1
            #expect(client.take().map(\.method) == [.queueDeleteOk(QueueDeleteOk(messageCount: count))])
            client.send(QueuePurge(queue: "dead"))
            #expect(client.take().map(\.method) == [.queuePurgeOk(QueuePurgeOk(messageCount: 500))])
        }
    }

    @Test(
        "A large message takes the place of hundreds: they go little by little, in order",
        arguments: ["classic", "quorum"])
    func overflow(kind: String) throws {
        let (client, other) = (try rig.open(), try rig.open())
        client.send(QueueDeclare(queue: "dead"))
        let durable = kind == "quorum"
        var arguments = Self.dies
        arguments["x-queue-type"] = .string(kind)
        arguments["x-max-length-bytes"] = 20_000
        client.send(QueueDeclare(queue: "q", durable: durable, arguments: arguments))
        client.publish((0..<500).map { "\($0)" }, to: "q")
        _ = client.take()
        let large = String(repeating: ".", count: 19_998)
        var writer = FrameWriter()
        writer.content(
            BasicPublish(routingKey: "q"), .init(), body: Array(large.utf8), channel: 1, frameMax: 131_072)
        #expect(rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now).hasMoreToDo)
        #expect((counts()["dead"] ?? 0) < 250)
        writer.method(BasicConsume(queue: "q", consumerTag: "c", noAck: true), channel: 1)
        let effects = rig.core.step(.received(writer.take().span.bytes, from: other.id), now: rig.now)
        #expect(effects.hasMoreToDo)
        rig.step(.time)
        rig.drain()
        #expect(other.takeBodies() == [large])
        client.send(BasicConsume(queue: "dead", noAck: true))
        rig.drain()
        #expect(client.takeBodies() == (0..<500).map { "\($0)" })
    }

    @Test("What has failed too often when the broker starts again goes little by little, in order")
    func failures() throws {
        let broker = try StoreRig { $0.work.turn = 400 }
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "dead", durable: true))
        var arguments = Self.dies.with("x-queue-type", "quorum")
        arguments["x-delivery-limit"] = 0
        client.send(QueueDeclare(queue: "q", durable: true, arguments: arguments))
        client.publish((0..<500).map { "\($0)" }, to: "q")
        client.send(BasicQos(prefetchCount: 500))
        client.send(BasicConsume(queue: "q"))
        broker.rig.drain()
        broker.sync()
        try broker.crash()
        let (rig, queue) = (broker.rig, try #require(broker.rig.core.virtualHosts["/"]?.queue("q")))
        let dead = try #require(rig.core.virtualHosts["/"]?.queue("dead"))
        #expect(queue.counts.ready == 500)
        #expect(rig.core.step(.time, now: rig.now).hasMoreToDo)
        #expect(dead.counts.ready < 250 && queue.counts.ready == 0, "\(dead.counts) \(queue.counts)")
        // Most have their place in the queue still, although nobody sees them.
        #expect(rig.core.load.placeCount >= 300)
        let other = try rig.open()
        other.send(QueueDelete(queue: "q"))
        #expect(other.take().map(\.method) == [.queueDeleteOk(QueueDeleteOk(messageCount: 0))])
        other.send(BasicConsume(queue: "dead", noAck: true))
        rig.drain()
        #expect(other.takeBodies() == (0..<500).map { "\($0)" })
    }

    @Test("A queue that is too long does not grow while it is published to")
    func publishing() throws {
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q", arguments: ["x-max-length-bytes": 1000]))
        client.publish((0..<1000).map { _ in "." }, to: "q")
        let large = String(repeating: ".", count: 1000)
        var writer = FrameWriter()
        for body in [large] + Array(repeating: ".", count: 300) {
            writer.content(
                BasicPublish(routingKey: "q"), .init(), body: Array(body.utf8), channel: 1, frameMax: 131_072)
        }
        var effects = rig.core.step(.received(writer.take().span.bytes, from: client.id), now: rig.now)
        while effects.hasMoreToDo {
            #expect((counts()["q"] ?? 0) <= 1001)
            effects = rig.core.step(.time, now: rig.now)
        }
        #expect(counts()["q"] == 300)
    }

    @Test("The times of hundreds of queues come together, and others are served meanwhile")
    func timers() throws {
        let client = try rig.open()
        for number in 0..<300 {
            let name = ShortString(truncating: "q\(number)")
            client.send(QueueDeclare(queue: name, arguments: ["x-message-ttl": 1000]))
            client.publish("x", to: name)
        }
        rig.pass(1000)
        #expect(rig.core.step(.time, now: rig.now).hasMoreToDo)
        #expect((100..<300).contains(counts().values.reduce(0, +)))
        rig.step(.time)
        #expect(counts().values.reduce(0, +) == 0)
    }
}

extension Rig {
    /// Makes ready what a broker finds that starts again: so many messages of a quorum queue that failed too often.
    func failedTooOften(_ count: Int) throws -> () -> Void {
        let client = try open()
        client.send(QueueDeclare(queue: "q", durable: true, arguments: ["x-queue-type": "quorum"]))
        client.publish("x", to: "q")
        let queue = try #require(core.virtualHosts["/"]?.queue("q") as? QuorumQueue)
        let message = try #require(queue.latest(1).first)
        queue.restore(returned: [], overTheLimit: Array(repeating: message, count: count))
        queue.setTimer()
        return { [unowned self] in advance(by: 0) }
    }
}

extension FieldTable {
    fileprivate func with(_ name: ShortString, _ value: FieldValue) -> FieldTable {
        var table = self
        table[name] = value
        return table
    }
}
