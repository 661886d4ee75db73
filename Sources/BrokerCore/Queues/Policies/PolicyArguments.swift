import AMQPWire

extension QueueArguments {
    /// These arguments under a policy (RabbitMQ: "Policies", combining): of two numbers the smaller counts, and of two other
    /// things what the queue itself says; but a quorum queue's overflow is the policy's (3.10.8, 4.0.5 and 4.3.6 alike).
    func combined(with policy: FieldTable) -> QueueArguments {
        func lower(_ own: Int64?, _ key: PolicyKey) -> Int64? {
            let other = policy[key.name]?.integer
            return own.map { own in other.map { min(own, $0) } ?? own } ?? other
        }
        var arguments = self
        arguments.messageTimeToLive = lower(messageTimeToLive, .messageTimeToLive).map { min($0, Self.longestTime) }
        arguments.expires = lower(expires, .expires).map { min($0, Self.longestTime) }
        arguments.maximumLength = lower(maximumLength, .maxLength)
        arguments.maximumOctets = lower(maximumOctets, .maxLengthBytes)
        if !saysOverflow || kind == .quorum,
            let text = policy[PolicyKey.overflow.name]?.text, let overflow = Overflow(rawValue: text)
        {
            arguments.overflow = overflow
        }
        // A key alone means nothing: the exchange and the key come from wherever each is said.
        arguments.deadLetterExchange =
            deadLetterExchange ?? policy[PolicyKey.deadLetterExchange.name]?.text.map(ShortString.init(truncating:))
        arguments.deadLetterRoutingKey =
            deadLetterRoutingKey
            ?? policy[PolicyKey.deadLetterRoutingKey.name]?.text.map(ShortString.init(truncating:))
        arguments.deliveryLimit = deliveryLimit(under: policy[PolicyKey.deliveryLimit.name])
        if let age = policy[PolicyKey.maxAge.name]?.text.flatMap(Self.milliseconds), maximumAge == nil {
            arguments.maximumAge = age
        }
        return arguments
    }

    func under(_ policy: Policy?) -> QueueArguments { policy.map { combined(with: $0.definition) } ?? self }

    /// Of two limits the smaller; one below 0 is none, and more than any.
    private func deliveryLimit(under policy: FieldValue?) -> FieldValue? {
        guard let own = deliveryLimit?.integer, let other = policy?.integer else { return deliveryLimit ?? policy }
        return .int64(own < 0 || other < 0 ? max(own, other) : min(own, other))
    }
}
