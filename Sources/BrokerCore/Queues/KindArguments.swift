import AMQPWire

// What each kind of queue has to say of all arguments; streams have lists of their own, in StreamArguments.swift.

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
}
