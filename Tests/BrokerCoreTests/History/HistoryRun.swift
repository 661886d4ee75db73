import AMQPWire
import BrokerCore
import Testing

/// One schedule: a few clients on one broker, who do what a seed says, with the model told of everything.
struct HistoryRun {
    private static let queues = ["a", "b", "c"]
    private static let clientCount = 3
    private static let channels: [UInt16] = [1, 2]

    private let rig = Rig()
    private let fault: HistoryFault?
    private var random: HistoryRandom
    private var clients: [RigClient] = []
    private var numbers: [Int] = []
    private(set) var model = HistoryModel(queues: queues)
    /// What happened, in words; nil unless it was asked for: much of a schedule's time would go into what nobody reads.
    private let account: Account?
    var log: [String] { account?.lines ?? [] }
    private var lastMessage = 0
    private var lastTag = 0
    private var expectedPurge = 0
    private var getting: (queue: String, noAck: Bool)?

    init(seed: UInt64, fault: HistoryFault? = nil, keepsLog: Bool = false) throws {
        random = HistoryRandom(seed: seed)
        account = keepsLog ? Account() : nil
        self.fault = fault
        let admin = try rig.open()
        for queue in Self.queues { admin.send(QueueDeclare(queue: name(queue))) }
        // Two of the queues also get what is sent to everybody.
        for queue in Self.queues.dropLast() { admin.send(QueueBind(queue: name(queue), exchange: "amq.fanout")) }
        for _ in 0..<Self.clientCount { try connect() }
    }

    /// Everything is over when the last connection is, and what is left is fetched.
    mutating func run(steps: Int) throws {
        for _ in 0..<steps where model.violations.isEmpty { try step() }
        guard model.violations.isEmpty else { return }
        for index in clients.indices {
            model.begin()
            lose(index)
            tell()
        }
        try connect()
        let path = HistoryModel.Path(client: numbers[clients.count - 1], channel: 1)
        for queue in Self.queues {
            for _ in 0...(model.ready[queue]?.count ?? 0) where model.violations.isEmpty {
                get(queue, noAck: true, path)
            }
        }
    }

    // MARK: Steps

    private mutating func step() throws {
        let index = random.next(Self.clientCount)
        let path = HistoryModel.Path(client: numbers[index], channel: Self.channels[random.next(2)])
        model.begin()
        switch random.next(100) {
        case 0..<35: publish(clients[index], path)
        case 35..<45: consume(clients[index], path)
        case 45..<65: settle(clients[index], path, requeue: false)
        case 65..<77: settle(clients[index], path, requeue: true)
        case 77..<82: return get(Self.queues[random.next(3)], noAck: random.next(2) == 0, path)
        case 82..<86: cancel(clients[index], path)
        case 86..<90: window(clients[index], path)
        case 90..<92: purge(clients[index], path)
        case 92..<94: recover(clients[index], path)
        case 94..<97: closeChannel(clients[index], path)
        default:
            lose(index)
            tell()
            model.begin()
            try connect(at: index)
        }
        tell()
    }

    private mutating func publish(_ client: RigClient, _ path: HistoryModel.Path) {
        let isFanout = random.next(4) == 0
        let queue = Self.queues[random.next(3)]
        for _ in 0...random.next(4) {
            lastMessage += 1
            note("\(path) publishes \(lastMessage) to \(isFanout ? "a and b" : queue)")
            model.publish(lastMessage, to: isFanout ? Array(Self.queues.dropLast()) : [queue], on: path)
            client.publish(
                "\(lastMessage)", to: isFanout ? "" : name(queue), exchange: isFanout ? "amq.fanout" : "",
                channel: path.channel)
        }
    }

    private mutating func consume(_ client: RigClient, _ path: HistoryModel.Path) {
        lastTag += 1
        let (tag, queue, noAck) = ("c\(lastTag)", Self.queues[random.next(3)], random.next(5) == 0)
        let window = random.next(2) == 0 ? 0 : 1 + random.next(3)
        note("\(path) consumes \(queue) as \(tag)\(noAck ? ", no-ack" : ""), window \(window)")
        client.send(BasicQos(prefetchCount: sent(window)), channel: path.channel)
        // The later of the two kinds of window stands, as in RabbitMQ 3.10.8.
        model.share(0, on: path)
        model.consume(queue, tag: tag, on: path, noAck: noAck, window: window)
        client.send(BasicConsume(queue: name(queue), consumerTag: name(tag), noAck: noAck), channel: path.channel)
    }

    private func sent(_ window: Int) -> UInt16 {
        UInt16(fault == .oneTooMany && window > 0 ? window + 1 : window)
    }

    private mutating func settle(_ client: RigClient, _ path: HistoryModel.Path, requeue: Bool) {
        guard let tag = model.out[path]?.keys.sorted().randomElement(using: &random) else { return }
        let multiple = random.next(3) == 0
        let tags = model.deliveries(tag, multiple: multiple, on: path)
        let drops = !requeue && random.next(4) == 0
        note("\(path) \(requeue ? "requeues" : drops ? "drops" : "acks") \(tags)")
        let messages = tags.compactMap { model.out[path]?[$0] }
        model.settle(tags, on: path, requeue: requeue)
        switch (requeue || drops, fault) {
        case (false, .forgetsAcks) where random.next(4) == 0: break
        case (false, .ackMultipleLeavesOneBehind) where multiple && tags.count > 1:
            client.send(BasicAck(deliveryTag: tags[tags.count - 2], multiple: true), channel: path.channel)
        case (false, _): client.send(BasicAck(deliveryTag: tag, multiple: multiple), channel: path.channel)
        case (true, .requeuesAtTheTail) where requeue:
            client.send(BasicNack(deliveryTag: tag, multiple: multiple, requeue: false), channel: path.channel)
            for delivery in messages {
                client.publish("\(delivery.message)", to: name(delivery.queue), channel: path.channel)
            }
        case (true, _):
            if !multiple, random.next(2) == 0 {
                client.send(BasicReject(deliveryTag: tag, requeue: requeue), channel: path.channel)
            } else {
                client.send(BasicNack(deliveryTag: tag, multiple: multiple, requeue: requeue), channel: path.channel)
            }
        }
    }

    private mutating func get(_ queue: String, noAck: Bool, _ path: HistoryModel.Path) {
        guard let index = numbers.lastIndex(of: path.client) else { return }
        note("\(path) gets from \(queue)\(noAck ? ", no-ack" : "")")
        model.begin()
        getting = (queue, noAck)
        clients[index].send(BasicGet(queue: name(queue), noAck: noAck), channel: path.channel)
        tell()
    }

    private mutating func cancel(_ client: RigClient, _ path: HistoryModel.Path) {
        let tags = model.consumers.filter { $0.value.path == path }.keys.sorted()
        guard let tag = tags.randomElement(using: &random) else { return }
        note("\(path) cancels \(tag)")
        model.cancel(tag)
        client.send(BasicCancel(consumerTag: name(tag)), channel: path.channel)
    }

    private mutating func window(_ client: RigClient, _ path: HistoryModel.Path) {
        let window = random.next(4)
        note("\(path) shares a window of \(window)")
        model.share(window, on: path)
        client.send(BasicQos(prefetchCount: sent(window), global: true), channel: path.channel)
    }

    private mutating func purge(_ client: RigClient, _ path: HistoryModel.Path) {
        let queue = Self.queues[random.next(3)]
        note("\(path) purges \(queue)")
        expectedPurge = model.ready[queue]?.count ?? 0
        model.purge(queue)
        client.send(QueuePurge(queue: name(queue)), channel: path.channel)
    }

    private mutating func recover(_ client: RigClient, _ path: HistoryModel.Path) {
        note("\(path) recovers")
        model.settle(model.deliveries(.max, multiple: true, on: path), on: path, requeue: true)
        client.send(BasicRecover(requeue: true), channel: path.channel)
    }

    private mutating func closeChannel(_ client: RigClient, _ path: HistoryModel.Path) {
        note("\(path) is closed, and opened again")
        model.lose(path, withConnection: false)
        client.send(ChannelClose(replyCode: .replySuccess), channel: path.channel)
        client.send(ChannelOpen(), channel: path.channel)
        if random.next(2) == 0 { confirm(client, path) }
    }

    private mutating func confirm(_ client: RigClient, _ path: HistoryModel.Path) {
        client.send(ConfirmSelect(), channel: path.channel)
        model.selectConfirms(on: path)
    }

    // MARK: Connections

    private mutating func connect(at index: Int? = nil) throws {
        let client = try rig.open()
        client.send(ChannelOpen(), channel: 2)
        let number = (numbers.max() ?? 0) + 1
        if let index {
            (clients[index], numbers[index]) = (client, number)
        } else {
            clients.append(client)
            numbers.append(number)
        }
        for channel in Self.channels where random.next(2) == 0 {
            confirm(client, HistoryModel.Path(client: number, channel: channel))
        }
    }

    private mutating func lose(_ index: Int) {
        note("client \(numbers[index]) is gone")
        clients[index].disconnect()
        for channel in Self.channels {
            model.lose(HistoryModel.Path(client: numbers[index], channel: channel), withConnection: true)
        }
    }

    // MARK: What the broker said

    /// Tells the model all that has come of a step.
    private mutating func tell() {
        for (index, client) in clients.enumerated() {
            var received = client.take()
            if let fault { received = fault.spoil(received, &random) }
            for item in received { tell(item, HistoryModel.Path(client: numbers[index], channel: item.channel)) }
        }
        model.end()
    }

    private mutating func tell(_ received: Received, _ path: HistoryModel.Path) {
        let message = received.body.flatMap { Int($0) } ?? 0
        switch received.method {
        case .basicDeliver(let deliver):
            note("    \(path) <- \(message) for \(deliver.consumerTag)\(deliver.redelivered ? ", redelivered" : "")")
            model.delivered(
                message, consumer: deliver.consumerTag.text, deliveryTag: deliver.deliveryTag,
                redelivered: deliver.redelivered, on: path)
        case .basicGetOk(let ok):
            note("    \(path) <- \(message)\(ok.redelivered ? ", redelivered" : ""), \(ok.messageCount) left")
            model.got(
                message, from: getting?.queue ?? "", deliveryTag: ok.deliveryTag, redelivered: ok.redelivered,
                left: Int(ok.messageCount), on: path, noAck: getting?.noAck ?? true)
        case .basicGetEmpty: model.gotEmpty(getting?.queue ?? "")
        case .basicAck(let ack): model.confirmed(ack.deliveryTag, multiple: ack.multiple, on: path)
        case .queuePurgeOk(let ok): model.purged(Int(ok.messageCount), expected: expectedPurge)
        case .channelClose(let close): note("    \(path) <- closed: \(close.replyText)")
        default: break
        }
    }

    private func note(_ line: @autoclosure () -> String) { account?.lines.append(line()) }

    private final class Account {
        var lines: [String] = []
    }

    private func name(_ text: String) -> ShortString { ShortString(truncating: text) }
}

extension HistoryModel.Path: CustomStringConvertible {
    var description: String { "client \(client), channel \(channel)" }
}
