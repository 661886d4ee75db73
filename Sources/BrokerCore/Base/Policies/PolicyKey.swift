import AMQPWire

/// What a policy can say (RabbitMQ: `rabbit_policies`), and what it has to be.
enum PolicyKey: String, CaseIterable {
    case alternateExchange = "alternate-exchange"
    case consumerTimeout = "consumer-timeout"
    case deadLetterExchange = "dead-letter-exchange"
    case deadLetterRoutingKey = "dead-letter-routing-key"
    case deadLetterStrategy = "dead-letter-strategy"
    case deliveryLimit = "delivery-limit"
    case expires
    case initialClusterSize = "initial-cluster-size"
    case maxAge = "max-age"
    case maxInMemoryBytes = "max-in-memory-bytes"
    case maxInMemoryLength = "max-in-memory-length"
    case maxLength = "max-length"
    case maxLengthBytes = "max-length-bytes"
    case messageTimeToLive = "message-ttl"
    case overflow
    case queueLeaderLocator = "queue-leader-locator"
    case queueMode = "queue-mode"
    case queueVersion = "queue-version"
    case segmentBytes = "stream-max-segment-size-bytes"
    case streamFilterBytes = "stream-filter-size-bytes"
    case targetGroupSize = "target-group-size"
    // Since 4.3, and without effect here.
    case consumerDisconnectedTimeout = "consumer-disconnected-timeout"
    case delayedRetryMax = "delayed-retry-max"
    case delayedRetryMin = "delayed-retry-min"
    case delayedRetryType = "delayed-retry-type"

    /// What RabbitMQ calls it when it is wrong: "is not a valid …".
    private var noun: String {
        switch self {
        case .alternateExchange: "alternate exchange name"
        case .consumerTimeout: "consumer timeout"
        case .deadLetterExchange: "dead letter exchange name"
        case .deadLetterRoutingKey: "dead letter routing key"
        case .deadLetterStrategy: "dead letter strategy"
        case .deliveryLimit: "delivery limit"
        case .expires: "queue expiry"
        case .initialClusterSize: "cluster size"
        case .maxAge: "max age"
        case .maxInMemoryBytes, .maxInMemoryLength: "maximum memory in bytes"
        case .maxLength: "maximum length"
        case .maxLengthBytes: "maximum length in bytes"
        case .messageTimeToLive: "message TTL"
        case .overflow: "overflow value"
        case .queueLeaderLocator: "queue leader locator value"
        case .queueMode: "queue-mode value"
        case .queueVersion: "queue version"
        case .segmentBytes: "segment size"
        case .streamFilterBytes: "filter size. Valid range is 16-255"
        case .targetGroupSize: "target group size"
        case .consumerDisconnectedTimeout: "consumer disconnected timeout"
        case .delayedRetryMax, .delayedRetryMin: "delayed retry time"
        case .delayedRetryType: "delayed retry type"
        }
    }

    private func takes(_ value: FieldValue) -> Bool {
        switch self {
        case .alternateExchange, .deadLetterExchange, .deadLetterRoutingKey:
            (value.text?.utf8.count).map { $0 <= ShortString.maximumCount } ?? false
        case .consumerTimeout, .maxInMemoryBytes, .maxInMemoryLength, .maxLength, .maxLengthBytes,
            .messageTimeToLive, .initialClusterSize, .targetGroupSize, .segmentBytes, .consumerDisconnectedTimeout,
            .delayedRetryMax, .delayedRetryMin:
            value.integer.map { $0 >= 0 } ?? false
        case .deliveryLimit: value.integer != nil
        case .expires: value.integer.map { $0 >= 1 } ?? false
        case .deadLetterStrategy: ["at-most-once", "at-least-once"].contains(value.text)
        case .maxAge: value.text.map { MaximumAge.milliseconds($0) != nil } ?? false
        case .overflow: ["drop-head", "reject-publish", "reject-publish-dlx"].contains(value.text)
        case .queueLeaderLocator:
            ["client-local", "balanced", "random", "least-leaders", "min-masters"].contains(value.text)
        case .queueMode: ["default", "lazy"].contains(value.text)
        case .delayedRetryType: value.text != nil
        case .queueVersion: value.integer.map { (1...2).contains($0) } ?? false
        case .streamFilterBytes: value.integer.map { (16...255).contains($0) } ?? false
        }
    }

    var name: ShortString { ShortString(truncating: rawValue) }

    static let queueTypes = ["classic", "quorum", "stream"]

    /// A policy that says it is not for queues of this type, whatever else it says (seen on 4.3.6).
    func isForeign(to type: String) -> Bool {
        switch self {
        case .alternateExchange, .maxLengthBytes, .queueLeaderLocator, .consumerTimeout, .queueVersion,
            .streamFilterBytes, .consumerDisconnectedTimeout, .delayedRetryMax, .delayedRetryMin, .delayedRetryType:
            false
        case .maxLength, .messageTimeToLive, .expires, .overflow, .deadLetterExchange, .deadLetterRoutingKey:
            type == "stream"
        case .deliveryLimit, .deadLetterStrategy, .maxInMemoryBytes, .maxInMemoryLength, .targetGroupSize:
            type != "quorum"
        case .maxAge, .segmentBytes, .initialClusterSize: type != "stream"
        case .queueMode: type != "classic"
        }
    }

    /// Throws for what is no definition, as RabbitMQ does: for the first value that is wrong, and before that for all names
    /// together that mean nothing.
    static func check(_ definition: FieldTable) throws(PolicyRefusal) {
        if definition.isEmpty { throw PolicyRefusal(part: "definition", "no policy provided") }
        for field in definition.fields {
            guard let key = Self(rawValue: field.name.text), !key.takes(field.value) else { continue }
            throw PolicyRefusal(
                part: "definition.\(field.name)", "\(field.value.erlangText) is not a valid \(key.noun)")
        }
        let unknown = definition.fields.filter { Self(rawValue: $0.name.text) == nil }
        guard let first = unknown.first else { return }
        let shown = unknown.map { "{<<\"\($0.name)\">>,\($0.value.erlangText)}" }.joined(separator: ",")
        throw PolicyRefusal(part: "definition.\(first.name)", "[\(shown)] are not recognised policy settings")
    }
}
