import AMQPWire

extension QueueArguments {
    /// These arguments under a policy (RabbitMQ: "Policies", combining): of two numbers the smaller counts, and of two other
    /// things what the queue itself says; but a quorum queue's overflow is the policy's, and so are a stream's limits (3.10.8,
    /// 4.0.5 and 4.3.6 alike).
    func combined(with policy: FieldTable) -> QueueArguments {
        var arguments = self
        arguments.messageTimeToLive = lower(messageTimeToLive, policy, .messageTimeToLive, .policiesForgetTimes)
            .map { min($0, Self.longestTime) }
        arguments.expires = lower(expires, policy, .expires, .policiesForgetExpiry).map { min($0, Self.longestTime) }
        arguments.maximumLength = lower(maximumLength, policy, .maxLength)
        arguments.maximumOctets = lower(maximumOctets, policy, .maxLengthBytes, .policiesForgetOctets)
        if let text = policy[PolicyKey.overflow.name]?.text, let overflow = Overflow(rawValue: text),
            !keepsOverflow, !quirk(.policiesForgetOverflow)
        {
            arguments.overflow = overflow
        }
        // A key alone means nothing: the exchange and the key come from wherever each is said.
        var exchange = policy[PolicyKey.deadLetterExchange.name]?.text.map(ShortString.init(truncating:))
        if exchange?.isEmpty == true, quirk(.emptyExchangeIsNone) { exchange = nil }
        let key = policy[PolicyKey.deadLetterRoutingKey.name]?.text.map(ShortString.init(truncating:))
        arguments.deadLetterExchange = own(deadLetterExchange, exchange)
        arguments.deadLetterRoutingKey = own(deadLetterRoutingKey, key)
        if exchange == nil, key != nil, quirk(.keysComeWithTheirExchange) {
            arguments.deadLetterRoutingKey = deadLetterRoutingKey
        }
        arguments.consumerTimeout = lower(consumerTimeout, policy, .consumerTimeout, .policiesForgetConsumers)
        let strategy = policy[PolicyKey.deadLetterStrategy.name]?.text.flatMap(DeadLetterStrategy.init)
        arguments.deadLetterStrategy = deadLetterStrategy ?? (quirk(.policiesForgetStrategies) ? nil : strategy)
        arguments.deliveryLimit = deliveryLimit(under: policy[PolicyKey.deliveryLimit.name])
        if kind == .stream { arguments.followLimits(of: policy, instead: self) }
        return arguments
    }

    /// What a policy says of a stream counts, whatever the stream itself says. The size of its segments is that of the policy under
    /// which it is made, or there after a restart.
    private mutating func followLimits(of policy: FieldTable, instead own: QueueArguments) {
        if let octets = policy[PolicyKey.maxLengthBytes.name]?.integer, !quirk(.streamsGoByTheLowerLimit) {
            maximumOctets = octets
        }
        if let age = policy[PolicyKey.maxAge.name]?.text.flatMap(Self.milliseconds),
            own.maximumAge == nil || !quirk(.streamsKeepTheirAge)
        {
            maximumAge = age
        }
        if let octets = policy[PolicyKey.segmentBytes.name]?.integer, !quirk(.streamsKeepTheirSegments) {
            segmentOctets = octets
        }
    }

    func under(_ policy: Policy?) -> QueueArguments { policy.map { combined(with: $0.definition) } ?? self }

    private func lower(
        _ own: Int64?, _ policy: FieldTable, _ key: PolicyKey, _ forgotten: PolicyQuirk? = nil
    ) -> Int64? {
        guard let other = policy[key.name]?.integer else { return own }
        if let forgotten, quirk(forgotten) { return own }
        guard let own else { return other }
        if own < other, quirk(.policyNumbersWin) { return other }
        return other < own && quirk(.argumentNumbersWin) ? own : min(own, other)
    }

    private func own(_ own: ShortString?, _ policy: ShortString?) -> ShortString? {
        if policy != nil, quirk(.policiesForgetDeadLetters) { return own }
        if own != nil, policy != nil, quirk(.deadLettersGoByThePolicy) { return policy }
        return own ?? policy
    }

    /// What it says itself of overflow counts.
    private var keepsOverflow: Bool {
        if !saysOverflow { return false }
        return kind == .quorum ? quirk(.overflowIsTheQuorumQueues) : !quirk(.overflowIsThePolicys)
    }

    /// Of two limits the smaller; one below 0 is none, and more than any.
    private func deliveryLimit(under policy: FieldValue?) -> FieldValue? {
        if policy != nil, quirk(.policiesForgetDeliveries) { return deliveryLimit }
        guard let own = deliveryLimit?.integer, let other = policy?.integer else { return deliveryLimit ?? policy }
        return .int64(own < 0 || other < 0 ? max(own, other) : min(own, other))
    }
}
