import AMQPWire
import Testing

@testable import BrokerCore

/// What is durable is there after a crash, and nothing is confirmed before it is.
@Suite struct StoreTests {
    static let persistent = BasicProperties(deliveryMode: 2)

    @Test func durableTopologyComesBackAndTheRestDoesNot() throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.send(ExchangeDeclare(exchange: "kept", type: "topic", durable: true, arguments: ["a": .int32(1)]))
        client.send(ExchangeDeclare(exchange: "lost", type: "topic"))
        client.send(QueueDeclare(queue: "kept", durable: true, arguments: ["x-max-length": .int32(5)]))
        client.send(QueueDeclare(queue: "kept-auto-delete", durable: true, autoDelete: true))
        client.send(QueueDeclare(queue: "lost"))
        client.send(QueueDeclare(queue: "lost-exclusive", durable: true, exclusive: true))
        client.send(QueueDeclare(queue: "deleted", durable: true))
        client.send(QueueDelete(queue: "deleted"))
        client.send(QueueBind(queue: "kept", exchange: "kept", routingKey: "a.*"))
        client.send(QueueBind(queue: "kept", exchange: "kept", routingKey: "b", arguments: ["x": true]))
        client.send(QueueBind(queue: "kept", exchange: "amq.fanout"))
        client.send(QueueBind(queue: "kept", exchange: "kept", routingKey: "unbound"))
        client.send(QueueUnbind(queue: "kept", exchange: "kept", routingKey: "unbound"))
        client.send(QueueBind(queue: "lost", exchange: "kept", routingKey: "lost"))
        client.send(QueueBind(queue: "kept", exchange: "lost", routingKey: "lost"))
        client.send(ExchangeBind(destination: "kept", source: "amq.topic", routingKey: "x"))
        broker.sync()
        for _ in 1...2 {
            try broker.crash()
            broker.sync()
            let virtualHost = try #require(broker.rig.core.virtualHosts["/"])
            #expect(virtualHost.queues.keys.sorted() == ["kept", "kept-auto-delete"])
            #expect(virtualHost.exchanges.keys.filter { !$0.hasPrefix("amq.") }.sorted() == ["", "kept"])
            let exchange = try #require(virtualHost.exchange("kept"))
            #expect(exchange.declaration.type == "topic")
            #expect(exchange.declaration.arguments == ["a": .int32(1)])
            #expect(exchange.bindings.map(\.key).sorted() == ["a.*", "b"])
            #expect(exchange.incoming.count == 1)
            #expect(virtualHost.exchange("amq.topic")?.bindings.map(\.key) == ["x"])
            let queue = try #require(virtualHost.queue("kept"))
            #expect(virtualHost.queues["kept"]?.end.incoming.count == 3)
            #expect(queue.arguments.maximumLength == 5)
            #expect(virtualHost.queue("kept-auto-delete")?.declaration.autoDelete == true)
        }
    }

    @Test func onlyPersistentMessagesInDurableQueuesComeBack() throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "q", durable: true))
        client.send(QueueDeclare(queue: "transient"))
        for number in 1...3 {
            client.publish("p\(number)", to: "q", properties: Self.persistent)
            client.publish("t\(number)", to: "q")
            client.publish("p\(number)", to: "transient", properties: Self.persistent)
        }
        broker.sync()
        try broker.crash()
        let again = try broker.rig.open()
        again.send(QueueDeclare(queue: "q", passive: true))
        #expect(
            again.take().map(\.method) == [
                .queueDeclareOk(QueueDeclareOk(queue: "q", messageCount: 3, consumerCount: 0))
            ])
        again.send(BasicConsume(queue: "q", consumerTag: "c", noAck: true))
        #expect(again.takeBodies() == ["p1", "p2", "p3"])
        broker.sync()
        try broker.crash()
        #expect(try count("q", broker) == 0)
    }

    @Test func messagesComeBackWhole() throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.send(ExchangeDeclare(exchange: "e", type: "fanout", durable: true))
        client.send(QueueDeclare(queue: "a", durable: true))
        client.send(QueueDeclare(queue: "b", durable: true))
        client.send(QueueBind(queue: "a", exchange: "e"))
        client.send(QueueBind(queue: "b", exchange: "e"))
        let properties = BasicProperties(
            contentType: "text/plain", headers: ["h": .array([.int32(1), .void])], deliveryMode: 2, messageID: "m")
        client.publish("body", to: "key", exchange: "e", properties: properties)
        broker.sync()
        // Gone from one queue, still in the other.
        client.send(BasicGet(queue: "a", noAck: true))
        broker.sync()
        try broker.crash()
        let again = try broker.rig.open()
        again.send(BasicGet(queue: "a", noAck: true))
        #expect(again.take().map(\.method) == [.basicGetEmpty(BasicGetEmpty())])
        again.send(BasicGet(queue: "b", noAck: true))
        let got = try #require(again.take().first)
        #expect(
            got.method == .basicGetOk(BasicGetOk(deliveryTag: 1, exchange: "e", routingKey: "key", messageCount: 0)))
        #expect(got.properties == properties)
        #expect(got.body == "body")
    }

    @Test func aConfirmWaitsForTheDisk() throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "q", durable: true))
        client.send(ConfirmSelect())
        broker.sync()
        _ = client.take()
        client.publish("1", to: "q")
        #expect(client.take().map(\.method) == [.basicAck(BasicAck(deliveryTag: 1))])
        client.publish("2", to: "q", properties: Self.persistent)
        client.publish("3", to: "nowhere", properties: Self.persistent)
        client.publish("4", to: "q", properties: Self.persistent)
        #expect(client.take() == [])
        broker.sync()
        // The first batch was handed out as soon as there was something to write; what came since is the second.
        #expect(
            client.take().map(\.method) == [
                .basicAck(BasicAck(deliveryTag: 3, multiple: true)), .basicAck(BasicAck(deliveryTag: 4)),
            ])
        try broker.crash(keeping: 0)
        #expect(try bodies("q", broker) == ["2", "4"])
    }

    @Test func aBatchUnderWayConfirmsOnlyItself() throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "q", durable: true))
        client.send(ConfirmSelect())
        broker.sync()
        _ = client.take()
        client.publish("1", to: "q", properties: Self.persistent)
        let batch = try #require(broker.rig.takeBatch())
        client.publish("2", to: "q", properties: Self.persistent)
        broker.store.carryOut(batch)
        broker.rig.step(.stored(batch: batch.number))
        #expect(client.take().map(\.method) == [.basicAck(BasicAck(deliveryTag: 1))])
        broker.sync()
        #expect(client.take().map(\.method) == [.basicAck(BasicAck(deliveryTag: 2))])
    }

    @Test func aCommitWaitsForTheDisk() throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "q", durable: true))
        client.send(TxSelect())
        broker.sync()
        _ = client.take()
        client.publish("1", to: "q", properties: Self.persistent)
        client.send(TxCommit())
        #expect(client.take() == [])
        broker.sync()
        #expect(client.take().map(\.method) == [.txCommitOk(TxCommitOk())])
        client.publish("2", to: "q")
        client.send(TxCommit())
        #expect(client.take().map(\.method) == [.txCommitOk(TxCommitOk())])
        client.publish("3", to: "q", properties: Self.persistent)
        client.send(TxRollback())
        broker.sync()
        try broker.crash()
        #expect(try bodies("q", broker) == ["1"])
    }

    @Test func acknowledgementsComeBackInAnyOrder() throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "q", durable: true))
        for number in 1...9 { client.publish("\(number)", to: "q", properties: Self.persistent) }
        broker.sync()
        client.send(BasicConsume(queue: "q", consumerTag: "c"))
        for tag in [7, 2, 3, 8] as [UInt64] { client.send(BasicAck(deliveryTag: tag)) }
        client.send(BasicReject(deliveryTag: 9, requeue: false))
        client.send(BasicReject(deliveryTag: 4, requeue: true))
        broker.sync()
        try broker.crash()
        #expect(try bodies("q", broker) == ["1", "4", "5", "6"])
    }

    @Test func whatWasHandedOutComesBackMarkedAsRedelivered() throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "q", durable: true))
        for number in 1...3 { client.publish("\(number)", to: "q", properties: Self.persistent) }
        client.send(BasicGet(queue: "q"))
        client.send(BasicGet(queue: "q"))
        broker.sync()
        for _ in 1...2 {
            try broker.crash()
            broker.sync()
        }
        let again = try broker.rig.open()
        again.send(BasicConsume(queue: "q", consumerTag: "c"))
        let redelivered = again.take().compactMap { received -> Bool? in
            if case .basicDeliver(let deliver) = received.method { deliver.redelivered } else { nil }
        }
        #expect(redelivered == [true, true, false])
    }

    @Test func purgesAndDeletionsComeBack() throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        for name in ["purged", "deleted"] as [ShortString] {
            client.send(QueueDeclare(queue: name, durable: true))
            for number in 1...3 { client.publish("\(number)", to: name, properties: Self.persistent) }
        }
        broker.sync()
        client.send(QueuePurge(queue: "purged"))
        client.publish("after", to: "purged", properties: Self.persistent)
        client.send(QueueDelete(queue: "deleted"))
        client.send(QueueDeclare(queue: "deleted", durable: true))
        broker.sync()
        try broker.crash()
        #expect(try bodies("purged", broker) == ["after"])
        #expect(try bodies("deleted", broker) == [])
    }

    @Test func timeToLiveRunsOnWhileTheBrokerIsDown() throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.send(ExchangeDeclare(exchange: "dlx", type: "fanout", durable: true))
        client.send(QueueDeclare(queue: "dead", durable: true))
        client.send(QueueBind(queue: "dead", exchange: "dlx"))
        client.send(
            QueueDeclare(queue: "q", durable: true, arguments: ["x-dead-letter-exchange": "dlx"]))
        client.publish("short", to: "q", properties: BasicProperties(deliveryMode: 2, expiration: "1000"))
        client.publish("long", to: "q", properties: BasicProperties(deliveryMode: 2, expiration: "5000"))
        broker.sync()
        try broker.crash(downFor: 2000)
        broker.rig.advance(by: 0)
        #expect(try count("q", broker) == 1)
        #expect(try bodies("dead", broker) == ["short"])
        broker.rig.advance(by: 2999)
        #expect(try count("q", broker) == 1)
        broker.rig.advance(by: 1)
        #expect(try count("q", broker) == 0)
    }

    @Test func aDeadLetterIsNeverInNeitherQueue() throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "dead", durable: true))
        client.send(
            QueueDeclare(
                queue: "q", durable: true,
                arguments: ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"]))
        client.publish("1", to: "q", properties: Self.persistent)
        broker.sync()
        client.send(BasicGet(queue: "q"))
        broker.sync()
        client.send(BasicReject(deliveryTag: 1, requeue: false))
        let mark = broker.store.mark
        let batch = try #require(broker.rig.takeBatch())
        broker.store.carryOut(batch)
        broker.store.mark = mark
        // Not forced to disk: of the batch any part may be there after a crash.
        let full = FakeStore(broker.store)
        let newest = full.newest
        let end = full.segments[newest]?.count ?? 0
        for kept in (end - batch.octets.count)...end {
            full.cut(newest, to: end)
            let disk = FakeStore(full)
            disk.cut(newest, to: kept)
            let found = try StoreRig(on: disk)
            let (alive, dead) = (try count("q", found), try count("dead", found))
            #expect(alive + dead >= 1)
            if kept == end { #expect((alive, dead) == (0, 1)) }
        }
    }

    @Test func prioritiesAndPlacesComeBack() throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "q", durable: true, arguments: ["x-max-priority": .int32(5)]))
        for (body, priority) in [("a", 0), ("b", 5), ("c", 1), ("d", 5), ("e", 0)] as [(String, UInt8)] {
            client.publish(body, to: "q", properties: BasicProperties(deliveryMode: 2, priority: priority))
        }
        broker.sync()
        try broker.crash()
        broker.sync()
        let again = try broker.rig.open()
        again.publish("f", to: "q", properties: BasicProperties(deliveryMode: 2, priority: 1))
        broker.sync()
        try broker.crash()
        #expect(try bodies("q", broker) == ["b", "d", "c", "f", "a", "e"])
    }

    // MARK: Helpers

    func count(_ queue: ShortString, _ broker: StoreRig) throws -> Int {
        try #require(broker.rig.core.virtualHosts["/"]?.queue(queue)).counts.ready
    }

    /// What is in a queue, without taking it out.
    func bodies(_ queue: ShortString, _ broker: StoreRig) throws -> [String] {
        let client = try broker.rig.open()
        client.send(BasicConsume(queue: queue, consumerTag: "peek"))
        defer { client.disconnect() }
        return client.takeBodies()
    }
}
