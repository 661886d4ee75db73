import AMQPWire

// The arguments of quorum queues, and the limits that they set. Which kinds of queue take them is in KindArguments.swift.

extension QueueArguments.Check {
    /// Arguments of a quorum queue that change nothing here and must make sense all the same.
    func unusedOfQuorumQueue(in dialect: Dialect) throws(BrokerError) {
        let any = 0...Int64.max
        _ = try integer("x-max-in-memory-length", in: any)
        _ = try integer("x-max-in-memory-bytes", in: any)
        _ = try integer("x-quorum-initial-group-size", in: 1...Int64.max)
        if let strategy = try text("x-dead-letter-strategy"),
            QueueArguments.DeadLetterStrategy(rawValue: strategy) == nil,
            !quirk(quorum: .anyStrategyIsTaken)
        {
            throw invalid("x-dead-letter-strategy", "invalid_dlx_strategy")
        }
        try leaderLocator()
        if dialect.knowsDelayedRetries {
            _ = try integer("x-consumer-timeout", in: any)
            _ = try integer("x-consumer-disconnected-timeout", in: any)
        }
    }
}

extension QueueArguments {
    /// Whether a quorum queue is longer than it may be.
    func isExceeded(by held: Held) -> Bool {
        if let maximumLength {
            if held.ready > maximumLength { return true }
            if held.unacknowledged > 0, held.ready + held.unacknowledged > maximumLength,
                quirk(quorum: .overflowCountsTheHeld)
            {
                return true
            }
        }
        return maximumOctets.map {
            held.octets > $0 || held.octets == $0 && $0 > 0 && quirk(quorum: .octetsThatFitAreTooMany)
        } ?? false
    }

    /// Whether a quorum queue that refuses publishes has become short enough to take some again: four fifths.
    fileprivate func hasRoomAgain(_ held: Held) -> Bool {
        !isAbove(maximumLength, held.ready)
            && (!isAbove(maximumOctets, held.octets) || quirk(quorum: .roomAgainKnowsNoOctets))
    }

    private func isAbove(_ limit: Int64?, _ value: Int) -> Bool {
        limit.map { value > $0 - $0 / 5 - ($0 % 5 == 0 || quirk(quorum: .roomAgainIsRoundedUp) ? 0 : 1) } ?? false
    }
}

extension QueueArguments {
    func noConsumers(in dialect: Dialect) -> QueueConsumers {
        QueueConsumers(isSingleActive: singleActiveConsumer, dialect.quorumSuccession)
    }
}

extension QuorumQueue {
    /// How many deliveries a consumer without a prefetch limit may hold.
    static let mostUnacknowledged = 2000

    /// nil: a message may come back as often as it likes.
    var deliveryLimit: Int64? { dialect.deliveryLimit(saying: arguments.deliveryLimit) }

    func isOverTheLimit(_ message: QueuedMessage) -> Bool {
        deliveryLimit.map { message.failureCount > $0 } ?? false
    }

    var counts: QueueCounts {
        let all = ready.count + overTheLimit.count
        let kept = arrears.areLeft ? arguments.kept(ready.count, ready.expiredCount(at: host.now)) : all
        return QueueCounts(ready: kept, unacknowledged: unacknowledgedCount, readyOctets: ready.bodyOctets)
    }

    func latest(_ most: Int) -> [QueuedMessage] { ready.latest(most) }

    /// What its limits are compared with: the dead letters that it keeps are among it.
    var held: QueueArguments.Held {
        let letters = letters.count > 0 && quirk(quorum: .keptLettersTakeNoRoom) ? KeptLetters() : letters
        return .init(
            ready: ready.count + letters.count,
            octets: ready.bodyOctets + letters.bodyOctets
                + (dialect.limitsProperties ? ready.propertyOctets + letters.propertyOctets : 0),
            unacknowledged: unacknowledgedCount)
    }
}

/// Whether a quorum queue that refuses publishes does so now: it takes one message more than it may have, and nothing
/// more then until a fifth is gone.
struct Fullness {
    private var isFull = false

    mutating func refuses(_ held: QueueArguments.Held, _ arguments: QueueArguments) -> Bool {
        if isFull {
            if held.ready == 0, quirk(quorum: .purgeMakesNoRoom) { return true }
            isFull = !arguments.hasRoomAgain(held)
            if isFull, !arguments.isExceeded(by: held), quirk(quorum: .refusalEndsWithOneLess) { isFull = false }
        } else {
            isFull = arguments.isExceeded(by: held)
            if isFull, arguments.maximumLength == nil, quirk(quorum: .refusalKnowsNoOctets) { isFull = false }
            if let limit = arguments.maximumLength, held.ready == limit, quirk(quorum: .refusesAtTheLimit) {
                isFull = true
            }
        }
        return isFull
    }
}
