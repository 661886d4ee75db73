/// What becomes of a delivery.
enum DeliveryOutcome {
    case acknowledge, requeue
    /// Refused for good: dead-lettered where its queue says so.
    case discard
}

/// What a transactional channel has done since the last commit.
struct Transaction {
    struct Publish {
        var message: Message
        var queues: [any Queue]
        var mandatory: Bool
    }

    var publishes: [Publish] = []
    var settlements: [(deliveries: [Unacknowledged], outcome: DeliveryOutcome)] = []
}
