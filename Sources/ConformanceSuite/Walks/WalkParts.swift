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
    /// Its place among the others of its queue.
    var place = 0

    init(_ publication: WalkStep.Publication) { self.publication = publication }

    /// The dead letter that becomes of it.
    func died(of reason: String, in queue: String, goesTo exchange: String, by key: String?) -> WalkMessage {
        var dead = self
        var death = Death(
            queue: queue, reason: reason, count: 0, exchange: publication.exchange, key: publication.key)
        if let before = deaths.firstIndex(where: { $0.queue == queue && $0.reason == reason }) {
            death = dead.deaths.remove(at: before)
        }
        death.count += 1
        dead.deaths.insert(death, at: 0)
        dead.publication.exchange = exchange
        dead.publication.key = key ?? publication.key
        dead.isRedelivered = false
        return dead
    }

    /// It has come from that queue without anybody having rejected it since: it would go round for ever.
    func hasGoneRound(to queue: String) -> Bool {
        guard let before = deaths.firstIndex(where: { $0.queue == queue }) else { return false }
        return deaths[...before].allSatisfy { $0.reason != "rejected" }
    }

    /// As a client sees it. `left`: so many are ready behind it.
    func description(left: Int?) -> String {
        Self.description(
            publication.text, from: publication.exchange, by: publication.key, copies: publication.copies,
            deaths: deaths.map { "\($0.queue) \($0.reason) \($0.count) '\($0.exchange)' '\($0.key)'" },
            isRedelivered: isRedelivered, left: left)
    }

    /// From 4.3 on a dead letter may be marked as redelivered in a queue that nobody has had it from: see the cases
    /// `dead-letter.mark-…`. The model doesn't know in which way a message came back, so nobody looks there.
    static func description(
        _ text: String, from exchange: String, by key: String, copies: [String], deaths: [String], isRedelivered: Bool,
        left: Int?
    ) -> String {
        "'\(text)' from '\(exchange)' by '\(key)'" + (copies.isEmpty ? "" : ", CC \(copies)")
            + (deaths.isEmpty ? "" : ", died: \(deaths.joined(separator: ", "))")
            + (isRedelivered && (deaths.isEmpty || !isRabbitMQ(from: "4.3")) ? ", redelivered" : "")
            + (left.map { ", \($0) left" } ?? "")
    }
}

/// A queue of a random walk.
struct WalkQueue: Sendable {
    struct Consumer: Sendable {
        var tag: String
        var channel: Int
        /// So many deliveries more; nil: without end, for it doesn't acknowledge.
        var room: Int?
    }

    /// Another one for a queue that is declared again under the same name.
    let number: Int
    let shape: WalkStep.QueueShape
    /// In the order in which they are handed out.
    var ready: [WalkMessage] = []
    var consumer: Consumer?

    init(number: Int, _ shape: WalkStep.QueueShape) { (self.number, self.shape) = (number, shape) }

    var count: String { Self.count(ready: ready.count, consumers: consumer == nil ? 0 : 1) }

    static func count(ready: Int, consumers: Int) -> String { "\(ready) ready, \(consumers) consumers" }

    func isOver(with message: WalkMessage?) -> Bool {
        let count = ready.count + (message == nil ? 0 : 1)
        let octets = (ready + (message.map { [$0] } ?? [])).reduce(0) { $0 + $1.publication.body.utf8.count }
        return count > shape.maxLength ?? .max || octets > shape.maxOctets ?? .max
    }

    /// Where its priority and its place put it.
    mutating func insert(_ message: WalkMessage) {
        func rank(_ message: WalkMessage) -> (Int, Int) {
            (-min(message.publication.priority ?? 0, shape.maxPriority ?? 0), message.place)
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
    }

    let mode: WalkModel.Mode
    var lastTag: UInt64 = 0
    var lastConfirm = 0
    /// What it has been handed and not settled.
    var open: [Delivery] = []
    /// What it has settled, and published, in a transaction.
    var settled: [(settlement: WalkStep.Settlement, delivery: Delivery)] = []
    var published: [WalkStep.Publication] = []
    /// What there was of exchanges, queues and bindings when it published the first of them.
    var publishedAt = 0

    init(_ mode: WalkModel.Mode) { self.mode = mode }

    mutating func takeOpen() -> [Delivery] {
        defer { open = [] }
        return open
    }
}
