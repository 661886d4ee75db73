import AMQPWire

/// What a queue was declared with. A queue's name decides it, so that every declaration is like the one before.
struct QueueKind: Sendable {
    var name: String
    var isDurable = true
    var autoDelete = false
    var timeToLive: Int64?
    var maximumLength: Int?
    var overflow = "drop-head"
    var deadLetterExchange: String?
    var deadLetterKey: String?

    static let all: [QueueKind] = [
        QueueKind(name: "a"),
        QueueKind(name: "b", isDurable: false),
        QueueKind(name: "c", maximumLength: 4, deadLetterExchange: "", deadLetterKey: "d"),
        QueueKind(name: "d", timeToLive: 3000, deadLetterExchange: "", deadLetterKey: "e"),
        QueueKind(name: "e"),
        QueueKind(name: "f", autoDelete: true, maximumLength: 3, overflow: "reject-publish"),
        QueueKind(
            name: "g", isDurable: false, maximumLength: 3, overflow: "reject-publish-dlx", deadLetterExchange: "x"),
        QueueKind(name: "h", timeToLive: 5000, deadLetterExchange: ""),
    ]

    var arguments: FieldTable {
        var fields: [FieldTable.Field] = []
        if let timeToLive { fields.append(.init("x-message-ttl", .int64(timeToLive))) }
        if let maximumLength {
            fields.append(.init("x-max-length", .int64(Int64(maximumLength))))
            fields.append(.init("x-overflow", .string(overflow)))
        }
        if let deadLetterExchange { fields.append(.init("x-dead-letter-exchange", .string(deadLetterExchange))) }
        if let deadLetterKey { fields.append(.init("x-dead-letter-routing-key", .string(deadLetterKey))) }
        return FieldTable(fields)
    }
}

/// What an exchange was declared with; `amq.direct` is always there.
struct ExchangeKind: Sendable {
    var name: String
    var type: String
    var isDurable = true

    /// The keys that are used with it.
    var keys: [String] { type == "fanout" ? [""] : ["k0", "k1"] }

    static let all = [
        ExchangeKind(name: "x", type: "fanout"),
        ExchangeKind(name: "y", type: "direct", isDurable: false),
        ExchangeKind(name: "amq.direct", type: "direct"),
    ]
}

/// From which batch of the store on something is written down, and from which on it is written down that it is gone.
struct Record {
    /// nil: it is never written down.
    var born: UInt64?
    var died: UInt64?

    /// True when it can only be there, after a crash that left everything up to batch `sure` and nothing after batch
    /// `possible`.
    func mustBeThere(sure: UInt64, possible: UInt64) -> Bool {
        guard let born, born <= sure else { return false }
        return died.map { $0 > possible } ?? true
    }

    func mayBeThere(sure: UInt64, possible: UInt64) -> Bool {
        guard let born, born <= possible else { return false }
        return died.map { $0 > sure } ?? true
    }
}

/// A message's place in one queue.
final class Copy {
    let content: Content
    let isPersistent: Bool
    /// Grows from message to message.
    let place: Int
    let expiresAt: Int64
    var redelivered = false
    var record = Record()
    /// The batch that says that it was handed out.
    var handedOut: UInt64?

    init(_ content: Content, isPersistent: Bool, place: Int, expiresAt: Int64) {
        self.content = content
        self.isPersistent = isPersistent
        self.place = place
        self.expiresAt = expiresAt
    }
}

final class ModelQueue {
    let kind: QueueKind
    var record: Record
    var isDeleted = false
    /// By rising place.
    var ready: [Copy] = []
    /// In the order they began.
    var consumers: [ModelConsumer] = []
    /// Those that may have room, the next one first.
    var turns: [ModelConsumer] = []
    /// Every copy that may be there after a crash.
    var written: [Copy] = []

    init(_ kind: QueueKind, _ record: Record) {
        self.kind = kind
        self.record = record
    }
}

final class ModelExchange {
    let kind: ExchangeKind
    var record: Record

    init(_ kind: ExchangeKind, _ record: Record) {
        self.kind = kind
        self.record = record
    }
}

final class ModelBinding {
    let exchange: ModelExchange
    let queue: ModelQueue
    let key: String
    var record: Record

    init(_ exchange: ModelExchange, _ queue: ModelQueue, _ key: String, _ record: Record) {
        self.exchange = exchange
        self.queue = queue
        self.key = key
        self.record = record
    }
}

final class ModelConsumer {
    let tag: String
    let queue: ModelQueue
    // Holds its consumers.
    unowned let channel: ModelChannel
    let noAck: Bool
    /// 0: no limit.
    let prefetch: Int
    var out = 0
    var isCancelled = false

    init(tag: String, queue: ModelQueue, channel: ModelChannel, noAck: Bool, prefetch: Int) {
        self.tag = tag
        self.queue = queue
        self.channel = channel
        self.noAck = noAck
        self.prefetch = prefetch
    }

    var hasRoom: Bool { !isCancelled && hasRoomOfItsOwn && channel.hasRoom }
    var hasRoomOfItsOwn: Bool { noAck || prefetch == 0 || out < prefetch }
}

final class ModelChannel {
    enum Mode { case plain, confirm, transaction }

    /// A delivery that waits to be settled.
    struct Delivery {
        var tag: UInt64
        var copy: Copy
        var queue: ModelQueue
        /// nil: it was fetched.
        var consumer: ModelConsumer?
    }

    enum Settlement { case acknowledge, requeue, discard }

    struct Publish {
        var content: Content
        var isPersistent: Bool
        var isMandatory: Bool
        var queues: [ModelQueue]
    }

    let path: Path
    var mode = Mode.plain
    var consumers: [ModelConsumer] = []
    /// By rising tag.
    var out: [Delivery] = []
    var lastTag: UInt64 = 0
    var consumerPrefetch = 0
    var prefetch = 0
    var consumersOut = 0
    /// Consumers that would take more if the channel had room, the next one first.
    var waiting: [ModelConsumer] = []
    var lastPublish: UInt64 = 0
    /// Confirms that are due once the store is at their batch. They go out in order.
    var confirms: [(number: UInt64, accepted: Bool, batch: UInt64)] = []
    /// Commits that are due once the store is at their batch.
    var commits: [UInt64] = []
    var publishes: [Publish] = []
    var settlements: [(deliveries: [Delivery], settlement: Settlement)] = []
    /// What the client must have been sent in this step.
    var expected: [Event] = []

    init(_ path: Path) { self.path = path }

    var hasRoom: Bool { prefetch == 0 || consumersOut < prefetch }
}
