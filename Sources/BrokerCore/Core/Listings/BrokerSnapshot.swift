/// What there is, for the listings, by name. Long lists are put together in slices, with clients' turns between them: see
/// ``SnapshotInSlices``.
public struct BrokerSnapshot: Sendable {
    /// The lists that a snapshot is asked for. They may be long.
    public enum Part: Sendable {
        case queues, exchanges, bindings, consumers, connections, channels
    }

    public var users: [BrokerConfiguration.User]
    public var virtualHosts: [String]
    /// Those whose firehose is on.
    public var tracedVirtualHosts: [String]
    /// What queues are that don't say their type, by virtual host, where that is not what it is anywhere.
    public var defaultQueueTypes: [String: String] = [:]
    /// By virtual host and name.
    public var policies: [Policy] = []
    /// The release of RabbitMQ that it does as.
    public let dialect: Dialect
    /// The names of the exchange types that can be declared.
    public let exchangeTypes: [String]
    /// Publishers are held back: messages take up too much memory, or the disk of the store has too little room.
    public let memoryAlarm: Bool
    public let diskAlarm: Bool
    /// Octets that messages take up in memory, and how many they may; nil: as many as there is room for.
    public let memoryInUse: Int
    public let memoryHighWater: Int?
    /// Octets that the store's disk must have free.
    public let diskFreeLimit: Int
    public let counters: BrokerCounters
    /// The last steps of messages in virtual hosts whose firehose is on.
    public var tracedSteps: [TracedStep]
    public var queues: [QueueInfo] = []
    public var exchanges: [ExchangeInfo] = []
    public var bindings: [BindingInfo] = []
    public var consumers: [ConsumerInfo] = []
    public var connections: [ConnectionInfo] = []
    public var channels: [ChannelInfo] = []

    /// With its lists in the order of names.
    public var sorted: BrokerSnapshot {
        var sorted = self
        sorted.queues.sort { ($0.virtualHost, $0.name) < ($1.virtualHost, $1.name) }
        sorted.exchanges.sort { ($0.virtualHost, $0.name) < ($1.virtualHost, $1.name) }
        sorted.bindings.sort {
            ($0.virtualHost, $0.source, $0.destination, $0.routingKey)
                < ($1.virtualHost, $1.source, $1.destination, $1.routingKey)
        }
        // Those of a queue stay in the order they started.
        var inOrder = consumers.enumerated().sorted { one, other in
            (one.element.virtualHost, one.element.queue, one.offset)
                < (other.element.virtualHost, other.element.queue, other.offset)
        }.map(\.element)
        swap(&sorted.consumers, &inOrder)
        return sorted
    }
}
