/// What fits into a queue of limited length (RabbitMQ: "Queue Length Limit").
extension QueueArguments {
    /// What a queue holds when its limits are asked.
    struct Held {
        /// Ready messages, and octets of their bodies.
        var ready: Int
        var octets: Int
        var unacknowledged: Int
    }

    /// Whether a message would make a queue too long that refuses publishes; `held` is with the message.
    func refuses(_ held: Held) -> Bool {
        if let limit = maximumLength {
            if held.ready == limit, quirk(.refusesTheLastThatFits) { return true }
            if held.unacknowledged > 0, held.ready + held.unacknowledged > limit, quirk(.refusalCountsUnacknowledged) {
                return true
            }
            if held.ready > limit { return limit > 0 || !quirk(.refusalLimitOfNoneIsNoLimit) }
            if maximumOctets != nil, quirk(.refusalKnowsOneLimit) { return false }
        }
        guard let limit = maximumOctets else { return false }
        return held.octets > limit || held.octets == limit && quirk(.exactFitInOctetsIsRefused)
    }

    /// How many of so many messages stay when a queue has dropped what is too much, and the first of them, which have
    /// expired.
    func kept(_ count: Int, _ expired: Int) -> Int {
        let drops = kind == .quorum ? overflow != .rejectPublish : overflow == .dropHead
        return min(count - expired, drops ? maximumLength.map { Int(clamping: $0) } ?? .max : .max)
    }

    /// Whether a queue is too long that drops from its head.
    func areExceeded(by held: Held) -> Bool {
        if let limit = maximumLength {
            if limit == 0, quirk(.limitOfNoneIsNoLimit) { return false }
            if held.ready > limit || held.ready == limit && limit > 0 && quirk(.dropsTheLastThatFits) { return true }
            if held.unacknowledged > 0, held.ready + held.unacknowledged > limit,
                quirk(.overflowCountsUnacknowledged)
            {
                return true
            }
            if maximumOctets != nil, quirk(.overflowKnowsOneLimit) { return false }
        }
        guard let limit = maximumOctets else { return false }
        return held.octets > limit || held.octets == limit && limit > 0 && quirk(.dropsOctetsThatFit)
    }
}
