/// A message on a random walk.
struct WalkMessage: Sendable {
    struct Death: Sendable {
        var queue: String
        var reason: String
        var count: Int
        var exchange: String
        var key: String
    }

    /// With the exchange and the key that it was last published with.
    var publication: WalkStep.Publication
    /// The latest first.
    var deaths: [Death] = []
    var isRedelivered = false
    /// It was rejected, or came back with its channel's end.
    var hasFailed = false
    /// How often it came back to a quorum queue, and where it stands there among those that did.
    var returns = 0
    var turn: Int?
    /// Its place among the others of its queue.
    var place = 0
    /// How often the walk has waited when it is over; nil: it lasts.
    var endsAt: Int?

    init(_ publication: WalkStep.Publication) { self.publication = publication }

    /// The dead letter that becomes of it.
    func died(of reason: String, in queue: String, goesTo exchange: String, by key: String?) -> WalkMessage {
        var dead = self
        // Those behind the latest.
        if isRabbitMQ(before: "4.0") { dead.deaths.reverse() }
        var death = Death(
            queue: queue, reason: reason, count: 0, exchange: publication.exchange, key: publication.key)
        if let before = dead.deaths.firstIndex(where: { $0.queue == queue && $0.reason == reason }) {
            death = dead.deaths.remove(at: before)
        }
        death.count += 1
        dead.deaths.insert(death, at: 0)
        dead.publication.exchange = exchange
        dead.publication.key = key ?? publication.key
        dead.publication.expiration = nil
        (dead.isRedelivered, dead.returns, dead.turn) = (hasFailed && isRabbitMQ(from: "4.3"), 0, nil)
        return dead
    }

    /// It has come from that queue without anybody having rejected it since: it would go round forever.
    func hasGoneRound(to queue: String) -> Bool {
        guard let before = deaths.firstIndex(where: { $0.queue == queue }) else { return false }
        return deaths[...before].allSatisfy { $0.reason != "rejected" }
    }

    /// As a client sees it. `left`: so many are ready behind it.
    func description(left: Int?, showsMark: Bool) -> String {
        Self.description(
            publication.text, from: publication.exchange, by: publication.key, copies: publication.copies,
            deaths: deaths.map { "\($0.queue) \($0.reason) \($0.count) '\($0.exchange)' '\($0.key)'" },
            isRedelivered: isRedelivered && showsMark, returns: showsMark ? returns : 0, left: left)
    }

    static func description(
        _ text: String, from exchange: String, by key: String, copies: [String], deaths: [String], isRedelivered: Bool,
        returns: Int, left: Int?
    ) -> String {
        return "'\(text)' from '\(exchange)' by '\(key)'" + (copies.isEmpty ? "" : ", CC \(copies)")
            + (deaths.isEmpty ? "" : ", died: \(deaths.joined(separator: ", "))")
            + (isRedelivered ? ", redelivered" : "")
            + (returns > 0 ? ", came back \(returns) times" : "") + (left.map { ", \($0) left" } ?? "")
    }
}

/// A queue of a random walk.
struct WalkQueue: Sendable {
    struct Consumer: Sendable {
        var tag: String
        var channel: Int
        /// So many deliveries more; nil: without end, for it doesn't acknowledge.
        var room: Int?
        var priority: Int
        var isExclusive: Bool

        init(_ consumption: WalkStep.Consumption, _ channel: Int) {
            (tag, self.channel, room) = (consumption.tag, channel, consumption.prefetch)
            (priority, isExclusive) = (consumption.priority, consumption.isExclusive)
        }

        func isSame(as other: Consumer) -> Bool { channel == other.channel && tag == other.tag }
    }

    /// Another one for a queue that is declared again under the same name.
    let number: Int
    let shape: WalkStep.QueueShape
    /// In the order in which they are handed out.
    var ready: [WalkMessage] = []
    /// Consumers, the one whose turn is next first.
    private var line: [Consumer] = []
    /// Those that had no room at their turn.
    private var full: [Consumer] = []
    /// The one that gets everything, where only one may.
    private var active: Consumer?

    init(number: Int, _ shape: WalkStep.QueueShape) { (self.number, self.shape) = (number, shape) }

    var consumers: [Consumer] { line + full }

    mutating func add(_ consumer: Consumer) {
        lineUp(consumer)
        if active == nil { active = consumer }
    }

    /// Behind the last of its priority.
    private mutating func lineUp(_ consumer: Consumer) {
        line.insert(consumer, at: line.firstIndex { $0.priority < consumer.priority } ?? line.count)
    }

    mutating func removeConsumers(where isGone: (Consumer) -> Bool) -> Bool {
        guard consumers.contains(where: isGone) else { return false }
        line.removeAll(where: isGone)
        full.removeAll(where: isGone)
        if active.map(isGone) == true { active = line.first }
        return true
    }

    /// The consumer that gets the next message; nil: none has room. It goes to the end of the line.
    mutating func next() -> Consumer? {
        var place = 0
        while place < line.count {
            var consumer = line[place]
            if shape.isSingleActive, active.map(consumer.isSame) != true {
                place += 1
                continue
            }
            line.remove(at: place)
            if consumer.room == 0 {
                full.append(consumer)
                continue
            }
            consumer.room = consumer.room.map { $0 - 1 }
            lineUp(consumer)
            return consumer
        }
        return nil
    }

    /// A message that comes now doesn't wait here.
    var handsOutAtOnce: Bool {
        var queue = self
        return ready.isEmpty && queue.next() != nil
    }

    /// One delivery less is out at a consumer.
    mutating func makeRoom(for tag: String, of channel: Int) {
        func isMeant(_ consumer: Consumer) -> Bool { consumer.channel == channel && consumer.tag == tag }
        if let place = full.firstIndex(where: isMeant) { lineUp(full.remove(at: place)) }
        guard let place = line.firstIndex(where: isMeant), let room = line[place].room else { return }
        line[place].room = room + 1
    }

    func isOver(with message: WalkMessage?) -> Bool {
        let count = ready.count + (message == nil ? 0 : 1)
        let octets = (ready + (message.map { [$0] } ?? [])).reduce(0) { $0 + $1.publication.body.utf8.count }
        return count > shape.maxLength ?? .max || octets > shape.maxOctets ?? .max
    }

    /// Where its priority and its place put it.
    mutating func insert(_ message: WalkMessage) {
        // What came back to a quorum queue stands before all others.
        func rank(_ message: WalkMessage) -> (Int, Int, Int) {
            (message.turn ?? .max, -min(message.publication.priority ?? 0, shape.maxPriority ?? 0), message.place)
        }
        ready.insert(message, at: ready.firstIndex { rank(message) < rank($0) } ?? ready.count)
    }
}

/// A channel of a random walk.
struct WalkChannel: Sendable {
    struct Delivery: Sendable {
        var tag: UInt64
        var message: WalkMessage
        var queue: String
        var number: Int
        var consumer: String?
        var channel: Int
    }

    let mode: WalkTheme.Mode
    var lastTag: UInt64 = 0
    var lastConfirm = 0
    /// What it has been handed and not settled.
    var open: [Delivery] = []
    /// What it has settled, and published, in a transaction.
    var settled: [(settlement: WalkStep.Settlement, delivery: Delivery)] = []
    var published: [WalkStep.Publication] = []
    /// What there was of exchanges, queues and bindings when it published the first of them.
    var publishedAt = 0

    init(_ mode: WalkTheme.Mode) { self.mode = mode }

    mutating func takeOpen() -> [Delivery] {
        defer { open = [] }
        return open
    }
}
