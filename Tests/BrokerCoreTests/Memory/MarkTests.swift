import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// What comes from elsewhere than from publishes that wait keeps within a quarter of the mark, too.
@Suite("The mark", .ownThread) struct MarkTests {
    private func consume(_ client: RigClient, _ number: Int) {
        let queue = ShortString(truncating: "q\(number)")
        client.send(QueueDeclare(queue: queue))
        client.send(QueueBind(queue: queue, exchange: "x"))
        client.send(BasicConsume(queue: queue, noAck: true))
    }

    @Test("One message of 60 kB to very many who don't read, and to one who does")
    func smallMessage() throws {
        let mark = 16_000_000
        let rig = Rig { $0.memoryHighWater = mark }
        let publisher = try rig.open()
        publisher.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        let clients = try (0..<600).map { number in
            let client = try rig.open()
            consume(client, number)
            client.isDeaf = true
            return client
        }
        let reader = try rig.open()
        consume(reader, 600)
        _ = reader.take()
        let body = String(repeating: "0123456789", count: 6000)
        publisher.publish(body, to: "", exchange: "x")
        #expect(clients.allSatisfy { $0.unsent > 4000 })
        // What was handed over is in memory for a while, read or not.
        #expect(clients.reduce(0) { $0 + $1.unsent } < mark)
        #expect(rig.core.memoryInUse < mark / 4 * 5)
        rig.drain()
        #expect(reader.takeBodies() == [body])
        // Each has its share, and is handed nothing more.
        for _ in 0..<100 { publisher.publish(body, to: "", exchange: "x") }
        #expect(rig.core.memoryInUse < mark / 4 * 5)
        for client in clients + [reader, publisher] { client.disconnect() }
        let cleaner = try rig.open()
        for number in 0...600 { cleaner.send(QueueDelete(queue: ShortString(truncating: "q\(number)"))) }
        cleaner.send(ExchangeDelete(exchange: "x"))
        cleaner.disconnect()
        #expect(rig.core.memoryInUse == 0)
    }

    @Test("A large message with keys that are not to be seen is shared as any other")
    func blindCopies() throws {
        let rig = Rig()
        let publisher = try rig.open()
        publisher.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        let clients = try (0..<30).map { number in
            let client = try rig.open()
            consume(client, number)
            client.isDeaf = number > 0
            return client
        }
        _ = clients[0].take()
        let before = rig.core.memoryInUse
        let body = String(repeating: ".", count: 2_000_000)
        publisher.publish(
            body, to: "", exchange: "x",
            properties: BasicProperties(headers: ["BCC": .array(["nowhere"]), "a": "b"]))
        #expect(rig.core.memoryInUse - before < 2_000_000 + 30 * 150_000)
        rig.drain()
        let received = clients[0].take()
        #expect(received.map(\.body) == [body] && received.first?.properties?.headers == ["a": "b"])
    }

    /// Something that stays, and that a client can make as often as it likes.
    struct Growth: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let make: @Sendable (RigClient, ShortString, UInt16) -> Void

        init(_ name: String, _ make: @escaping @Sendable (RigClient, ShortString, UInt16) -> Void) {
            (testDescription, self.make) = (name, make)
        }
    }

    static let growths = [
        Growth("queues") { client, name, _ in client.send(QueueDeclare(queue: name)) },
        Growth("exchanges") { client, name, _ in client.send(ExchangeDeclare(exchange: name, type: "topic")) },
        Growth("bindings") { client, name, _ in
            client.send(QueueBind(queue: "q", exchange: "amq.topic", routingKey: name))
        },
        Growth("bindings between exchanges") { client, name, _ in
            client.send(ExchangeBind(destination: "amq.fanout", source: "amq.direct", routingKey: name))
        },
        Growth("consumers") { client, name, _ in client.send(BasicConsume(queue: "q", consumerTag: name)) },
        Growth("channels") { client, _, number in client.send(ChannelOpen(), channel: number + 2) },
    ]

    @Test("Whoever goes on declaring waits, and goes on when there is room", arguments: growths)
    func declaring(_ growth: Growth) throws {
        let mark = 2_000_000
        let rig = Rig { $0.memoryHighWater = mark }
        let clients = try (0..<2).map { _ in try rig.open() }
        clients[0].send(QueueDeclare(queue: "q"))
        clients[0].publish("kept", to: "q")
        // The first fills the memory; the second comes a little later.
        clients[1].send(QueueDeclare(queue: "other"))
        _ = clients[1].take()
        var count: UInt16 = 0
        while rig.isRead(clients[0]), count < 10_000 {
            growth.make(clients[0], ShortString(truncating: "\(count)"), count)
            count += 1
        }
        #expect(count < 10_000 && !clients[0].isEnded)
        #expect((mark...mark / 4 * 5).contains(rig.core.memoryInUse))
        clients[1].send(QueueDeclare(queue: "late"))
        #expect(!rig.isRead(clients[1]))
        clients[1].send(QueueDeclare(queue: "later"))
        #expect(clients[1].take().isEmpty)
        // Who comes to take messages is served.
        let taker = try rig.open()
        taker.send(QueueDeclare(queue: "q"))
        taker.send(BasicConsume(queue: "q"))
        #expect(growth.testDescription == "consumers" || taker.takeBodies() == ["kept"])
        #expect(rig.isRead(taker))
        clients[0].disconnect()
        let cleaner = try rig.open()
        for number in 0..<count {
            let name = ShortString(truncating: "\(number)")
            cleaner.send(QueueDelete(queue: name))
            cleaner.send(ExchangeDelete(exchange: name))
        }
        cleaner.send(QueueDelete(queue: "q"))
        if growth.testDescription == "bindings between exchanges" {
            for number in 0..<count {
                cleaner.send(
                    ExchangeUnbind(
                        destination: "amq.fanout", source: "amq.direct",
                        routingKey: ShortString(truncating: "\(number)")))
            }
        }
        #expect(rig.isRead(clients[1]) && clients[1].take().count == 2)
    }

    @Test(
        "Nobody makes the first thing for nothing while memory is full, to come again for another",
        arguments: growths.prefix(4))
    func comingAgain(_ growth: Growth) throws {
        let rig = Rig()
        let filler = try rig.open()
        filler.send(QueueDeclare(queue: "q"))
        filler.send(QueueBind(queue: "q", exchange: "amq.topic", routingKey: "there"))
        filler.publish(Array(repeating: "x", count: 3000), to: "q")
        rig.step(.setMemoryHighWater(rig.core.memoryInUse / 2))
        let full = rig.core.memoryInUse
        for number in 0..<20 {
            let client = try rig.open()
            growth.make(client, ShortString(truncating: "\(number)"), UInt16(number))
            #expect(!rig.isRead(client) && client.take().isEmpty)
            client.disconnect()
        }
        #expect(rig.core.memoryInUse <= full)
        // Who finds what it declares goes on, unless it brings much along.
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        client.send(QueueBind(queue: "", exchange: "amq.topic", routingKey: "there"))
        client.send(BasicQos(prefetchCount: 1))
        client.send(BasicConsume(queue: "q", consumerTag: "c"))
        #expect(rig.isRead(client) && client.takeBodies() == ["x"])
        let large = FieldTable([.init("x", .string(String(repeating: "x", count: 100_000)))])
        client.send(BasicConsume(queue: "q", consumerTag: "d", arguments: large))
        #expect(!rig.isRead(client) && client.take().isEmpty)
    }

    @Test("One message with large headers to very many who don't read, and to one who does")
    func largeHeaders() throws {
        let mark = 16_000_000
        let rig = Rig { $0.memoryHighWater = mark }
        let publisher = try rig.open()
        publisher.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        let clients = try (0...400).map { number in
            let client = try rig.open()
            consume(client, number)
            client.isDeaf = number > 0
            return client
        }
        _ = clients[0].take()
        let headers: FieldTable = ["h": .string(String(repeating: "0123456789", count: 10_000))]
        publisher.publish("x", to: "", exchange: "x", properties: BasicProperties(headers: headers))
        #expect(clients.dropFirst().allSatisfy { $0.unsent > 4000 })
        #expect(clients.reduce(0) { $0 + $1.unsent } < mark)
        #expect(rig.core.memoryInUse < mark / 4 * 5)
        rig.drain()
        let received = clients[0].take()
        #expect(received.map(\.body) == ["x"] && received.first?.properties?.headers == headers)
    }

    @Test("A header that is handed over in parts is one frame, whatever is to be sent meanwhile")
    func cutHeader() throws {
        let load = Load()
        let limits = OutputLimits(highWater: 1 << 20, mostUnread: 1 << 24)
        var output = Output(of: ConnectionID(number: 1), in: BufferPool(load, limits, WorkLimits()), load)
        let headers: FieldTable = ["h": .string(String(repeating: "x", count: 200_000))]
        let message = Message(
            exchange: "", routingKey: "q", properties: BasicProperties(headers: headers), body: Array("x".utf8))
        let content = MessageContent(try #require(message.resident), of: message)
        try output.content(
            BasicDeliver(consumerTag: "c", deliveryTag: 1, redelivered: false, exchange: "", routingKey: "q"), content,
            of: message, channel: 1, frameMax: 131_072)
        output.method(ChannelCloseOk(), channel: 1)
        var (reader, kinds, parts) = (FrameReader(frameMax: 0), [Frame.Kind](), 0)
        while kinds.count < 4, parts < 20 {
            output.heartbeat()
            let part = output.take()
            output.heartbeat()
            parts += 1
            part.withOctets { reader.append($0) }
            while let frame = try reader.next() {
                if frame.kind == .header { #expect(frame.payload.dropFirst(12) == content.propertyOctets) }
                if frame.kind != .heartbeat { kinds.append(frame.kind) }
            }
            _ = output.setBacklog(part.count)
            _ = output.setBacklog(0)
        }
        #expect(parts > 3 && kinds == [.method, .header, .body, .method])
        #expect(message.outputCount == 0)
    }

    @Test("Memory that is full bounds what consumers of streams hold, and they go on with each that they settle")
    func streams() throws {
        let rig = Rig()
        let (client, reader) = (try rig.open(), try rig.open())
        client.send(QueueDeclare(queue: "s", durable: true, arguments: ["x-queue-type": "stream"]))
        client.publish((0..<3000).map { "\($0)" }, to: "s")
        rig.step(.setMemoryHighWater(rig.core.memoryInUse / 2))
        reader.send(BasicQos(prefetchCount: 10_000))
        reader.send(BasicConsume(queue: "s", arguments: ["x-stream-offset": "first"]))
        rig.drain()
        #expect(reader.takeBodies() == (0..<256).map { "\($0)" })
        reader.send(BasicAck(deliveryTag: 100, multiple: true))
        rig.drain()
        #expect(reader.takeBodies() == (256..<356).map { "\($0)" })
        rig.step(.setMemoryHighWater(nil))
        rig.drain()
        #expect(reader.takeBodies() == (356..<3000).map { "\($0)" })
    }

    @Test("What is handed out makes room: who waited for it goes on, though nobody is short of it any more")
    func enoughAgain() throws {
        let rig = Rig()
        let (client, reader) = (try rig.open(), try rig.open())
        client.send(QueueDeclare(queue: "q"))
        client.publish((0..<1000).map { "\($0)" }, to: "q")
        rig.step(.setMemoryHighWater(rig.core.memoryInUse - 1000))
        #expect(!rig.isRead(client) || rig.core.alarms.memory)
        reader.send(BasicConsume(queue: "q", noAck: true))
        #expect(!rig.core.alarms.memory)
        rig.drain()
        #expect(reader.takeBodies() == (0..<1000).map { "\($0)" })
    }

    @Test("What the store has of each message counts, and of each copy")
    func stored() throws {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.publish("", to: "nowhere")
        broker.sync()
        let before = broker.rig.core.memoryInUse
        let queues: [ShortString] = ["a", "b", "c"]
        client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        for queue in queues {
            client.send(QueueDeclare(queue: queue, durable: true))
            client.send(QueueBind(queue: queue, exchange: "x"))
        }
        for _ in 0..<500 { client.publish("x", to: "", exchange: "x", properties: StoreTests.persistent) }
        broker.sync()
        let least = Load.ofMessage + 3 * Load.ofPlace + 80 + 2 * 24
        #expect(broker.rig.core.memoryInUse - before > 500 * least)
        for queue in queues { client.send(QueueDelete(queue: queue)) }
        client.send(ExchangeDelete(exchange: "x"))
        client.publish("", to: "nowhere")
        broker.sync()
        #expect(broker.rig.core.memoryInUse == before)
    }

    @Test("Frames that have not come whole count, until they have")
    func unfinishedFrames() throws {
        let rig = Rig()
        let clients = try (0..<20).map { _ in try rig.open() }
        var writer = FrameWriter()
        writer.content(
            BasicPublish(routingKey: "nowhere"), BasicProperties(), body: Array(repeating: 1, count: 100_000),
            channel: 1, frameMax: 131_072)
        let octets = writer.take()
        for client in clients { client.send(octets: Array(octets)) }
        let before = rig.core.memoryInUse
        for client in clients { client.send(octets: Array(octets[..<60_000])) }
        #expect(rig.core.memoryInUse - before > 20 * 60_000)
        for client in clients { client.send(octets: Array(octets[60_000...])) }
        #expect(rig.core.memoryInUse == before)
    }
}
