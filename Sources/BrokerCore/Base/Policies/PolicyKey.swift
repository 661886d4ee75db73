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
    case queueMasterLocator = "queue-master-locator"
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
    var noun: String {
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
        case .queueMasterLocator: "master locator"
        case .queueMode: "queue-mode value"
        case .queueVersion: "queue version"
        case .segmentBytes: "segment size"
        case .streamFilterBytes: "filter size. Valid range is 16-255"
        case .targetGroupSize: "qq target count value"
        case .consumerDisconnectedTimeout: "consumer disconnected timeout"
        case .delayedRetryMax: "delayed retry maximum delay. Must be a positive integer"
        case .delayedRetryMin: "delayed retry minimum delay. Must be a positive integer"
        case .delayedRetryType: "delayed retry type. Must be one of: all, failed, returned, disabled"
        }
    }

    /// Whether any release takes it.
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
        case .queueMasterLocator: value.text != nil
        case .queueMode: ["default", "lazy"].contains(value.text)
        case .delayedRetryType: value.text != nil
        case .queueVersion: value.integer.map { (1...2).contains($0) } ?? false
        case .streamFilterBytes: value.integer.map { (16...255).contains($0) } ?? false
        }
    }

    var name: ShortString { ShortString(truncating: rawValue) }

    static let queueTypes = ["classic", "quorum", "stream"]

    /// A policy that says it is not for queues of this type, whatever else it says.
    func isForeign(to type: String, in dialect: Dialect) -> Bool {
        switch self {
        case .alternateExchange, .maxLengthBytes, .consumerTimeout, .queueVersion, .streamFilterBytes,
            .consumerDisconnectedTimeout, .delayedRetryMax, .delayedRetryMin, .delayedRetryType:
            false
        case .maxLength, .messageTimeToLive, .expires, .overflow, .deadLetterExchange, .deadLetterRoutingKey:
            type == "stream"
        case .deliveryLimit, .deadLetterStrategy, .targetGroupSize: type != "quorum"
        case .maxInMemoryBytes, .maxInMemoryLength:
            type == "stream" || type == "classic" && dialect.setsClassicQueuesApart
        case .maxAge, .segmentBytes, .initialClusterSize: type != "stream"
        case .queueLeaderLocator: type == "classic" && !dialect.takesLeaderLocator
        case .queueMasterLocator, .queueMode: type != "classic"
        }
    }

    /// What others than this broker have a use for: clusters of older releases, and plugins. Definitions may have it.
    static func isOfOthers(_ name: String) -> Bool {
        isOfMirrors(name) || name.hasPrefix("federation-")
            || [queueMasterLocator.rawValue, "shards-per-node", "routing-key"].contains(name)
    }

    /// Mirrors of classic queues are for no other queues.
    static func isOfMirrors(_ name: String) -> Bool { name.hasPrefix("ha-") }

    /// Throws for what no release takes: for the first value that is wrong, and then for all names together that mean nothing.
    static func check(_ definition: FieldTable) throws(PolicyRefusal) {
        try check(definition, knows: { Self(rawValue: $0) != nil || isOfOthers($0) }, takes: { $0.takes($1) })
    }

    /// Throws for what this release does not take, in its words.
    static func check(_ definition: FieldTable, in dialect: Dialect) throws(PolicyRefusal) {
        if dialect.refusesMasterLocator, definition[queueMasterLocator.name] != nil {
            throw PolicyRefusal(
                part: "definition.\(queueMasterLocator.rawValue)",
                "use of deprecated queue-master-locator argument is not permitted")
        }
        try check(
            definition, knows: { dialect.knowsPolicyKey($0) }, takes: { $0.takes($1) && dialect.takes($1, for: $0) },
            said: dialect.invalidity)
        guard let type = definition[delayedRetryType.name]?.text, type != "disabled",
            definition[delayedRetryMin.name] == nil
        else { return }
        throw PolicyRefusal(
            part: "definition.\(delayedRetryType.rawValue)",
            "delayed-retry-min is required when delayed-retry-type is \(type)")
    }

    private static func check(
        _ definition: FieldTable, knows: (String) -> Bool, takes: (Self, FieldValue) -> Bool,
        said: (Self) -> String = { "is not a valid \($0.noun)" }
    ) throws(PolicyRefusal) {
        if definition.isEmpty { throw PolicyRefusal(part: "definition", "no policy provided") }
        for field in definition.fields where knows(field.name.text) {
            guard let key = Self(rawValue: field.name.text), !takes(key, field.value) else { continue }
            throw PolicyRefusal(part: "definition.\(field.name)", "\(field.value.erlangText) \(said(key))")
        }
        let unknown = definition.fields.filter { !knows($0.name.text) }
        guard let first = unknown.first else { return }
        let shown = unknown.map { "{<<\"\($0.name)\">>,\($0.value.erlangText)}" }.joined(separator: ",")
        throw PolicyRefusal(part: "definition.\(first.name)", "[\(shown)] are not recognised policy settings")
    }
}
