import AMQPWire
import Testing

@testable import BrokerCore

/// What a kill leaves in the middle of what takes several steps.
@Suite("A kill in the middle of long work") struct KillTests {
    private static let persistent = StoreTests.persistent

    /// Sends a client's methods, and lets the broker go on a step at a time, each batch on disk before the next step. `look`
    /// gets what a kill would leave after each, and, with `isTorn`, after each octet of it.
    private func watch(
        _ broker: StoreRig, _ client: RigClient?, isTorn: Bool = false, at now: Int64? = nil,
        _ methods: (inout FrameWriter) -> Void = { _ in }, look: (StoreRig) throws -> Void
    ) throws -> Int {
        let now = now ?? broker.rig.now
        var writer = FrameWriter()
        methods(&writer)
        var effects =
            if let client {
                broker.rig.core.step(.received(writer.take().span.bytes, from: client.id), now: now)
            } else {
                broker.rig.core.step(.time, now: now)
            }
        var batches = 0
        while true {
            if let batch = effects.batch {
                batches += 1
                let before = FakeStore(broker.store)
                broker.store.carryOut(batch)
                for kept in stride(from: 0, to: batch.octets.count, by: 1) where isTorn && !batch.beginsSegment {
                    let torn = FakeStore(broker.store)
                    torn.mark = before.mark
                    torn.cut(torn.newest, to: batch.offset + kept)
                    try look(try StoreRig(on: torn, now: now))
                }
                try look(try StoreRig(on: FakeStore(broker.store), now: now))
                effects = broker.rig.core.step(.stored(batch: batch.number), now: now)
            } else if effects.hasMoreToDo {
                effects = broker.rig.core.step(.time, now: now)
            } else {
                return batches
            }
        }
    }

    private func count(_ queue: ShortString, _ broker: StoreRig) -> Int {
        broker.rig.core.virtualHosts["/"]?.queue(queue)?.counts.ready ?? 0
    }

    private static let deaths = ["rejected", "expired", "dropped", "refused often", "rejected by a deleted queue"]

    @Test("A letter that waits for its turn is in its own queue or in the next, whatever it died of", arguments: deaths)
    func letters(_ death: String) throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "dead", durable: true))
        var arguments: FieldTable = ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"]
        switch death {
        case "expired": arguments["x-message-ttl"] = 1000
        case "dropped": arguments["x-max-length-bytes"] = 8
        case "refused often":
            arguments["x-queue-type"] = "quorum"
            arguments["x-delivery-limit"] = 0
        default: break
        }
        client.send(QueueDeclare(queue: "q", durable: true, arguments: arguments))
        // Each takes a turn to be published again: its headers are large.
        let properties = BasicProperties(
            headers: ["h": .string(String(repeating: ".", count: 60_000))], deliveryMode: 2)
        for _ in 0..<8 { client.publish(".", to: "q", properties: properties) }
        if death != "expired", death != "dropped" { for _ in 0..<8 { client.send(BasicGet(queue: "q")) } }
        broker.sync()
        let requeue = death == "refused often"
        let batches = try watch(
            broker, death == "expired" ? nil : client, at: broker.rig.now + (death == "expired" ? 1000 : 0)
        ) { writer in
            if death == "dropped" {
                writer.content(
                    BasicPublish(routingKey: "q"), Self.persistent, body: Array(repeating: 0, count: 8),
                    channel: 1, frameMax: 131_072)
            } else if death != "expired" {
                writer.method(BasicNack(deliveryTag: 8, multiple: true, requeue: requeue), channel: 1)
                if death == "rejected by a deleted queue" { writer.method(QueueDelete(queue: "q"), channel: 1) }
            }
        } look: { found in
            #expect(count("q", found) + count("dead", found) >= 8)
        }
        #expect(batches > 1)
        try broker.crash()
        let isDeleted = death == "rejected by a deleted queue"
        #expect(count("dead", broker) == 8 && count("q", broker) == (death == "dropped" ? 1 : 0))
        #expect((broker.rig.core.virtualHosts["/"]?.queue("q") == nil) == isDeleted)
    }

    @Test("No auto-delete exchange outlives the last of its bindings", arguments: [3, 2000])
    func autoDelete(_ bindings: Int) throws {
        for deleted in ["a queue", "an exchange", "a binding"] {
            let broker = try StoreRig()
            let client = try broker.rig.open()
            client.send(QueueDeclare(queue: "q", durable: true))
            client.send(QueueDeclare(queue: "transient"))
            for name in ["up", "x", "held"] as [ShortString] {
                client.send(ExchangeDeclare(exchange: name, type: "direct", durable: true, autoDelete: true))
            }
            client.send(ExchangeDeclare(exchange: "plain", type: "direct", durable: true))
            let (end, isQueue) = (deleted == "an exchange" ? "plain" : "q" as ShortString, deleted != "an exchange")
            for number in 0..<(deleted == "a binding" ? 1 : bindings) {
                let key = ShortString(truncating: "\(number)")
                if isQueue {
                    client.send(QueueBind(queue: end, exchange: "x", routingKey: key))
                } else {
                    client.send(ExchangeBind(destination: end, source: "x", routingKey: key))
                }
            }
            for number in 0..<bindings {
                client.send(
                    ExchangeBind(destination: "x", source: "up", routingKey: ShortString(truncating: "\(number)")))
            }
            // It has a binding left that a restart forgets.
            client.send(QueueBind(queue: "q", exchange: "held", routingKey: "1"))
            client.send(QueueBind(queue: "transient", exchange: "held", routingKey: "2"))
            broker.sync()
            let batches = try watch(broker, client, isTorn: bindings < 10) { writer in
                switch deleted {
                case "a queue": writer.method(QueueDelete(queue: "q"), channel: 1)
                case "an exchange": writer.method(ExchangeDelete(exchange: "plain"), channel: 1)
                default: writer.method(QueueUnbind(queue: "q", exchange: "x", routingKey: "0"), channel: 1)
                }
            } look: { found in
                let host = try #require(found.rig.core.virtualHosts["/"])
                for name in ["up", "x"] as [ShortString] {
                    #expect(host.exchange(name)?.bindingCount != 0, "\(name), when \(deleted) was deleted")
                }
                #expect(host.exchange("held") != nil)
            }
            #expect(batches > 0)
            try broker.crash()
            let host = try #require(broker.rig.core.virtualHosts["/"])
            #expect(host.exchange("x") == nil && host.exchange("up") == nil)
        }
    }

    @Test("A long row of auto-delete exchanges goes with its queue, from its far end on")
    func autoDeleteRow() throws {
        let broker = try StoreRig { $0.work.turn = 1000 }
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "q", durable: true))
        client.declareRow(3000, durable: true)
        broker.sync()
        var counts: [Int] = []
        _ = try watch(broker, client) { writer in
            writer.method(QueueDelete(queue: "q"), channel: 1)
        } look: { found in
            let host = try #require(found.rig.core.virtualHosts["/"])
            let row = host.exchanges.values.filter(\.declaration.autoDelete)
            #expect(row.allSatisfy { $0.bindingCount == 1 })
            #expect(row.isEmpty || host.queue("q") != nil)
            counts.append(row.count)
        }
        #expect(counts.count > 1 && counts == counts.sorted().reversed(), "\(counts)")
        try broker.crash()
        let host = try #require(broker.rig.core.virtualHosts["/"])
        #expect(host.queue("q") == nil && !host.exchanges.values.contains { $0.declaration.autoDelete })
    }

    @Test("A message on its way into thousands of queues: what is acknowledged meanwhile does not come back")
    func manyQueues() throws {
        let broker = try StoreRig()
        let (client, other) = (try broker.rig.open(), try broker.rig.open())
        client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        for number in 0..<12_000 {
            let name = ShortString(truncating: "q\(number)")
            client.send(QueueDeclare(queue: name, durable: true, noWait: true))
            client.send(QueueBind(queue: name, exchange: "x", noWait: true))
        }
        client.send(ConfirmSelect())
        client.send(QueueDeclare(queue: "other", durable: true))
        broker.sync()
        var writer = FrameWriter()
        writer.content(BasicPublish(exchange: "x"), Self.persistent, body: [1], channel: 1, frameMax: 4096)
        let now = broker.rig.now
        let first = broker.rig.core.step(.received(writer.take().span.bytes, from: client.id), now: now)
        #expect(first.hasMoreToDo && first.batch == nil)
        // One copy is fetched, one goes with its queue, and another message is written in between.
        writer.method(BasicGet(queue: "q0", noAck: true), channel: 1)
        writer.method(QueueDelete(queue: "q1"), channel: 1)
        writer.content(BasicPublish(routingKey: "other"), Self.persistent, body: [2], channel: 1, frameMax: 4096)
        let second = broker.rig.core.step(.received(writer.take().span.bytes, from: other.id), now: now)
        let batch = try #require(second.batch)
        broker.store.carryOut(batch)
        #expect(second.hasMoreToDo)
        broker.rig.step(.stored(batch: batch.number))
        #expect(!client.take().contains { $0.method.id == BasicAck.id })
        broker.sync()
        #expect(client.take().map(\.method) == [.basicAck(BasicAck(deliveryTag: 1))])
        try broker.crash()
        let queues = broker.rig.core.listQueues()
        #expect(queues.count == 12_000 && queues.filter { $0.readyCount == 1 }.count == 11_999)
        #expect(queues.filter { $0.readyCount == 0 }.map(\.name) == ["q0"])
    }

    @Test("What was over when the broker started takes no room", arguments: ["classic", "quorum"])
    func overAtTheStart(kind: String) throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.send(
            QueueDeclare(
                queue: "dead", durable: true,
                arguments: ["x-queue-type": .string(kind), "x-max-length": 1, "x-overflow": "reject-publish"]))
        client.send(
            QueueDeclare(
                queue: "q", durable: true,
                arguments: ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"]))
        var properties = StoreTests.persistent
        properties.expiration = "100"
        // A quorum queue takes one more than it may have.
        client.publish(["over", "over"], to: "dead", properties: properties)
        properties.expiration = "50"
        client.publish(["dies"], to: "q", properties: properties)
        broker.sync()
        try broker.crash(downFor: 1000)
        broker.sync()
        let again = try broker.rig.open()
        again.send(BasicConsume(queue: "dead", noAck: true))
        #expect(again.takeBodies() == ["dies"])
    }
}
