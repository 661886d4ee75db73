import AMQPWire

/// The account of what clients make a broker hold in memory.
final class Load {
    /// Messages that are held for anything: a place in a queue, a delivery without acknowledgement, an output that it is
    /// sent from. Each is counted once.
    private(set) var messageCount = 0
    /// Octets of their bodies and properties, in memory or only in the store.
    private(set) var octets = 0
    /// Places in queues, unacknowledged deliveries included.
    private(set) var placeCount = 0
    /// Octets of everything else that is held: see ``hold(_:)``.
    private(set) var otherOctets = 0

    /// What a message takes up beside its octets, about; and a place in a queue.
    static let ofMessage = 200
    static let ofPlace = 48
    /// What a dead letter takes up that is on its way, beside its message.
    static let ofLetter = 200
    /// What a queue without messages takes up, about; an exchange without bindings; and a binding with all that finds it.
    /// Their arguments come on top of it.
    static let ofQueue = 2000
    static let ofExchange = 500
    static let ofBinding = 500
    /// A place in the tree of a topic exchange.
    static let ofWord = 60

    /// All of it, in octets. What of the messages' octets is only on disk is to be taken off.
    var total: Int { octets + messageCount * Self.ofMessage + placeCount * Self.ofPlace + otherOctets }

    /// Counts a message that has got a place in a queue.
    func add(_ message: Message) {
        placeCount += 1
        if message.changePlaces(by: 1) == 1, message.outputCount == 0 { count(message) }
    }

    /// Counts messages that have got a place in a queue each.
    func add(_ messages: [QueuedMessage]) {
        var (new, octets) = (0, 0)
        for message in messages.lazy.map(\.message) where message.changePlaces(by: 1) == 1 && message.outputCount == 0 {
            new += 1
            octets += message.contentCount
        }
        placeCount += messages.count
        messageCount += new
        self.octets += octets
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
    /// transactions, queues. Less than 0 takes them off.
    func hold(_ octets: Int) { otherOctets += octets }

    private func count(_ message: Message) {
        messageCount += 1
        octets += message.contentCount
    }

    private func discount(_ message: Message) {
        messageCount -= 1
        octets -= message.contentCount
    }
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
