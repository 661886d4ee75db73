import AMQPWire
import Testing

@testable import BrokerCore

/// Publishers wait when memory or disk run low, are told if they can be, and nobody else notices.
@Suite struct AlarmTests {
    private static let capable: [ShortString] = ["connection.blocked"]
    private static let body = String(repeating: ".", count: 10_000)

    /// A rig, and which of its clients are read from.
    private final class Watched {
        let rig: Rig
        var isRead: [ConnectionID: Bool] = [:]

        init(_ rig: Rig) { self.rig = rig }

        func look() {
            for change in rig.takeReadingChanges() { isRead[change.connection] = change.isReading }
        }

        func isRead(_ client: RigClient) -> Bool {
            look()
            return isRead[client.id] ?? true
        }
    }

    private func fill(_ client: RigClient, _ count: Int = 10, of broker: Watched) {
        client.send(QueueDeclare(queue: "q"))
        // Up to nine messages are no alarm, whatever those take up who are there.
        let octets = Self.body.utf8.count + Load.ofMessage + Load.ofPlace
        broker.rig.step(.setMemoryHighWater(broker.rig.core.memoryInUse + 9 * octets + octets / 2))
        for _ in 0..<count { client.publish(Self.body, to: "q") }
    }

    @Test func aPublisherIsBlockedWhenMemoryIsLowAndUnblockedWhenItIsNot() throws {
        let broker = Watched(Rig())
        let (publisher, consumer) = (try broker.rig.open(capabilities: Self.capable), try broker.rig.open())
        fill(publisher, 9, of: broker)
        #expect(broker.isRead(publisher))
        _ = publisher.take()
        publisher.publish(Self.body, to: "q")
        // The message that raised the alarm was still taken; it is the next that is answered.
        publisher.publish(Self.body, to: "q")
        #expect(publisher.take().map(\.method) == [.connectionBlocked(ConnectionBlocked(reason: "low on memory"))])
        #expect(!broker.isRead(publisher))
        publisher.publish(Self.body, to: "q")
        #expect(publisher.take() == [])

        consumer.send(BasicConsume(queue: "q", consumerTag: "c"))
        // What it sends from then on waits.
        broker.rig.drain()
        #expect(consumer.takeBodies().count == 10)
        // Unacknowledged messages are as much in memory as ready ones.
        #expect(!broker.isRead(publisher))
        consumer.send(BasicAck(deliveryTag: 1, multiple: true))
        #expect(!broker.isRead(publisher))
        consumer.send(BasicAck(deliveryTag: 5, multiple: true))
        #expect(broker.isRead(publisher))
        #expect(publisher.take().map(\.method) == [.connectionUnblocked(ConnectionUnblocked())])
        #expect(broker.isRead(consumer))
    }

    @Test func onlyWhoPublishesIsHeldBackAndOnlyWhoCanBeToldIsTold() throws {
        let broker = Watched(Rig())
        let clients = try (0..<3).map { try broker.rig.open(capabilities: $0 == 0 ? [] : Self.capable) }
        fill(clients[2], of: broker)
        clients[0].publish("x", to: "q")
        clients[1].send(QueueDeclare(queue: "other"))
        #expect(clients.map(broker.isRead) == [false, true, true])
        #expect(clients[0].take() == [])
        #expect(clients[1].take().count == 1)
        clients[1].publish("x", to: "nowhere")
        #expect(clients.map(broker.isRead) == [false, false, true])
        clients[2].send(QueuePurge(queue: "q"))
        #expect(clients.map(broker.isRead) == [true, true, true])
    }

    @Test func aSecondAlarmSaysNothingNew() throws {
        let broker = Watched(Rig())
        let (client, other) = (
            try broker.rig.open(capabilities: Self.capable), try broker.rig.open(capabilities: Self.capable)
        )
        fill(client, 8, of: broker)
        broker.rig.step(.diskIsLow(true))
        client.publish(Self.body, to: "q")
        #expect(client.take().last?.method == .connectionBlocked(ConnectionBlocked(reason: "low on disk")))
        other.publish(Self.body, to: "q")
        #expect(
            other.take().map(\.method) == [.connectionBlocked(ConnectionBlocked(reason: "low on memory & disk"))])
        broker.rig.step(.diskIsLow(false))
        #expect(client.take() == [] && other.take() == [])
        #expect(!broker.isRead(client))
        try broker.rig.open().send(QueuePurge(queue: "q"))
        for blocked in [client, other] {
            #expect(blocked.take().map(\.method) == [.connectionUnblocked(ConnectionUnblocked())])
            #expect(broker.isRead(blocked))
        }
    }

    @Test func aClientThatIsNotHeardIsNotSilent() throws {
        let broker = Watched(Rig())
        let client = broker.rig.connect()
        client.send(octets: ProtocolHeader.amqp091)
        client.send(
            ConnectionStartOk(mechanism: "PLAIN", response: Array("\0guest\0guest".utf8)), channel: 0)
        client.send(ConnectionTuneOk(channelMax: 1, frameMax: 131_072, heartbeat: 10), channel: 0)
        client.send(ConnectionOpen(), channel: 0)
        client.send(ChannelOpen(), channel: 1)
        fill(client, 12, of: broker)
        #expect(!broker.isRead(client))
        broker.rig.advance(by: 100_000)
        #expect(!client.isEnded)
        #expect(client.heartbeats > 0)
        let other = try broker.rig.open()
        other.send(QueuePurge(queue: "q"))
        #expect(broker.isRead(client))
        broker.rig.advance(by: 19_000)
        #expect(!client.isEnded)
        broker.rig.advance(by: 1_000)
        #expect(client.isEnded)
    }

    @Test func aStoreThatIsBehindHoldsPublishersBackWithoutAWord() throws {
        let broker = try StoreRig { $0.store.backlogOctets = 50_000 }
        let watched = Watched(broker.rig)
        let client = try broker.rig.open(capabilities: Self.capable)
        client.send(QueueDeclare(queue: "q", durable: true))
        _ = client.take()
        broker.sync()
        client.publish(Array(repeating: Self.body, count: 7), to: "q", properties: StoreTests.persistent)
        client.publish(Self.body, to: "q", properties: StoreTests.persistent)
        // Handed out is not written.
        #expect(!watched.isRead(client))
        let batch = try #require(broker.rig.takeBatch())
        #expect(!watched.isRead(client))
        broker.store.carryOut(batch)
        broker.rig.step(.stored(batch: batch.number))
        #expect(watched.isRead(client))
        #expect(client.take() == [])
    }

    @Test func whatIsOnlyOnDiskTakesNoMemory() throws {
        let broker = try StoreRig { $0.store.residentOctets = 2000 }
        let watched = Watched(broker.rig)
        let client = try broker.rig.open()
        let before = broker.rig.core.memoryInUse
        broker.rig.step(.setMemoryHighWater(before + 30_000))
        client.send(QueueDeclare(queue: "q", durable: true))
        for _ in 0..<60 {
            client.publish(String(repeating: ".", count: 1000), to: "q", properties: StoreTests.persistent)
            broker.sync()
        }
        #expect(watched.isRead(client))
        #expect((22_000...26_000).contains(broker.rig.core.memoryInUse - before))
    }
}
