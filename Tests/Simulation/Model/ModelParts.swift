import AMQPWire

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
    /// Its priority, as far as its queue tells that apart.
    let level: Int
    var redelivered = false
    var record = Record()
    /// The batch that says that it was handed out.
    var handedOut: UInt64?
    /// How often it came back to a quorum queue, and what the batches say of it since it was handed out.
    var returnCount = 0
    var notes: [Note] = []
    /// It stands before those that were never handed out.
    var isReturned = false

    init(_ content: Content, isPersistent: Bool, place: Int, expiresAt: Int64, in queue: QueueKind) {
        self.content = content
        level = min(content.priority ?? 0, queue.maximumPriority)
        self.isPersistent = isPersistent
        self.place = place
        self.expiresAt = expiresAt
    }

    func comes(before other: Copy) -> Bool { level == other.level ? place < other.place : level > other.level }
}

final class ModelQueue {
    let kind: QueueKind
    /// Grows from queue to queue.
    let number: Int
    var record: Record
    var isDeleted = false
    /// By falling priority, and by rising place.
    var ready: [Copy] = []
    /// In the order they began.
    var consumers: [ModelConsumer] = []
    /// Where only one may be active: the one that is.
    var active: ModelConsumer?
    /// Of a stream: every message that may be there after a crash, and the consumers that may have room and have read
    /// everything, the next one first.
    var log: [StreamMessage] = []
    var readers: [ModelConsumer] = []
    /// Those that may have room, by falling priority, the next one first.
    var turns: [ModelConsumer] = []
    /// Every copy that may be there after a crash.
    var written: [Copy] = []
    /// The last place that was handed out.
    var furthest = 0
    /// A quorum queue that refuses publishes until it is a fifth shorter.
    var isFull = false
    /// What the end of a broker was one failure too many for.
    var overTheLimit: [Copy] = []
    /// When it looks for what has expired. Of two at the same time the one that knew first is first.
    var alarm = (time: Int64.max, number: 0)

    init(_ kind: QueueKind, number: Int, _ record: Record) {
        self.kind = kind
        self.number = number
        self.record = record
    }

    var octets: Int { ready.reduce(0) { $0 + $1.content.bodyCount } }

    /// Would it be, or is it, longer than it may be?
    func isOver(with copies: Int = 0, _ octets: Int = 0) -> Bool {
        if let limit = kind.maximumLength, ready.count + copies > limit { return true }
        return kind.maximumOctets.map { self.octets + octets > $0 } ?? false
    }

    /// A copy comes in, or comes back.
    func insert(_ copy: Copy) {
        if kind.isQuorum {
            return ready.insert(
                copy, at: copy.isReturned ? ready.firstIndex { !$0.isReturned } ?? ready.endIndex : ready.endIndex)
        }
        ready.insert(copy, at: ready.firstIndex { copy.comes(before: $0) } ?? ready.endIndex)
    }

    /// A consumer joins the line behind those of its priority.
    func lineUp(_ consumer: ModelConsumer) {
        turns.insert(consumer, at: turns.firstIndex { $0.priority < consumer.priority } ?? turns.endIndex)
    }

    func forgetConsumers() { (consumers, turns, readers, active) = ([], [], [], nil) }
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
    let end: End
    let kind: BindingKind
    /// Grows from binding to binding.
    let number: Int
    var record: Record

    enum End {
        case queue(ModelQueue)
        case exchange(ModelExchange)

        var name: String {
            switch self {
            case .queue(let queue): queue.kind.name
            case .exchange(let exchange): exchange.kind.name
            }
        }

        var isDurable: Bool {
            switch self {
            case .queue(let queue): queue.kind.isDurable
            case .exchange(let exchange): exchange.kind.isDurable
            }
        }

        func isSame(_ object: AnyObject) -> Bool {
            switch self {
            case .queue(let queue): queue === object
            case .exchange(let exchange): exchange === object
            }
        }
    }

    init(_ exchange: ModelExchange, _ end: End, _ kind: BindingKind, number: Int, _ record: Record) {
        self.exchange = exchange
        self.end = end
        self.number = number
        self.kind = kind
        self.record = record
    }

    /// As it is seen from outside.
    var found: Found.Binding {
        var isOfExchange = false
        if case .exchange = end { isOfExchange = true }
        return Found.Binding(
            exchange: exchange.kind.name, end: end.name, isOfExchange: isOfExchange, key: kind.key,
            arguments: kind.arguments)
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
    let priority: Int
    var out = 0
    /// The offset that it reads next in a stream.
    var place = 0
    var isCancelled = false

    init(tag: String, queue: ModelQueue, channel: ModelChannel, noAck: Bool, prefetch: Int, priority: Int) {
        self.tag = tag
        self.queue = queue
        self.channel = channel
        self.noAck = noAck
        self.prefetch = prefetch
        self.priority = priority
    }

    var hasRoom: Bool { !isCancelled && hasRoomOfItsOwn && (channel.hasRoom || !sharesWindow) }
    /// It is in line before what it gave back is handed out, unless its channel's window decides who is.
    func goesBehindOthers() {
        guard !queue.kind.isStream, hasRoom, !sharesWindow || channel.prefetch == 0, !queue.isDeleted,
            !queue.turns.contains(where: { $0 === self })
        else { return }
        queue.lineUp(self)
    }

    /// The channel's own window holds for it.
    var sharesWindow: Bool { !queue.kind.isQuorum }
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
        /// Octets of its properties; 0: nobody asks.
        var propertiesCount = 0
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
    /// Those that the channel's window does not hold for.
    var othersWaiting: [ModelConsumer] = []
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
