import AMQPWire
import DataStructures

/// What becomes of a delivery.
enum DeliveryOutcome {
    case acknowledge
    case requeue(ReturnReason)
    /// Refused for good: dead-lettered where its queue says so. A rejection is a failed delivery.
    case discard(isFailure: Bool)
}

/// What a transactional channel has done since the last commit.
struct Transaction {
    struct Publish {
        var message: Message
        /// The keys of its CC and BCC headers.
        var copies: [ShortString]
        var queues: [any Queue]
        var mandatory: Bool

        var octets: Int { message.contentCount + Load.ofMessage + 16 * queues.count }
    }

    private(set) var publishes: [Publish] = []
    private(set) var settlements: [(deliveries: [Unacknowledged], outcome: DeliveryOutcome)] = []
    /// What all of it takes up in memory, about, in octets.
    private(set) var octets = 0

    mutating func add(_ publish: Publish) {
        publishes.append(publish)
        octets += publish.octets
    }

    mutating func add(_ deliveries: [Unacknowledged], _ outcome: DeliveryOutcome) {
        settlements.append((deliveries, outcome))
        octets += Self.octets(of: deliveries)
    }

    static func octets(of deliveries: [Unacknowledged]) -> Int {
        MemoryLayout<Unacknowledged>.stride * (1 + deliveries.count)
    }
}

/// What a transaction has settled, on its way back among the deliveries that are not. They go through a heap, which can be
/// filled and emptied in slices; sorting can't be cut.
struct RollingBack {
    private var settlements: ArraySlice<(deliveries: [Unacknowledged], outcome: DeliveryOutcome)>
    private var deliveries: ArraySlice<Unacknowledged> = []
    private var heap = Heap<Unacknowledged>()
    private var restored = UnacknowledgedDeliveries()
    private var phase = Phase.filling

    private enum Phase { case filling, emptying, over }

    init(_ transaction: Transaction) { settlements = transaction.settlements[...] }

    /// Does some of it, of so many units or a little more; see ``LongWork``. `others` is whole again when that was all.
    mutating func goOn(_ most: Int, among others: inout UnacknowledgedDeliveries) -> Int {
        var units = 0
        while units < most, phase != .over { units += phase == .filling ? fill(from: &others) : empty(into: &others) }
        return phase != .over && quirk(.rollbackEndsAfterAThousand) ? 0 : units
    }

    private mutating func fill(from others: inout UnacknowledgedDeliveries) -> Int {
        if let delivery = deliveries.popFirst() {
            heap.insert(delivery)
            return 1
        }
        if let settlement = settlements.popFirst() {
            deliveries = settlement.deliveries[...]
            if deliveries.count > 1, quirk(.rollbackGivesBackTheFirst) { deliveries = deliveries.prefix(1) }
            return 1
        }
        if quirk(.rollbackAppends) {
            restored = others
            others = UnacknowledgedDeliveries()
        }
        let some = others.removeFirst(100, through: .max)
        for delivery in some { heap.insert(delivery) }
        if some.isEmpty { phase = .emptying }
        return some.count
    }

    private mutating func empty(into others: inout UnacknowledgedDeliveries) -> Int {
        if let delivery = heap.popFirst() {
            restored.append(delivery)
            return 1
        }
        // Those that were handed out meanwhile have higher tags.
        let some = others.removeFirst(100, through: .max)
        for delivery in some { restored.append(delivery) }
        if some.isEmpty {
            others = restored
            phase = .over
        }
        return some.count
    }
}
