import AMQPWire

/// The account of what clients make a broker hold in memory, and a connection's part of it.
final class Load {
    /// The account that this one is a part of; nil: it is the broker's.
    private let whole: Load?
    /// Messages that are held for anything: a place in a queue, a delivery without acknowledgement, an output that it is
    /// sent from. Each is counted once.
    private(set) var messageCount = 0
    /// Octets of their bodies and properties, in memory or only in the store.
    private(set) var octets = 0
    /// Places in queues, unacknowledged deliveries included.
    private(set) var placeCount = 0
    /// Octets of everything else that is held, messages' keys and exchanges' names too: see ``hold(_:)``.
    private(set) var otherOctets = 0

    // MARK: What a record is taken to cost

    // In octets, with its entries in all tables that find it, and half of the room that a table has to spare. These are sums of
    // what the types declare and what malloc adds: a record is small, there may be a million, and to ask each for its size
    // would cost more than it holds. What may be large counts on top as it is: names, arguments, keys, bodies.

    /// A message beside its octets; and a place in a queue.
    static let ofMessage = 200
    static let ofPlace = 48
    /// What a dead letter takes up that is on its way, beside its message.
    static let ofLetter = 200
    /// A queue without messages, and each priority above 0 that it has: a ring of four places.
    static let ofQueue = 2000
    static let ofPriority = 200
    /// An exchange without bindings; a binding; and a place in the tree of a topic exchange, with the word that leads there.
    static let ofExchange = 500
    static let ofBinding = 500
    static let ofTopicPlace = 300
    /// A connection that does nothing; a channel, with a remembered route to a few queues; each other queue of that.
    static let ofConnection = 4000
    static let ofChannel = 2000
    static let ofRouteEnd = 16
    /// What is remembered of a right to a name.
    static let ofRight = 100
    /// A consumer, and the rings of its queue's that one with a priority of its own may have for itself.
    static let ofConsumer = 600
    static let ofConsumerPriority = 300
    /// A delivery that is not settled, beside the message's place in its queue: the channel keeps it by its tag.
    static let ofDelivery = 80
    /// A run of answers to publishes that waits to be told.
    static let ofConfirms = 32
    /// What an output has of a message's body that it shares with others, or has read from disk.
    static let ofLentBody = 100

    init(partOf whole: Load? = nil) { self.whole = whole }

    /// All of it, in octets. What of the messages' octets is only on disk is to be taken off.
    var total: Int { octets + messageCount * Self.ofMessage + placeCount * Self.ofPlace + otherOctets }

    /// Counts a message that has got a place in a queue.
    func add(_ message: Message) {
        placeCount += 1
        if message.changePlaces(by: 1) == 1, message.outputCount == 0 { count(message) }
    }

    /// Counts messages that have got a place in a queue each.
    func add(_ messages: [QueuedMessage]) {
        placeCount += messages.count
        for message in messages.lazy.map(\.message) where message.changePlaces(by: 1) == 1 && message.outputCount == 0 {
            count(message)
        }
    }

    /// Takes off a message that has given up a place in a queue.
    func remove(_ message: Message) {
        placeCount -= 1
        if message.changePlaces(by: -1) == 0, message.outputCount == 0 { discount(message) }
    }

    /// Counts a message that an output holds.
    func lend(_ message: Message) {
        if message.changeOutputs(by: 1) == 1, message.placeCount == 0 { count(message) }
    }

    /// Takes off a message that an output holds no longer.
    func giveBack(_ message: Message) {
        if message.changeOutputs(by: -1) == 0, message.placeCount == 0 { discount(message) }
    }

    /// Counts octets that are held for something else: output that is not read, content that has not come whole,
    /// transactions, records. Less than 0 takes them off.
    func hold(_ octets: Int) {
        otherOctets += octets
        whole?.hold(octets)
    }

    private func count(_ message: Message) {
        messageCount += 1
        octets += message.contentCount
        otherOctets += message.nameCount
    }

    private func discount(_ message: Message) {
        messageCount -= 1
        octets -= message.contentCount
        otherOctets -= message.nameCount
    }
}

/// Octets that are in an account for as long as anybody holds on to what has this: a delivery that is not settled holds its
/// queue, though that was deleted, and its consumer, though that was cancelled.
final class Holding {
    private let octets: Int
    private let load: Load

    init(_ octets: Int, in load: Load) {
        (self.octets, self.load) = (octets, load)
        load.hold(octets)
    }

    deinit { load.hold(-octets) }
}

extension FieldTable {
    /// What it takes up in memory, about, in octets: many times what it is on the wire when its values are small.
    var footprint: Int {
        fields.reduce(0) { $0 + MemoryLayout<Field>.stride + 32 + $1.name.count + $1.value.footprint }
    }
}

extension FieldValue {
    /// What it takes up beside its own place.
    fileprivate var footprint: Int {
        switch self {
        case .longString(let octets), .bytes(let octets): 32 + octets.count
        case .array(let values): values.reduce(32) { $0 + MemoryLayout<FieldValue>.stride + $1.footprint }
        case .table(let table): 32 + table.footprint
        default: 0
        }
    }
}
