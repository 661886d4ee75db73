/// What there is at one moment, for the listings: everything in it is of the same moment.
public struct BrokerSnapshot: Sendable {
    /// The lists that a snapshot is asked for. They may be long.
    public enum Part: Sendable {
        case queues, exchanges, bindings, consumers, connections, channels
    }

    public var users: [BrokerConfiguration.User]
    public var virtualHosts: [String]
    /// Those whose firehose is on.
    public var tracedVirtualHosts: [String]
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
    public var queues: [QueueInfo]
    public var exchanges: [ExchangeInfo]
    public var bindings: [BindingInfo]
    public var consumers: [ConsumerInfo]
    public var connections: [ConnectionInfo]
    public var channels: [ChannelInfo]
}

extension BrokerCore {
    /// - Parameter virtualHost: the one whose queues, exchanges, bindings and consumers are wanted; nil: those of all
    public func snapshot(of parts: Set<BrokerSnapshot.Part>, in virtualHost: String? = nil) -> BrokerSnapshot {
        BrokerSnapshot(
            users: configuration.users, virtualHosts: listVirtualHosts(),
            tracedVirtualHosts: listTracedVirtualHosts(), exchangeTypes: ExchangeTypes<any Queue>.all.map { $0.type },
            memoryAlarm: alarms.memory, diskAlarm: alarms.disk, memoryInUse: memoryInUse,
            memoryHighWater: configuration.memoryHighWater, diskFreeLimit: configuration.store.diskFreeLimit,
            queues: parts.contains(.queues) ? listQueues(in: virtualHost) : [],
            exchanges: parts.contains(.exchanges) ? listExchanges(in: virtualHost) : [],
            bindings: parts.contains(.bindings) ? listBindings(in: virtualHost) : [],
            consumers: parts.contains(.consumers) ? listConsumers(in: virtualHost) : [],
            connections: parts.contains(.connections) ? listConnections() : [],
            channels: parts.contains(.channels) ? listChannels() : [])
    }
}
