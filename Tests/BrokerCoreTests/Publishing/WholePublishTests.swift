import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// A publish that has come whole, and goes where its channel's last one went, is handled in one go. Nobody can tell.
@Suite("Publishes in one go", .ownThread)
struct WholePublishTests {
    private let rig = Rig { $0.maximumMessageSize = 100 }

    /// Whether this is taken in one go as the next thing that comes of a client.
    private func isTaken(_ octets: [UInt8], of client: RigClient) throws -> Bool {
        let connection = try #require(rig.core.connections[client.id])
        connection.reader.append(octets)
        defer { _ = connection.reader.take(connection.reader.buffered) }
        return connection.publishAgain()
    }

    private static func publish(
        _ body: String = "", to key: ShortString = "q", exchange: ShortString = "", immediate: Bool = false,
        _ properties: BasicProperties = .init(), channel: UInt16 = 1
    ) -> [UInt8] {
        var writer = FrameWriter()
        writer.content(
            BasicPublish(exchange: exchange, routingKey: key, immediate: immediate), properties, body: Array(body.utf8),
            channel: channel, frameMax: 4096)
        return writer.take()
    }

    private var readyCount: Int { rig.core.listQueues().reduce(0) { $0 + $1.readyCount } }

    @Test("One that goes where the last one went is, and no other")
    func kinds() throws {
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        #expect(try !isTaken(Self.publish(), of: client), "it is the first")
        client.publish("", to: "q")
        #expect(try isTaken(Self.publish(), of: client))
        #expect(
            try isTaken(Self.publish(String(repeating: "x", count: 100), BasicProperties(deliveryMode: 2)), of: client))
        #expect(readyCount == 3)
        let others = [
            Self.publish(to: "p"), Self.publish(exchange: "amq.direct"), Self.publish(immediate: true),
            Self.publish(channel: 2), Self.publish("x", BasicProperties(priority: 1)),
            Self.publish(String(repeating: "x", count: 101)), Self.publish("x").dropLast(), Self.publish().dropLast(),
        ]
        for (number, other) in others.enumerated() { #expect(try !isTaken(other, of: client), "\(number)") }
        #expect(readyCount == 3)
    }

    @Test("None is where the channel or its route is not as it was")
    func states() throws {
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        client.publish("", to: "q")
        client.send(QueueDeclare(queue: "new"))
        #expect(try !isTaken(Self.publish(), of: client), "a route may lead elsewhere")
        client.publish("", to: "q")
        #expect(try isTaken(Self.publish(), of: client))
        // In the middle of a content.
        client.send(BasicPublish(routingKey: "q"))
        #expect(try !isTaken(Self.publish(), of: client))
        var header = FrameWriter()
        header.header(propertyOctets: [0, 0], bodySize: 0, channel: 1)
        client.send(octets: header.take())
        #expect(try isTaken(Self.publish(), of: client))
        // While its channel is being closed, and when there is a new one.
        client.publish("", to: "q", exchange: "nowhere")
        #expect(client.takeClose()?.code == .notFound)
        #expect(try !isTaken(Self.publish(), of: client))
        client.send(ChannelCloseOk())
        #expect(try !isTaken(Self.publish(), of: client))
        client.send(ChannelOpen())
        #expect(try !isTaken(Self.publish(), of: client))
        client.publish("", to: "q")
        #expect(try isTaken(Self.publish(), of: client))
    }

    @Test("None is while an alarm holds publishers back")
    func alarm() throws {
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        client.publish("", to: "q")
        rig.step(.diskIsLow(true))
        #expect(try !isTaken(Self.publish(), of: client))
        rig.step(.diskIsLow(false))
        #expect(try isTaken(Self.publish(), of: client))
    }

    /// Puts a heartbeat behind each frame: then no publish is whole, and everything else is as it was.
    static func spread(_ octets: [UInt8]) throws -> [UInt8] {
        var (reader, writer) = (FrameReader(frameMax: 0), FrameWriter())
        reader.append(octets)
        while let frame = try reader.next() {
            writer.frame(frame.kind, channel: frame.channel) { $0.raw(frame.payload) }
            writer.heartbeat()
        }
        return writer.take()
    }

    @Test("As many messages get into a memory that fills up as frame by frame", arguments: [0, 1, 4000])
    func mark(size: Int) throws {
        var counts: [Int] = []
        for isSpread in [false, true] {
            let rig = Rig()
            let (client, other) = (try rig.open(), try rig.open())
            client.send(QueueDeclare(queue: "q"))
            for client in [client, other] { client.publish("", to: "q") }
            rig.step(.setMemoryHighWater(rig.core.memoryInUse + 20_000))
            let body = String(repeating: "x", count: size)
            let octets = [[UInt8]](repeating: Self.publish(body), count: 300).flatMap(\.self)
            for client in [client, other] { client.send(octets: isSpread ? try Self.spread(octets) : octets) }
            #expect(!rig.isRead(client) && !rig.isRead(other))
            counts.append(rig.core.listQueues()[0].readyCount)
        }
        #expect(counts[0] == counts[1] && counts[0] < 302)
    }

    @Test("Who traces gets the same copies, and a transaction becomes too large at the same publish")
    func copiesAndTransactions() throws {
        var answers: [[Received]] = []
        for isSpread in [false, true] {
            let rig = Rig {
                $0.tracedVirtualHosts = ["/"]
                $0.transactionLimit = 5000
            }
            let client = try rig.open()
            client.send(ChannelOpen(), channel: 2)
            client.send(TxSelect(), channel: 2)
            for queue in ["q", "traced"] as [ShortString] { client.send(QueueDeclare(queue: queue)) }
            client.send(QueueBind(queue: "traced", exchange: "amq.rabbitmq.trace", routingKey: "#"))
            client.received = []
            let large = String(repeating: "x", count: 1000)
            let octets =
                (0..<9).flatMap { Self.publish("\($0)") } + (0..<9).flatMap { _ in Self.publish(large, channel: 2) }
            client.send(octets: isSpread ? try Self.spread(octets) : octets)
            for _ in 0..<20 { client.send(BasicGet(queue: "traced", noAck: true)) }
            for _ in 0..<10 { client.send(BasicGet(queue: "q", noAck: true)) }
            answers.append(client.take())
        }
        #expect(answers[0] == answers[1])
        #expect(answers[0].count { $0.method.id == BasicGetOk.id } > 20)
        let closes = answers[0].filter { $0.method.id == ChannelClose.id }
        #expect(closes.map(\.channel) == [2])
    }

    @Test("Whole, frame by frame, and cut anywhere, sessions are answered with the same", arguments: 0..<12)
    func sessions(seed: Int) throws {
        let session = PublishingSession(seed: UInt64(seed), steps: 40)
        let whole = try session.play { [$0] }
        let spread = try session.play { [try Self.spread($0)] }
        for client in whole.received.indices {
            #expect(whole.received[client] == spread.received[client], "client \(client)")
        }
        #expect(whole.readyCounts == spread.readyCounts)
        #expect(whole.memoryInUse == spread.memoryInUse)

        var random = SeededGenerator(seed: UInt64(seed))
        let most = seed % 3 == 0 ? 8 : 200
        let cut = try session.play { octets in
            var (parts, rest) = ([] as [[UInt8]], octets[...])
            while !rest.isEmpty {
                let part = rest.prefix(Int.random(in: 1...most, using: &random))
                parts.append(Array(part))
                rest = rest.dropFirst(part.count)
            }
            return parts
        }
        for client in whole.received.indices {
            let (once, often) = (Answers(whole.received[client]), Answers(cut.received[client]))
            #expect(once == often, "client \(client)")
        }
        #expect(whole.readyCounts == cut.readyCounts)
        // It went to its end, where the publisher asks for what there is not.
        #expect(whole.received[0].last?.method.id == ConnectionClose.id)
        #expect(whole.received.dropFirst().allSatisfy { !$0.contains { $0.method.id == ConnectionClose.id } })
    }

    /// What a client was sent, without what depends on how often its broker had a turn: how many confirms are told as one,
    /// and what they and the answers to commits stand between.
    private struct Answers: Equatable {
        var others: [UInt16: [Received]] = [:]
        /// Of each life of a channel, which publishes were taken.
        var confirms: [UInt16: [[UInt64: Bool]]] = [:]
        var commits: [UInt16: Int] = [:]

        init(_ received: [Received]) {
            for one in received {
                switch one.method {
                case .basicAck(let ack): confirm(ack.deliveryTag, ack.multiple, true, on: one.channel)
                case .basicNack(let nack): confirm(nack.deliveryTag, nack.multiple, false, on: one.channel)
                case .txCommitOk: commits[one.channel, default: 0] += 1
                case .channelOpenOk:
                    confirms[one.channel, default: [[:]]].append([:])
                    others[one.channel, default: []].append(one)
                default: others[one.channel, default: []].append(one)
                }
            }
        }

        private mutating func confirm(_ tag: UInt64, _ multiple: Bool, _ isTaken: Bool, on channel: UInt16) {
            var lives = confirms[channel] ?? [[:]]
            var last = lives.popLast() ?? [:]
            for number in (multiple ? 1 : tag)...tag where last[number] == nil { last[number] = isTaken }
            lives.append(last)
            confirms[channel] = lives
        }
    }
}
