import AMQPWire

// The arguments of streams (RabbitMQ: "Streams").

extension QueueKind {
    /// The arguments that a stream is not to be declared with.
    static func foreignToStreams(in dialect: Dialect) -> Set<ShortString> {
        var names: Set<ShortString> = [
            "x-expires", "x-message-ttl", "x-max-length", "x-overflow", "x-dead-letter-exchange",
            "x-dead-letter-routing-key", "x-dead-letter-strategy", "x-max-priority", "x-queue-mode", "x-queue-version",
            "x-queue-master-locator", "x-single-active-consumer", "x-delivery-limit", "x-max-in-memory-length",
            "x-max-in-memory-bytes", "x-quorum-initial-group-size",
        ]
        if dialect.knowsDelayedRetries {
            names.formUnion(["x-consumer-timeout", "x-consumer-disconnected-timeout"] + delayedRetries)
        }
        return names
    }

    /// The arguments of a stream that a redeclare must repeat.
    static func comparedOfStreams(in dialect: Dialect) -> [ShortString] {
        [
            "x-max-length-bytes", "x-queue-type", "x-max-age", "x-stream-max-segment-size-bytes",
            "x-initial-cluster-size", "x-queue-leader-locator",
        ] + (dialect.checksFilterTypes ? ["x-stream-filter-size-bytes"] : [])
    }
}

extension QueueArguments {
    /// Octets of a segment, unless an argument has others; and the most it may have.
    static let segmentOctets: Int64 = 500_000_000

    /// Reads and checks what only streams have. Throws 406.
    mutating func readStreams(_ check: Check, in dialect: Dialect?) throws(BrokerError) {
        if let text = try check.text("x-max-age") {
            guard let age = Self.milliseconds(text) else { throw check.invalid("x-max-age", "invalid_max_age") }
            maximumAge = age
        }
        if let octets = try check.integer("x-stream-max-segment-size-bytes", in: 0...Int64.max) {
            if octets > Dialect.mostSegmentOctets, dialect != nil {
                throw BrokerError(
                    .preconditionFailed, "Exceeded max value for x-stream-max-segment-size-bytes")
            }
            segmentOctets = octets
        }
        guard let dialect else { return }
        _ = try check.integer("x-initial-cluster-size", in: 1...Int64.max)
        try check.leaderLocator()
        try check.filterSize(in: dialect)
    }

    static func milliseconds(_ text: String) -> Int64? { MaximumAge.milliseconds(text) }
}

extension QueueArguments.Check {
    /// Where the leader of a queue with several replicas is to be: there is one place here.
    func leaderLocator() throws(BrokerError) {
        if let locator = try text("x-queue-leader-locator"),
            !["client-local", "balanced", "random", "least-leaders"].contains(locator),
            !quirk(quorum: .anyLocatorIsTaken)
        {
            throw invalid("x-queue-leader-locator", "invalid_queue_locator_arg")
        }
    }

    /// The size of RabbitMQ's filters, which nothing here has.
    fileprivate func filterSize(in dialect: Dialect) throws(BrokerError) {
        let name: ShortString = "x-stream-filter-size-bytes"
        guard dialect.knowsStreamFilters, let value = arguments[name] else { return }
        if dialect.checksFilterTypes { _ = try integer(name, in: 0...Int64.max) }
        guard let size = value.integer, (16...255).contains(size) else {
            let gap = dialect.checksFilterTypes ? " " : "  "
            throw BrokerError(.preconditionFailed, "Invalid value for\(gap)\(name)")
        }
    }
}
