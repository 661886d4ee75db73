import AMQPWire

// The arguments of quorum queues, and what all types have to say of a type's arguments; those of streams are in
// StreamArguments.swift.

extension QueueKind {
    /// The arguments that mean something to some type, and not to this one: whoever says one is refused.
    private func foreign(in dialect: Dialect) -> Set<ShortString> {
        if self == .stream { return Self.foreignToStreams(in: dialect) }
        var names: Set<ShortString> = ["x-max-age", "x-stream-max-segment-size-bytes", "x-initial-cluster-size"]
        switch self {
        case .classic:
            names.formUnion([
                "x-delivery-limit", "x-dead-letter-strategy", "x-max-in-memory-length", "x-max-in-memory-bytes",
                "x-quorum-initial-group-size",
            ])
            if !dialect.takesLeaderLocator { names.insert("x-queue-leader-locator") }
            if !dialect.takesConsumerTimeout { names.insert("x-consumer-timeout") }
        case .quorum:
            names.formUnion(["x-max-priority", "x-queue-mode", "x-queue-version", "x-queue-master-locator"])
        case .stream: break
        }
        guard dialect.knowsDelayedRetries else { return names }
        names.insert("x-stream-filter-size-bytes")
        if self == .classic {
            names.formUnion(["x-consumer-disconnected-timeout"] + Self.delayedRetries)
        }
        return names
    }

    static let delayedRetries: [ShortString] = [
        "x-delayed-retry-type", "x-delayed-retry-min", "x-delayed-retry-max",
    ]

    /// The arguments that a redeclare must repeat; every other may differ.
    func compared(in dialect: Dialect) -> [ShortString] {
        let all: [ShortString] = [
            "x-expires", "x-message-ttl", "x-dead-letter-exchange", "x-dead-letter-routing-key", "x-max-length",
            "x-max-length-bytes", "x-overflow", "x-single-active-consumer", "x-queue-type",
        ]
        switch self {
        case .classic: return all + ["x-max-priority", "x-queue-mode", "x-queue-version", "x-queue-master-locator"]
        case .quorum:
            if quirk(quorum: .unusedArgumentsMayDiffer) { return all + ["x-delivery-limit"] }
            let later = ["x-consumer-timeout", "x-consumer-disconnected-timeout"] + Self.delayedRetries
            return all + [
                "x-delivery-limit", "x-dead-letter-strategy", "x-max-in-memory-length", "x-max-in-memory-bytes",
                "x-quorum-initial-group-size", "x-queue-leader-locator",
            ] + (dialect.knowsDelayedRetries ? later : [])
        case .stream: return Self.comparedOfStreams(in: dialect)
        }
    }

    /// Throws 406 for an argument of another type; the first that was said.
    func check(_ arguments: FieldTable, label: String, in dialect: Dialect) throws(BrokerError) {
        let foreign = foreign(in: dialect)
        if let field = arguments.fields.first(where: { foreign.contains($0.name) }) {
            throw .argumentOfAnotherQueueType(field.name, for: label, ofQueueType: module)
        }
    }

    /// Throws 406 for a queue that can't be of this type, whatever its arguments.
    func check(_ declare: QueueDeclare, label: String) throws(BrokerError) {
        if self == .classic { return }
        func invalid(_ property: String) -> BrokerError {
            BrokerError(.preconditionFailed, "invalid property '\(property)' for \(label)")
        }
        if declare.autoDelete { throw invalid("auto-delete") }
        if declare.exclusive { throw invalid("exclusive-owner") }
        if !declare.durable { throw invalid("non-durable") }
    }

    /// Throws 540 for a quorum queue that is to be deleted on a condition.
    func checkDelete(ifUnused: Bool, ifEmpty: Bool, label: String) throws(BrokerError) {
        guard self == .quorum else { return }
        for (isAsked, flag) in [(ifUnused, "if-unused"), (ifEmpty, "if-empty")] where isAsked {
            throw BrokerError(
                .notImplemented,
                "cannot delete \(label). queue.delete operations with \(flag) flag set are not supported by quorum queues"
            )
        }
    }
}

extension QueueArguments.Check {
    /// What a queue is to be. Throws 406 for a type that this broker hasn't got, rather than make something else.
    func kind(in dialect: Dialect?) throws(BrokerError) -> QueueKind {
        guard let type = try text("x-queue-type"), !type.isEmpty || dialect?.takesEmptyQueueType == false else {
            return .classic
        }
        if let kind = QueueKind(rawValue: type) { return kind }
        throw invalid("x-queue-type", "\"unsupported queue type '\(type)'\"")
    }

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
