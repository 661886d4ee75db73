import AMQPWire

// What releases of RabbitMQ do differently with quorum queues, as it was seen on the versions in Dialect.swift.

/// In which order a quorum queue hands out what has not been handed out before.
enum QuorumOrder {
    case arrival
    /// Of priorities above 4 two messages for one of the others, which comes in its turn when it is older.
    case highAndNormal
    /// By priority, of which there are 32; a message that has none is of 4.
    case priority
}

/// Why a message comes back to its queue.
enum ReturnReason {
    /// `basic.reject`
    case rejected
    /// `basic.nack`, `basic.recover`
    case released
    /// Its channel or connection ended, or the broker.
    case abandoned
}

extension Dialect {
    /// How often a message may fail and come back, of a queue that says this; nil: as often as it likes.
    func deliveryLimit(saying value: FieldValue?) -> Int64? {
        let silent: Int64? = self < .v4_0 ? nil : 20
        guard let value else { return silent }
        guard let limit = value.integer else { return self < .v4_3 ? nil : silent }
        if limit == 0, quirk(quorum: .limitOfNoneIsNoLimit) { return nil }
        if limit > 255, quirk(quorum: .limitIsAnOctet) { return limit & 255 }
        return limit < 0 && self >= .v4_0 ? nil : limit
    }

    var quorumOrder: QuorumOrder {
        switch self {
        case .v3_10: .arrival
        case .v4_0: .highAndNormal
        case .v4_3: .priority
        }
    }

    /// What a client hands back to a queue without a delivery limit goes to the end of it, not to the front.
    var requeuesAtTheEnd: Bool { self < .v4_3 }
    /// Coming back for this reason is a failed delivery.
    func isFailure(_ reason: ReturnReason) -> Bool {
        if reason == .abandoned, quirk(quorum: .lostConsumersCountNothing) { return false }
        return self < .v4_3 || reason != .released
    }
    /// Deliveries tell how often the message was handed out before, failed or not.
    var tellsAcquisitions: Bool { self >= .v4_3 }
    /// A message that is fetched tells that it was never delivered before.
    var tellsFirstFetch: Bool { self < .v4_0 }
    /// A limit in octets counts the properties too.
    var limitsProperties: Bool { self >= .v4_3 }
    /// What has expired goes when it is the first of its priority, not when it is the next to be handed out.
    var expiresInEachPriority: Bool { self >= .v4_3 }
    /// How a single active consumer's successor is found.
    var quorumSuccession: Succession { self < .v4_0 ? .byAge : .takingOver }

    /// A queue that does not name its type is told apart from one that says it is classic only in words.
    var namesEveryQueueType: Bool { self >= .v4_0 }
    /// An empty text as a queue's type means the default one.
    var takesEmptyQueueType: Bool { self >= .v4_3 }
    /// Arguments of queues that there are since then.
    var knowsDelayedRetries: Bool { self >= .v4_3 }
    /// `x-cancel-on-ha-failover` may be said by consumers of quorum queues.
    var takesFailoverArgument: Bool { self >= .v4_0 }
    /// A purge takes the dead letters too that a queue keeps until they have arrived.
    var purgesLetters: Bool { self >= .v4_3 }
    /// How it is said that a queue with a single active consumer can't be fetched from.
    var quorumInWords: String { self < .v4_3 ? "quorum" : "<<\"quorum\">>" }
}

/// Which of those that wait becomes the single active consumer (RabbitMQ: "Single Active Consumer").
enum Succession {
    /// The first of the highest priority, when the active one is gone.
    case byPriority
    /// The first, when the active one is gone.
    case byAge
    /// As by priority; one of a higher priority does not wait until the active one is gone, only until it has settled
    /// all that it holds.
    case takingOver
}
