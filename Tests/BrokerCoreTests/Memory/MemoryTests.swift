import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// Whatever clients do that don't read, don't commit or don't finish, the broker holds little more than its mark.
@Suite("Memory", .ownThread)
struct MemoryTests {
    private static let mark = 5_000_000
    private static let large = String(repeating: ".", count: 800_000)
    private let rig = Rig { $0.memoryHighWater = Self.mark }

    /// Does something so often, or until the client isn't read from any more. Returns how often.
    private func attack(_ client: RigClient, times: Int, _ body: (Int) throws -> Void) rethrows -> Int {
        for number in 0..<times {
            guard rig.isRead(client), !client.isEnded else { return number }
            try body(number)
        }
        return times
    }

    /// The mark is kept within a quarter, others are served, and nothing is left in the account when all have gone.
    private func check(_ attackers: [RigClient], _ location: SourceLocation = #_sourceLocation) throws {
        #expect(rig.core.memoryInUse <= Self.mark / 4 * 5, sourceLocation: location)
        let other = try rig.open()
        other.send(QueueDeclare(queue: "other"))
        #expect(other.take().count == 1, sourceLocation: location)
        other.send(QueueDelete(queue: "other"))
        for client in attackers + [other] { client.disconnect() }
        for queue in rig.core.listQueues() {
            let cleaner = try rig.open()
            cleaner.send(QueueDelete(queue: ShortString(truncating: queue.name)))
            cleaner.send(ExchangeDelete(exchange: "x"))
            cleaner.disconnect()
        }
        #expect(rig.core.memoryInUse == 0, sourceLocation: location)
    }

    @Test("Answers to basic.get that nobody reads")
    func answers() throws {
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        client.publish(Self.large, to: "q")
        client.isDeaf = true
        let count = attack(client, times: 1000) { number in
            client.send(BasicGet(queue: "q"))
            client.send(BasicNack(deliveryTag: UInt64(number + 1), requeue: true))
        }
        // 16 MiB, and the message that goes beyond.
        #expect(count == 21)
        #expect(rig.core.memoryInUse < 1_000_000)
        try check([client])
    }

    @Test("Small answers that nobody reads")
    func smallAnswers() throws {
        let clients = try (0..<40).map { _ in try rig.open() }
        clients[0].send(QueueDeclare(queue: "q"))
        clients[0].publish(String(repeating: ".", count: 10_000), to: "q")
        for client in clients {
            client.isDeaf = true
            _ = attack(client, times: 1000) { number in
                client.send(BasicGet(queue: "q"))
                client.send(BasicNack(deliveryTag: UInt64(number + 1), requeue: true))
                // What makes a mark be looked at is a publish.
                client.publish("", to: "nowhere")
            }
        }
        try check(clients)
    }

    @Test("Messages that come back and that nobody reads")
    func returns() throws {
        let client = try rig.open()
        client.isDeaf = true
        let half = String(Self.large.prefix(400_000))
        #expect(attack(client, times: 100) { _ in client.publish(half, to: "nowhere", mandatory: true) } < 20)
        try check([client])
    }

    @Test("Replies that nobody reads are lost, and those who answer go on")
    func replies() throws {
        let (requester, server) = (try rig.open(), try rig.open())
        requester.send(BasicConsume(queue: "amq.rabbitmq.reply-to", noAck: true))
        server.send(QueueDeclare(queue: "requests"))
        server.send(BasicConsume(queue: "requests", noAck: true))
        requester.publish("?", to: "requests", properties: BasicProperties(replyTo: "amq.rabbitmq.reply-to"))
        let request = server.take().first { $0.body == "?" }
        let replyTo = try #require(request?.properties?.replyTo)
        requester.isDeaf = true
        let count = attack(server, times: 100) { _ in server.publish(String(repeating: ".", count: 10_000), to: replyTo)
        }
        #expect(count == 100)
        try check([requester, server])
    }

    @Test("A transaction that is not committed is refused when it becomes too large")
    func transaction() throws {
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        client.send(TxSelect())
        _ = client.take()
        let body = String(repeating: ".", count: 100_000)
        var close: (code: ReplyCode, text: String, isChannel: Bool)?
        let count = attack(client, times: 100) { _ in
            if close == nil {
                client.publish(body, to: "q")
                close = client.takeClose()
            }
        }
        #expect(count == 100)
        #expect(close?.code == .preconditionFailed && close?.isChannel == true)
        #expect(close?.text.contains("a transaction that is not committed may take up 2500000 octets") == true)
        try check([client])
    }

    @Test("What many channels have begun and don't finish")
    func unfinished() throws {
        let client = try rig.open()
        let count = attack(client, times: 500) { number in
            let channel = UInt16(number + 2)
            client.send(ChannelOpen(), channel: channel)
            var writer = FrameWriter()
            writer.method(BasicPublish(), channel: channel)
            writer.header(propertyOctets: [0, 0], bodySize: 10_000_000, channel: channel)
            writer.body(Array(repeating: 1, count: 65_536)[...], channel: channel, frameMax: 131_072)
            client.send(octets: writer.take())
        }
        // Each has room made for as much as two of these frames.
        #expect((30..<60).contains(count))
        try check([client])
    }

    @Test("Memory that is full of what was begun is freed: one that waits in the middle for long is closed")
    func inTheWay() throws {
        let clients = try (0..<2).map { _ in try rig.open() }
        for client in clients {
            var writer = FrameWriter()
            writer.method(BasicPublish(), channel: 1)
            writer.header(propertyOctets: [0, 0], bodySize: 10_000_000, channel: 1)
            writer.body(Array(repeating: 1, count: 2_600_000)[...], channel: 1, frameMax: 131_072)
            client.send(octets: writer.take())
        }
        var writer = FrameWriter()
        writer.body([1], channel: 1, frameMax: 131_072)
        clients[1].send(octets: writer.take())
        #expect(!rig.isRead(clients[1]))
        rig.advance(by: 60_000)
        #expect(clients[1].take().isEmpty)
        rig.advance(by: 60_000)
        #expect(clients[1].takeClose()?.code == .resourceError)
        #expect(rig.isRead(clients[0]) && clients[0].take().isEmpty)
        try check(clients)
    }

    @Test("One large message to many consumers that don't read")
    func consumers() throws {
        let body = String(repeating: ".", count: 4_000_000)
        let clients = try (0..<10).map { number in
            let client = try rig.open()
            client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
            let queue = ShortString(truncating: "q\(number)")
            client.send(QueueDeclare(queue: queue))
            client.send(QueueBind(queue: queue, exchange: "x"))
            client.send(BasicConsume(queue: queue, noAck: number % 2 == 0))
            client.isDeaf = true
            return client
        }
        let publisher = try rig.open()
        publisher.publish(body, to: "", exchange: "x")
        #expect(clients.allSatisfy { $0.unsent > 0 })
        #expect(rig.core.listConnections().map(\.unsentOctets).reduce(0, +) > 10 * 4_000_000)
        try check(clients + [publisher])
    }

    @Test("Many small messages in many queues")
    func places() throws {
        let client = try rig.open()
        client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        for number in 0..<500 {
            let queue = ShortString(truncating: "q\(number)")
            client.send(QueueDeclare(queue: queue))
            client.send(QueueBind(queue: queue, exchange: "x"))
        }
        // All in one piece: what has come by the time that the mark is reached waits too.
        var writer = FrameWriter()
        for _ in 0..<400 {
            writer.content(BasicPublish(exchange: "x"), BasicProperties(), body: [1], channel: 1, frameMax: 4096)
        }
        client.send(octets: writer.take())
        #expect(!rig.isRead(client))
        try check([client])
    }

    @Test("Bindings and exchanges with their arguments are counted, and are gone from the account however they go")
    func bindings() throws {
        let client = try rig.open()
        let arguments: FieldTable = ["a": .array(Array(repeating: .bool(true), count: 1000))]
        for name in ["x", "y"] as [ShortString] {
            client.send(ExchangeDeclare(exchange: name, type: "headers", arguments: arguments))
        }
        client.send(QueueDeclare(queue: "q", arguments: arguments))
        let before = rig.core.memoryInUse
        #expect(before > 3 * 1000 * MemoryLayout<FieldValue>.stride)
        for number in 0..<40 {
            for name in ["x", "y"] as [ShortString] {
                client.send(
                    QueueBind(
                        queue: "q", exchange: name, routingKey: ShortString(truncating: "\(number)"),
                        arguments: arguments))
            }
        }
        #expect(rig.core.memoryInUse > before + 80 * 1000 * MemoryLayout<FieldValue>.stride)
        // One by one, with its exchange, with its queue.
        client.send(QueueUnbind(queue: "q", exchange: "x", routingKey: "0", arguments: arguments))
        client.send(ExchangeDelete(exchange: "x"))
        client.send(QueueDelete(queue: "q"))
        client.send(ExchangeDelete(exchange: "y"))
        client.disconnect()
        #expect(rig.core.memoryInUse == 0)
    }

    @Test("A large message is sent in parts, whole and in order, to a client that reads")
    func parts() throws {
        let (publisher, client) = (try rig.open(), try rig.open())
        client.send(QueueDeclare(queue: "q"))
        client.send(BasicConsume(queue: "q", noAck: true))
        _ = client.take()
        let bodies = [Self.large, "small", String(repeating: "x", count: 300_000)]
        let before = rig.core.memoryInUse
        for body in bodies { publisher.publish(body, to: "q") }
        client.send(QueueDeclare(queue: "q", passive: true))
        #expect(client.received.isEmpty)
        rig.drain()
        #expect(client.received.map(\.body) == bodies + [nil])
        #expect(rig.core.memoryInUse == before)
        try check([publisher, client])
    }

    @Test("What waits is sent before the stream ends; a client that does not take it is not waited for")
    func end() throws {
        for isDeaf in [false, true] {
            let client = try rig.open()
            client.send(QueueDeclare(queue: "q"))
            client.publish(Self.large, to: "q")
            client.isDeaf = isDeaf
            client.send(BasicGet(queue: "q"))
            client.send(ConnectionClose(replyCode: .replySuccess), channel: 0)
            #expect(!client.isEnded)
            if isDeaf {
                rig.advance(by: rig.core.configuration.closeTimeout)
                #expect(client.isGivenUp)
            } else {
                rig.drain()
                #expect(client.isEnded && client.take().last?.method == .connectionCloseOk(ConnectionCloseOk()))
            }
            client.disconnect()
        }
        try check([])
    }
}
