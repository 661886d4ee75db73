import AMQPWire

/// What an operator wants of every queue or exchange whose name matches (RabbitMQ: "Policies"). Of those that match, one acts:
/// that of the highest priority.
public final class Policy: Sendable {
    /// What a policy is for.
    public enum Target: String, Sendable, CaseIterable {
        case all, queues
        case classicQueues = "classic_queues"
        case quorumQueues = "quorum_queues"
        case streams, exchanges
    }

    public let virtualHost: String
    public let name: String
    /// A regular expression, looked for anywhere in a name; see ``NamePattern``.
    public let pattern: String
    public let target: Target
    public let priority: Int64
    /// By RabbitMQ's names, `max-length`.
    public let definition: FieldTable
    private let matcher: NamePattern
    /// The types of queues that a part of it means nothing to, in each release.
    private let foreignTypes: [Dialect: Set<String>]

    /// Throws ``PolicyRefusal`` for what every release of RabbitMQ refuses too, and for a pattern that can't be matched in
    /// bounded time.
    public init(
        _ name: String, in virtualHost: String, pattern: String, target: Target = .all, priority: Int64 = 0,
        definition: FieldTable
    ) throws(PolicyRefusal) {
        do throws(NamePattern.Unsupported) {
            matcher = try NamePattern(pattern)
        } catch {
            throw PolicyRefusal(
                part: "pattern", "pattern should be regular expression but can't be used: \(error.reason)")
        }
        try PolicyKey.check(definition)
        foreignTypes = Dictionary(
            uniqueKeysWithValues: Dialect.allCases.map { ($0, Self.foreignTypes(to: definition, in: $0)) })
        self.virtualHost = virtualHost
        self.name = name
        self.pattern = pattern
        self.target = target
        self.priority = priority
        self.definition = definition
    }

    private static func foreignTypes(to definition: FieldTable, in dialect: Dialect) -> Set<String> {
        let keys = definition.names.compactMap { PolicyKey(rawValue: $0.text) }
        let isOfMirrors = definition.names.contains { PolicyKey.isOfMirrors($0.text) }
        return Set(
            PolicyKey.queueTypes.filter { type in
                keys.contains { $0.isForeign(to: type, in: dialect) } || isOfMirrors && type != "classic"
            })
    }

    /// What of it is for clusters and plugins.
    public var keysOfOthers: [String] { definition.names.map(\.text).filter(PolicyKey.isOfOthers) }

    /// Throws for what this release of RabbitMQ refuses to set.
    public func check(in dialect: Dialect) throws(PolicyRefusal) {
        guard dialect.takes(target) else {
            throw PolicyRefusal(part: "apply-to", dialect.unrecognised(target: target.rawValue))
        }
        try PolicyKey.check(definition, in: dialect)
    }

    /// Whether it is for the exchanges of this name.
    func matches(exchange name: String) -> Bool {
        if target != .all, target != .exchanges, !quirk(.policiesForQueuesActOnExchanges) { return false }
        return isMeant(name)
    }

    /// Whether it is for the queues of this name and type. A policy of which a part means nothing to that type is not for
    /// it at all, as in RabbitMQ.
    func matches(queue name: String, ofType type: String, in dialect: Dialect) -> Bool {
        let isWanted =
            switch target {
            case .all, .queues: true
            case .classicQueues: type == "classic" || quirk(.policiesKnowNoQueueTypes)
            case .quorumQueues: type == "quorum" || quirk(.policiesKnowNoQueueTypes)
            case .streams: type == "stream" || quirk(.policiesKnowNoQueueTypes)
            case .exchanges: quirk(.policiesForExchangesActOnQueues)
            }
        let isForeign = foreignTypes[dialect]?.contains(type) == true && !quirk(.foreignKeysArePassedOver)
        return isWanted && !isForeign && isMeant(name)
    }

    private func isMeant(_ name: String) -> Bool {
        guard matcher.matches(name) else { return false }
        let isAtTheStart = pattern.hasPrefix("^") || name.hasPrefix(pattern.prefix(4))
        return isAtTheStart || !quirk(.patternsStandAtTheStart)
    }

    /// How long a look at a name of so many octets may take, in steps of the matcher.
    func cost(ofName count: Int) -> Int { matcher.weight * (count + 1) }

    /// Comes before another, of the same name's matches.
    func precedes(_ other: Policy) -> Bool {
        if priority != other.priority { return (priority > other.priority) != quirk(.lowestPriorityActs) }
        return name < other.name
    }
}

/// Why a policy is not taken, in RabbitMQ's words where it has some.
public struct PolicyRefusal: Error, Equatable, CustomStringConvertible {
    /// Where it is: `pattern`, `definition.max-length`.
    public let part: String
    public let reason: String
    public var description: String { reason }

    init(part: String, _ reason: String) {
        self.part = part
        self.reason = reason
    }
}
