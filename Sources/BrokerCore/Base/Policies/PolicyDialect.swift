import AMQPWire

// What releases of RabbitMQ do differently with policies, as it was seen on the versions in Dialect.swift.

extension Dialect {
    /// A policy may be for the queues of one type alone.
    var knowsTargetsOfOneType: Bool { self >= .v4_0 }
    /// Keys that mean nothing to classic queues, and nothing else either, keep a policy away from them.
    var setsClassicQueuesApart: Bool { self >= .v4_0 }
    /// Classic queues may have mirrors.
    private var hasMirrors: Bool { self < .v4_0 }

    /// Whether a policy may have it.
    func knowsPolicyKey(_ name: String) -> Bool {
        switch PolicyKey(rawValue: name) {
        case nil: hasMirrors && PolicyKey.isOfMirrors(name)
        case .consumerTimeout, .streamFilterBytes, .targetGroupSize: self >= .v4_0
        case .consumerDisconnectedTimeout, .delayedRetryMax, .delayedRetryMin, .delayedRetryType: self >= .v4_3
        case .queueMasterLocator: !refusesMasterLocator
        default: true
        }
    }

    /// Whether this release takes what some release does.
    func takes(_ value: FieldValue, for key: PolicyKey) -> Bool {
        switch key {
        case .deliveryLimit: self >= .v4_0 || (value.integer ?? 0) >= 0
        case .targetGroupSize, .delayedRetryMax, .delayedRetryMin: (value.integer ?? 0) > 0
        case .segmentBytes: (value.integer ?? 0) <= Dialect.mostSegmentOctets
        case .queueLeaderLocator: value.text != "min-masters"
        case .queueMasterLocator: masterLocators.contains(value.text ?? "")
        case .delayedRetryType: ["all", "failed", "returned", "disabled"].contains(value.text)
        default: true
        }
    }

    private var masterLocators: [String] {
        ["min-masters", "client-local", "random"] + (self < .v4_0 ? [] : ["balanced", "least-leaders"])
    }

    /// What is said of a value that is wrong, behind it.
    func invalidity(of key: PolicyKey) -> String {
        key == .queueMasterLocator && self < .v4_0
            ? "invalid queue-master-locator value" : "is not a valid \(key.noun)"
    }

    /// What is said of what a policy can't be for.
    public func unrecognised(target name: String) -> String {
        let others =
            knowsTargetsOfOneType
            ? "one of: 'queues', 'classic_queues',  'quorum_queues', 'streams', 'exchanges', or 'all'"
            : "'queues', 'exchanges' or 'all'"
        return "apply-to '\(name)' unrecognised; should be \(others)"
    }

    func takes(_ target: Policy.Target) -> Bool {
        switch target {
        case .all, .queues, .exchanges: true
        case .classicQueues, .quorumQueues, .streams: knowsTargetsOfOneType
        }
    }
}
