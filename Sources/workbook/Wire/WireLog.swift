import AMQPWire

/// What a program did, put together from what was seen on the wire: publishes with their messages, deliveries with what
/// became of them, queues by the names that the broker gave them; and how it lived as a process.
///
/// It grows by what is added, and never by more than its limits: a program that publishes forever is watched for a while.
struct WireLog: Sendable {
    /// How much of each kind is kept, and how much of the messages' bodies, in octets.
    static let (mostMessages, mostOthers, mostOctets, longestBody) = (30_000, 2_000, 32 << 20, 1 << 16)
    /// How much may be published, in octets of memory: the broker keeps all of it.
    static let mostLoad = 512 << 20

    private(set) var queues: [DeclaredQueue] = []
    private(set) var exchanges: [DeclaredExchange] = []
    private(set) var bindings: [Binding] = []
    private(set) var consumptions: [Consumption] = []
    private(set) var limits: [(place: Place, method: BasicQos)] = []
    private(set) var published: [Published] = []
    private(set) var handed: [Handed] = []
    private(set) var refusals: [Refusal] = []
    /// The queues that it asked for passively, and that are not there, with the broker's answers.
    private(set) var missed: [(queue: String, answer: Refusal)] = []
    /// connection.close of the program.
    private(set) var farewells: [Place] = []
    /// The connections that it has closed, all of them.
    private(set) var parted: Set<Int> = []
    private(set) var connected: [Place] = []
    private(set) var disconnected: [Place] = []
    private(set) var garbage: [(place: Place, text: String)] = []
    /// confirm.select.
    private(set) var confirmSelects: [Place] = []
    /// basic.ack and basic.nack of the broker: confirms.
    private(set) var confirms: [(place: Place, isNack: Bool, tag: UInt64, multiple: Bool)] = []
    /// basic.return.
    private(set) var returned: [(place: Place, key: String)] = []
    /// What else the program asked for.
    private(set) var others: [(place: Place, method: Method)] = []
    /// The time of the last publish, also of one that is not kept.
    private(set) var lastPublish: Int64?
    /// The time of the last message that a program published, got or settled.
    private(set) var lastDeed: Int64?
    /// Messages that were too many to be kept, or cut to be kept.
    private(set) var unkept = 0
    /// What all that was published takes, as a broker keeps it.
    private(set) var load = 0
    /// The programs that were started, in order.
    var lives: [Life] = []
    /// Some wait ended because the check's time was up: what did not come until then might have come later.
    var isOutOfTime = false
    /// For so long no program has done anything, though it had a processor, in milliseconds. nil: by the clock.
    var quietFor: Int64?
    /// How much time the machine has taken from the programs, in milliseconds.
    var lost: Int64 = 0
    /// What is seen of the wire ends here, in milliseconds since the watch began.
    var now: Int64 = 0

    private var index = 0
    private var octets = 0
    private var sessions = Sessions()
    private var gone: Set<Int> = []
    private var closed: Set<Int> = []

    init(_ observations: [Observation] = []) { for seen in observations { add(seen) } }

    mutating func add(_ seen: Observation) {
        defer { index += 1 }
        let opens: Bool
        if case .channelOpen? = seen.method { opens = !seen.isFromBroker } else { opens = false }
        let place = Place(
            index: index, time: seen.time, run: seen.run, connection: seen.connection, channel: seen.channel,
            session: sessions.number(of: seen.channel, on: seen.connection, opens: opens))
        now = max(now, seen.time)
        switch (seen.direction, seen.what) {
        case (.toBroker, .method(let method, let content)): takeFromProgram(method, content, place)
        case (.toClient, .method(let method, let content)): takeFromBroker(method, content, place)
        case (_, .connected): Self.keep(place, in: &connected)
        case (_, .disconnected):
            gone.insert(place.connection)
            Self.keep(place, in: &disconnected)
        case (_, .garbage(let text)): Self.keep((place, text), in: &garbage)
        }
    }

    private static func keep<Fact>(_ fact: Fact, in facts: inout [Fact]) {
        if facts.count < mostOthers { facts.append(fact) }
    }

    private mutating func takeFromProgram(_ method: Method, _ content: Content?, _ place: Place) {
        switch method {
        case .queueDeclare(let method):
            Self.keep(DeclaredQueue(place: place, name: method.queue.text, method: method), in: &queues)
        case .exchangeDeclare(let method): Self.keep(DeclaredExchange(place: place, method: method), in: &exchanges)
        case .queueBind(let method):
            Self.keep(
                Binding(
                    place: place, queue: resolved(method.queue.text, place), method: method, isGranted: method.noWait),
                in: &bindings)
        case .basicConsume(let method): consume(method, place)
        case .basicGet(let method): get(method, place)
        case .basicQos(let method): Self.keep((place, method), in: &limits)
        case .basicPublish(let method):
            guard let content else { break }
            (lastPublish, lastDeed) = (place.time, place.time)
            // A message that says nothing takes some memory too.
            load += content.body.count + 512
            guard published.count < Self.mostMessages, let body = keepText(content) else { return unkept += 1 }
            published.append(Published(place: place, method: method, properties: content.properties, body: body))
        case .basicAck(let ack): settle(ack.deliveryTag, ack.multiple, .init(place: place, kind: .ack))
        case .basicNack(let nack):
            settle(nack.deliveryTag, nack.multiple, .init(place: place, kind: nack.requeue ? .requeued : .dropped))
        case .basicReject(let reject):
            settle(reject.deliveryTag, false, .init(place: place, kind: reject.requeue ? .requeued : .dropped))
        case .connectionClose:
            parted.insert(place.connection)
            Self.keep(place, in: &farewells)
        case .channelClose: closed.insert(place.session)
        case .confirmSelect: Self.keep(place, in: &confirmSelects)
        default: Self.keep((place, method), in: &others)
        }
    }

    private mutating func takeFromBroker(_ method: Method, _ content: Content?, _ place: Place) {
        switch method {
        case .queueDeclareOk(let ok):
            if let at = queues.lastIndex(where: { $0.place.isBeside(place) && $0.name.isEmpty }) {
                queues[at].name = ok.queue.text
            }
        case .basicConsumeOk(let ok):
            if let at = consumptions.firstIndex(where: { $0.place.isBeside(place) && !$0.isGranted && !$0.isGet }) {
                consumptions[at].isGranted = true
                sessions.name(ok.consumerTag.text, at, in: place.session)
            }
        case .queueBindOk:
            if let at = bindings.firstIndex(where: { $0.place.isBeside(place) && !$0.isGranted }) {
                bindings[at].isGranted = true
            }
        case .basicDeliver(let deliver):
            let at = sessions.consumption(deliver.consumerTag.text, in: place.session)
            hand(
                place, (deliver.deliveryTag, deliver.redelivered, deliver.exchange.text, deliver.routingKey.text),
                content,
                from: at.map { consumptions[$0] })
        case .basicGetOk(let ok):
            hand(
                place, (ok.deliveryTag, ok.redelivered, ok.exchange.text, ok.routingKey.text), content,
                from: takeGet(place))
        case .basicGetEmpty: _ = takeGet(place)
        case .channelClose(let close) where isAnswer(close, place):
            if close.cause == QueueDeclare.id, let asked = queues.last(where: { $0.place.isBeside(place) }) {
                let answer = Refusal(place: place, code: close.replyCode.rawValue, text: close.replyText.text)
                Self.keep((asked.name, answer), in: &missed)
            }
        case .channelClose(let close):
            Self.keep(Refusal(place: place, code: close.replyCode.rawValue, text: close.replyText.text), in: &refusals)
        case .connectionClose(let close):
            Self.keep(Refusal(place: place, code: close.replyCode.rawValue, text: close.replyText.text), in: &refusals)
        case .basicAck(let ack): Self.keep((place, false, ack.deliveryTag, ack.multiple), in: &confirms)
        case .basicNack(let nack): Self.keep((place, true, nack.deliveryTag, nack.multiple), in: &confirms)
        case .basicReturn(let back): Self.keep((place, back.routingKey.text), in: &returned)
        default: break
        }
    }

    /// A 404 for who only asked whether a queue or an exchange is there: it has its answer, and broke no rule.
    private func isAnswer(_ close: ChannelClose, _ place: Place) -> Bool {
        guard close.replyCode == .notFound else { return false }
        switch close.cause {
        case QueueDeclare.id: return queues.last { $0.place.isBeside(place) }?.method.passive == true
        case ExchangeDeclare.id: return exchanges.last { $0.place.isBeside(place) }?.method.passive == true
        default: return false
        }
    }

    private mutating func consume(_ method: BasicConsume, _ place: Place) {
        // Who does not want an answer is granted it at once, or turned away.
        Self.keep(
            Consumption(
                place: place, queue: resolved(method.queue.text, place), method: method, isGranted: method.noWait),
            in: &consumptions)
        let tag = method.consumerTag.text
        if !tag.isEmpty { sessions.name(tag, consumptions.count - 1, in: place.session) }
    }

    /// Asking again and again is one way of consuming.
    private mutating func get(_ method: BasicGet, _ place: Place) {
        Self.keep((place, .basicGet(method)), in: &others)
        let queue = resolved(method.queue.text, place)
        if let at = consumptions.firstIndex(where: { $0.isGet && $0.place.isBeside(place) && $0.queue == queue }) {
            consumptions[at].asks(at: place.time)
            return sessions.noteAsked(at, in: place.session)
        }
        let consume = BasicConsume(queue: method.queue, noAck: method.noAck)
        Self.keep(Consumption(place: place, queue: queue, method: consume, isGet: true), in: &consumptions)
        sessions.noteAsked(consumptions.count - 1, in: place.session)
    }

    private mutating func takeGet(_ place: Place) -> Consumption? {
        guard let at = sessions.takeAsked(in: place.session) else { return nil }
        consumptions[at].isGranted = true
        return consumptions[at]
    }

    private mutating func hand(
        _ place: Place, _ what: (tag: UInt64, redelivered: Bool, exchange: String, key: String), _ content: Content?,
        from consumption: Consumption?
    ) {
        lastDeed = place.time
        guard let content, handed.count < Self.mostMessages, let body = keepText(content) else { return unkept += 1 }
        sessions.hand(what.tag, handed.count, in: place.session)
        handed.append(
            Handed(
                place: place, tag: what.tag, redelivered: what.redelivered, exchange: what.exchange, key: what.key,
                properties: content.properties, body: body, queue: consumption?.queue ?? "",
                isNoAck: consumption?.method.noAck ?? false))
    }

    /// The text of a message, as much of it as may be kept; nil when the log is full.
    private mutating func keepText(_ content: Content) -> String? {
        let count = min(content.body.count, Self.longestBody)
        guard octets + count <= Self.mostOctets else { return nil }
        octets += count
        return Self.text(content.body)
    }

    /// A body as the log keeps it.
    static func text(_ body: [UInt8]) -> String { String(decoding: body.prefix(longestBody), as: UTF8.self) }

    private mutating func settle(_ tag: UInt64, _ multiple: Bool, _ settlement: Settlement) {
        lastDeed = settlement.place.time
        let meant = sessions.settle(tag, multiple, in: settlement.place.session)
        // Several at once are those that are open, unless there are none: then it is one too many.
        let open = multiple ? meant.filter { handed[$0].settlements.isEmpty } : meant
        for at in open.isEmpty ? Array(meant.suffix(1)) : open where handed[at].settlements.count < 16 {
            handed[at].settlements.append(settlement)
        }
    }

    /// An empty name means the queue that was declared last on the channel.
    private func resolved(_ name: String, _ place: Place) -> String {
        guard name.isEmpty else { return name }
        return queues.last { $0.place.isBeside(place) }?.name ?? ""
    }

    /// The program itself has ended the channel that a message came through: what it did not settle goes back to its queue.
    func isClosed(behind handed: Handed) -> Bool {
        closed.contains(handed.place.session) || parted.contains(handed.place.connection)
    }

    /// Whether this connection has ended.
    func isDisconnected(_ connection: Int) -> Bool { gone.contains(connection) }
}

/// The openings of channels, and what is unfinished on each.
private struct Sessions: Sendable {
    private struct Session: Sendable {
        /// Where the log has what was handed out, by delivery tag from 1 on; -1 where it was not kept.
        var handed: [Int] = []
        /// How many of them, from the first, a settlement of several has covered.
        var covered = 0
        /// Where the log has the consumptions, by consumer tag.
        var tags: [String: Int] = [:]
        /// The consumptions that basic.get asks for, in order.
        var asked: [Int] = []
    }

    private struct Channel: Hashable {
        var connection: Int
        var number: UInt16
    }

    private var numbers: [Channel: Int] = [:]
    private var sessions: [Session] = []

    mutating func number(of channel: UInt16, on connection: Int, opens: Bool) -> Int {
        let channel = Channel(connection: connection, number: channel)
        if !opens, let number = numbers[channel] { return number }
        sessions.append(Session())
        numbers[channel] = sessions.count - 1
        return sessions.count - 1
    }

    mutating func name(_ tag: String, _ consumption: Int, in session: Int) {
        sessions[session].tags[tag] = consumption
    }

    func consumption(_ tag: String, in session: Int) -> Int? { sessions[session].tags[tag] }

    mutating func noteAsked(_ consumption: Int, in session: Int) {
        if sessions[session].asked.count < WireLog.mostOthers { sessions[session].asked.append(consumption) }
    }

    mutating func takeAsked(in session: Int) -> Int? {
        sessions[session].asked.isEmpty ? nil : sessions[session].asked.removeFirst()
    }

    /// Delivery tags of a channel count from 1; a gap is what was not kept.
    mutating func hand(_ tag: UInt64, _ at: Int, in session: Int) {
        guard tag > 0, tag <= UInt64(4 * WireLog.mostMessages) else { return }
        while sessions[session].handed.count + 1 < Int(tag) { sessions[session].handed.append(-1) }
        if sessions[session].handed.count < Int(tag) {
            sessions[session].handed.append(at)
        } else {
            sessions[session].handed[Int(tag) - 1] = at
        }
    }

    /// Where the log has what a settlement is about. One of several covers what is not covered yet.
    mutating func settle(_ tag: UInt64, _ multiple: Bool, in session: Int) -> [Int] {
        let count = sessions[session].handed.count
        let last = tag == 0 && multiple ? count : Int(clamping: tag)
        guard last > 0, last <= count else { return [] }
        if !multiple { return [sessions[session].handed[last - 1]].filter { $0 >= 0 } }
        let from = sessions[session].covered
        guard from < last else { return [sessions[session].handed[last - 1]].filter { $0 >= 0 } }
        sessions[session].covered = last
        return sessions[session].handed[from..<last].filter { $0 >= 0 }
    }
}
