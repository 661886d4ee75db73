import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// What clients can't see of a stream, or not well: what it holds, and who has to wait.
@Suite("Streams", .ownThread)
struct StreamTests {
    private static let stream: FieldTable = ["x-queue-type": "stream"]

    private func declare(_ client: RigClient, _ more: FieldTable = [:]) {
        client.send(
            QueueDeclare(queue: "s", durable: true, arguments: FieldTable(Self.stream.fields + more.fields)))
    }

    private func read(
        _ client: RigClient, from offset: FieldValue = "first", as tag: ShortString = "c", prefetch: UInt16 = 10_000
    ) {
        client.send(BasicQos(prefetchCount: prefetch))
        client.send(BasicConsume(queue: "s", consumerTag: tag, arguments: ["x-stream-offset": offset]))
    }

    @Test("Nothing is held of a stream that is gone, and of the deliveries nothing but their tags")
    func account() throws {
        let rig = Rig()
        let client = try rig.open()
        let before = rig.core.memoryInUse
        declare(client)
        client.publish((0..<3000).map { "\($0)" }, to: "s")
        let full = rig.core.memoryInUse
        read(client)
        #expect(client.takeBodies().count == 3000)
        let ofTags = rig.core.memoryInUse - full
        #expect((3000 * Load.ofDelivery..<6000 * Load.ofDelivery).contains(ofTags))
        client.send(QueueDelete(queue: "s"))
        client.publish("", to: "nowhere")
        // They hold their consumer and their queue, which hold nothing more.
        #expect(rig.core.load.messageCount == 0 && rig.core.memoryInUse < before + ofTags + 5000)
        client.send(BasicAck(deliveryTag: 0, multiple: true))
        #expect(!client.isEnded && rig.core.memoryInUse == before)
    }

    @Test("What is given up is off the account, whoever still holds its delivery")
    func givenUp() throws {
        let rig = Rig()
        let client = try rig.open()
        declare(client, ["x-max-length-bytes": 100_000, "x-stream-max-segment-size-bytes": 50_000])
        read(client)
        let body = String(repeating: ".", count: 1000)
        for _ in 0..<1000 { client.publish(body, to: "s") }
        #expect(client.takeBodies().count == 1000)
        #expect(rig.core.load.messageCount < 160)
        #expect(rig.core.listQueues()[0].readyCount == rig.core.load.placeCount)
        client.send(BasicAck(deliveryTag: 0, multiple: true))
        #expect(rig.core.load.messageCount < 160)
    }

    @Test("A reader of much holds nobody up: others are served between two slices")
    func slices() throws {
        let rig = Rig()
        let (reader, other) = (try rig.open(), try rig.open())
        declare(reader)
        reader.publish(Array(repeating: "x", count: 9000), to: "s")
        reader.send(BasicQos(prefetchCount: 20_000))
        var writer = FrameWriter()
        writer.method(
            BasicConsume(queue: "s", consumerTag: "c", arguments: ["x-stream-offset": "first"]), channel: 1)
        let first = rig.core.step(.received(writer.take().span.bytes, from: reader.id), now: rig.now)
        #expect(first.hasMoreToDo)
        writer.method(QueueDeclare(queue: "other"), channel: 1)
        let second = rig.core.step(.received(writer.take().span.bytes, from: other.id), now: rig.now)
        #expect(second.writes.map(\.connection).contains(other.id))
        #expect(second.hasMoreToDo)
    }

    @Test("One that does not read what it is sent stops at its output, and goes on when that has left")
    func congestion() throws {
        let rig = Rig()
        let (slow, quick) = (try rig.open(), try rig.open())
        declare(slow)
        let body = String(repeating: ".", count: 10_000)
        for _ in 0..<400 { slow.publish(body, to: "s") }
        slow.isDeaf = true
        read(slow)
        #expect(slow.unsent < 2_000_000)
        read(quick)
        rig.drain()
        #expect(quick.takeBodies().count == 400)
        slow.isDeaf = false
        slow.unsent = 0
        rig.step(.unsent(0, of: slow.id))
        rig.drain()
        #expect(slow.takeBodies().count > 200)
    }

    @Test("Consumers that come and go leave nothing behind")
    func comingAndGoing() throws {
        let rig = Rig()
        let client = try rig.open()
        declare(client)
        for number in 0..<500 {
            let tag = ShortString(truncating: "c\(number)")
            read(client, from: "next", as: tag)
            client.send(BasicCancel(consumerTag: tag))
        }
        read(client, from: "next")
        _ = client.take()
        client.publish("x", to: "s")
        #expect(client.takeBodies() == ["x"])
        client.disconnect()
        #expect(rig.core.listConsumers().isEmpty)
    }

    @Test("A listing shows type, messages and consumers")
    func listing() throws {
        let rig = Rig()
        let client = try rig.open()
        declare(client)
        client.publish(["1", "2"], to: "s")
        read(client)
        let queue = try #require(rig.core.listQueues().first)
        #expect(queue.type == "stream" && queue.isDurable)
        #expect((queue.readyCount, queue.unacknowledgedCount, queue.readyOctets) == (2, 0, 2))
        #expect(queue.consumerCount == 1)
        #expect(rig.core.listConsumers().first?.unacknowledgedCount == 2)
    }

    @Test(
        "Refusals have RabbitMQ's words",
        arguments: [
            (Dialect.v3_10, "stream queues queue 's' in vhost '/'", "'queue 's' in vhost '/''"),
            (.v4_0, "stream queue 's' in vhost '/'", "stream queue 's' in vhost '/'"),
            (.v4_3, "stream queue 's' in vhost '/'", "stream queue 's' in vhost '/'"),
        ])
    func words(_ dialect: Dialect, _ withoutAck: String, _ withoutPrefetch: String) throws {
        let rig = Rig { $0.dialect = dialect }
        let client = try rig.open()
        declare(client)
        client.send(BasicConsume(queue: "s"))
        #expect(
            client.takeClose()?.text
                == "PRECONDITION_FAILED - consumer prefetch count is not set for \(withoutPrefetch)")
        client.send(ChannelCloseOk())
        client.send(ChannelOpen())
        client.send(BasicQos(prefetchCount: 1))
        client.send(BasicConsume(queue: "s", noAck: true))
        #expect(
            client.takeClose()?.text == "NOT_IMPLEMENTED - automatic acknowledgement not supported by \(withoutAck)")
        let (fetching, purging) = (try rig.open(), try rig.open())
        fetching.send(BasicGet(queue: "s"))
        purging.send(QueuePurge(queue: "s"))
        for (client, method) in [(fetching, "basic.get"), (purging, "queue.purge")] {
            #expect(
                client.takeClose()?.text
                    == "NOT_IMPLEMENTED - \(method) not supported by stream queues queue 's' in vhost '/'")
        }
    }
}
