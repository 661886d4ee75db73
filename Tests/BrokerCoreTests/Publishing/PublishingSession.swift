import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// What three clients send, as a seed has it: one publishes, one consumes, and one changes what there is meanwhile.
struct PublishingSession {
    /// Whole frames, and which client sends them.
    private var chunks: [(client: Int, octets: [UInt8])] = []
    private var random: SeededGenerator
    private var (bodyCount, tagCount) = (0, 0)

    private static let (publisher, consumer, changer) = (0, 1, 2)
    /// With confirms, in transactions, and with neither.
    private static let channels: [UInt16] = [1, 2, 3]
    private static let places: [(exchange: ShortString, key: ShortString)] = [
        ("", "q1"), ("", "q2"), ("", "q3"), ("x", "a"), ("x", "b"), ("", "none"), ("h", ""),
    ]

    init(seed: UInt64, steps: Int) {
        random = SeededGenerator(seed: seed)
        begin()
        for _ in 0..<steps { step() }
        add(Self.publisher) { session, writer in
            session.publishes(on: 3, &writer)
            writer.content(
                BasicPublish(routingKey: "q1", immediate: true), BasicProperties(), body: [1], channel: 3, frameMax: 0)
            session.publishes(on: 3, &writer)
        }
    }

    /// What came of it.
    struct Outcome {
        /// By each client.
        var received: [[Received]]
        var readyCounts: [String: Int]
        var memoryInUse: Int
    }

    /// Plays it to a new broker, each chunk in such parts.
    func play(_ parts: ([UInt8]) throws -> [[UInt8]]) throws -> Outcome {
        let rig = Rig()
        let clients = try (0..<3).map { _ in try rig.open() }
        for chunk in chunks {
            for part in try parts(chunk.octets) { clients[chunk.client].send(octets: part) }
            rig.drain()
        }
        let queues = rig.core.listQueues().map { ("\($0.name)", $0.readyCount) }
        return Outcome(
            received: clients.map { $0.take() }, readyCounts: Dictionary(uniqueKeysWithValues: queues),
            memoryInUse: rig.core.memoryInUse)
    }

    private mutating func add(_ client: Int, _ write: (inout Self, inout FrameWriter) -> Void) {
        var writer = FrameWriter()
        write(&self, &writer)
        chunks.append((client, writer.take()))
    }

    private mutating func number(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

    private mutating func begin() {
        add(Self.changer) { session, writer in
            writer.method(ExchangeDeclare(exchange: "x"), channel: 1)
            writer.method(ExchangeDeclare(exchange: "h", type: "headers"), channel: 1)
            writer.method(ExchangeDeclare(exchange: "in", internal: true), channel: 1)
            for queue in ["q1", "q2", "q3"] as [ShortString] { session.declare(queue, &writer) }
            writer.method(QueueBind(queue: "q2", exchange: "h", arguments: ["a": 1]), channel: 1)
        }
        add(Self.consumer) { $0.consume(&$1) }
        add(Self.publisher) { session, writer in
            for channel in [2, 3] as [UInt16] { writer.method(ChannelOpen(), channel: channel) }
            for channel in Self.channels { session.select(on: channel, &writer) }
            writer.method(BasicConsume(queue: "q3", consumerTag: "own", noAck: true), channel: 3)
        }
    }

    private mutating func step() {
        switch number(10) {
        case 0: add(Self.changer) { $0.change(&$1) }
        case 1: add(Self.consumer) { $0.consume(&$1) }
        case 2:
            add(Self.publisher) { session, writer in
                if Bool.random(using: &session.random) {
                    writer.method(TxCommit(), channel: 2)
                } else {
                    writer.method(TxRollback(), channel: 2)
                }
            }
        case 3: add(Self.publisher) { $0.breach(&$1) }
        case 4: add(Self.publisher) { $0.reopen(&$1) }
        case 5: add(Self.publisher) { $0.interleave(&$1) }
        default:
            add(Self.publisher) { session, writer in
                for _ in 0...session.number(3) {
                    session.publishes(on: Self.channels[session.number(3)], &writer)
                    if session.number(4) == 0 { session.declare("q3", &writer) }
                }
            }
        }
    }

    // MARK: What the publisher sends

    private func select(on channel: UInt16, _ writer: inout FrameWriter) {
        if channel == 1 { writer.method(ConfirmSelect(), channel: channel) }
        if channel == 2 { writer.method(TxSelect(), channel: channel) }
    }

    private mutating func publishes(on channel: UInt16, _ writer: inout FrameWriter) {
        let place = Self.places[number(Self.places.count)]
        for _ in 0...number(5) { publish(place.exchange, place.key, on: channel, &writer) }
    }

    private mutating func publish(
        _ exchange: ShortString, _ key: ShortString, on channel: UInt16, _ writer: inout FrameWriter
    ) {
        bodyCount += 1
        let body = "\(bodyCount)." + String(repeating: "x", count: number(12) == 0 ? 5000 : [0, 10, 300][number(3)])
        let properties: BasicProperties =
            switch number(16) {
            case 0: BasicProperties(headers: ["CC": ["q2"], "a": 1])
            case 1: BasicProperties(priority: 1, expiration: "100000")
            case 2: BasicProperties(userID: "guest")
            case 3: BasicProperties(deliveryMode: 1)
            case 4...6: BasicProperties(deliveryMode: 2)
            default: BasicProperties()
            }
        writer.content(
            BasicPublish(exchange: exchange, routingKey: key, mandatory: .random(using: &random)), properties,
            body: number(6) == 0 ? [] : Array(body.utf8), channel: channel, frameMax: number(4) == 0 ? 4096 : 131_072)
    }

    /// What closes its channel, more to the same place, and the channel anew.
    private mutating func breach(_ writer: inout FrameWriter) {
        let channel = Self.channels[number(2)]
        publishes(on: channel, &writer)
        switch number(3) {
        case 0: publish("nowhere", "q1", on: channel, &writer)
        case 1: publish("in", "q1", on: channel, &writer)
        default:
            writer.content(
                BasicPublish(routingKey: "q1"), BasicProperties(userID: "other"), body: [1], channel: channel,
                frameMax: 0)
        }
        publishes(on: channel, &writer)
        writer.method(ChannelCloseOk(), channel: channel)
        writer.method(ChannelOpen(), channel: channel)
        if Bool.random(using: &random) { publishes(on: channel, &writer) }
        select(on: channel, &writer)
        publishes(on: channel, &writer)
    }

    private mutating func reopen(_ writer: inout FrameWriter) {
        let channel = Self.channels[number(2)]
        publishes(on: channel, &writer)
        writer.method(ChannelClose(replyCode: .replySuccess), channel: channel)
        writer.method(ChannelOpen(), channel: channel)
        select(on: channel, &writer)
        publishes(on: channel, &writer)
    }

    /// Publishes of two channels, a frame of each in turn.
    private mutating func interleave(_ writer: inout FrameWriter) {
        var sides: [[Frame]] = []
        for channel in [1, 3] as [UInt16] {
            var (side, reader) = (FrameWriter(), FrameReader(frameMax: 0))
            publishes(on: channel, &side)
            reader.append(side.octets)
            var frames: [Frame] = []
            while let frame = try? reader.next() { frames.append(frame) }
            sides.append(frames)
        }
        for place in 0..<(sides.map(\.count).max() ?? 0) {
            for side in sides where place < side.count {
                writer.frame(side[place].kind, channel: side[place].channel) { $0.raw(side[place].payload) }
            }
        }
    }

    // MARK: What the others send

    private func declare(_ queue: ShortString, _ writer: inout FrameWriter) {
        let arguments: FieldTable = queue == "q2" ? ["x-max-length": 5, "x-overflow": "reject-publish"] : [:]
        writer.method(QueueDeclare(queue: queue, arguments: arguments), channel: 1)
    }

    private mutating func consume(_ writer: inout FrameWriter) {
        tagCount += 1
        writer.method(
            BasicConsume(queue: "q1", consumerTag: ShortString(truncating: "c\(tagCount)"), noAck: true), channel: 1)
        writer.method(BasicGet(queue: "q2", noAck: true), channel: 1)
    }

    private mutating func change(_ writer: inout FrameWriter) {
        let queue = ["q1", "q2"][number(2)] as ShortString
        switch number(6) {
        case 0:
            writer.method(QueueDelete(queue: queue), channel: 1)
            declare(queue, &writer)
        case 1: writer.method(QueueBind(queue: queue, exchange: "x", routingKey: "a"), channel: 1)
        case 2: writer.method(QueueUnbind(queue: queue, exchange: "x", routingKey: "a"), channel: 1)
        case 3:
            writer.method(ExchangeDelete(exchange: "x"), channel: 1)
            let type = ["direct", "fanout", "topic"][number(3)] as ShortString
            writer.method(ExchangeDeclare(exchange: "x", type: type), channel: 1)
            writer.method(QueueBind(queue: queue, exchange: "x", routingKey: "b"), channel: 1)
        case 4: writer.method(QueuePurge(queue: queue), channel: 1)
        default: for _ in 0...number(4) { writer.method(BasicGet(queue: "q2", noAck: true), channel: 1) }
        }
    }
}
