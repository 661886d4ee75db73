/// What becomes of a delivery.
enum DeliveryOutcome {
    case acknowledge
    case requeue(ReturnReason)
    /// Refused for good: dead-lettered where its queue says so.
    case discard
}

/// What a transactional channel has done since the last commit.
struct Transaction {
    struct Publish {
        var message: Message
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
