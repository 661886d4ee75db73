import AMQPWire

/// What the broker calls itself, to clients and in listings.
public enum BrokerProduct {
    public static let name = "Messaging Patterns in Swift"
    public static let version = "0.1.0"
    /// A name for the only node of this broker, as RabbitMQ's nodes have.
    public static let node = "broker@localhost"
}

/// A queue as listings show it. Names are RabbitMQ's (`rabbitmqctl help list_queues`).
public struct QueueInfo: Sendable {
    public var name: String
    public var virtualHost: String
    public var isDurable: Bool
    public var autoDelete: Bool
    /// The peer of the connection that alone may use it; nil: everybody may.
    public var owner: String?
    public var arguments: FieldTable
    public var readyCount: Int
    public var unacknowledgedCount: Int
    /// Octets of the bodies of the ready messages.
    public var readyOctets: Int
    public var consumerCount: Int
    /// The tag of the consumer that is alone by its own wish, or because the queue lets only one be active.
    public var exclusiveConsumerTag: String?
    public var singleActiveConsumerTag: String?
}

public struct ExchangeInfo: Sendable {
    public var name: String
    public var virtualHost: String
    /// `direct`, `fanout`, `topic` or `headers`.
    public var type: String
    public var isDurable: Bool
    public var autoDelete: Bool
    public var isInternal: Bool
    public var arguments: FieldTable
}

public struct BindingInfo: Sendable {
    /// The source exchange's name; empty: the default exchange, to which every queue is bound by its name.
    public var source: String
    public var virtualHost: String
    public var destination: String
    /// `queue` or `exchange`.
    public var destinationKind: String
    public var routingKey: String
    public var arguments: FieldTable
}

public struct ConsumerInfo: Sendable {
    public var tag: String
    public var queue: String
    public var virtualHost: String
    /// The connection's name and the channel's number on it.
    public var connection: String
    public var channel: UInt16
    public var user: String
    public var needsAcknowledgement: Bool
    public var isExclusive: Bool
    /// False for one that waits behind a single active consumer.
    public var isActive: Bool
    public var prefetchCount: Int
    public var unacknowledgedCount: Int
    public var arguments: FieldTable
}

public struct ConnectionInfo: Sendable {
    /// `PEER -> BROKER`, addresses with ports.
    public var name: String
    public var user: String
    public var virtualHost: String
    /// `starting`, `tuning`, `opening`, `running` or `closing`.
    public var state: String
    public var channelCount: Int
    public var clientProperties: FieldTable
    /// Milliseconds since the Unix epoch; 0: not open yet.
    public var connectedAt: Int64
    public var channelMax: UInt16
    public var frameMax: UInt32
    /// Seconds.
    public var heartbeat: UInt16
    /// Octets that wait to be taken by the client.
    public var unsentOctets: Int
}

public struct ChannelInfo: Sendable {
    public var connection: String
    public var number: UInt16
    public var user: String
    public var virtualHost: String
    public var consumerCount: Int
    public var unacknowledgedCount: Int
    /// The limit of each consumer to come.
    public var prefetchCount: Int
    /// The limit of all consumers of the channel together.
    public var globalPrefetchCount: Int
    public var isConfirming: Bool
    public var isTransactional: Bool
}

/// What there is, for who wants to see inside: read only, in the order of names.
extension BrokerCore {
    public func listVirtualHosts() -> [String] { virtualHosts.keys.sorted() }

    private func virtualHosts(named name: String?) -> [VirtualHost] {
        virtualHosts.values.filter { name == nil || $0.name == name }.sorted { $0.name < $1.name }
    }

    /// The queues of a virtual host; nil: of all.
    public func listQueues(in virtualHost: String? = nil) -> [QueueInfo] {
        virtualHosts(named: virtualHost).flatMap { host in
            host.queues.values.sorted { $0.name < $1.name }.map(info)
        }
    }

    private func info(_ queue: Queue) -> QueueInfo {
        QueueInfo(
            name: queue.name.text, virtualHost: queue.virtualHost.name, isDurable: queue.declaration.durable,
            autoDelete: queue.declaration.autoDelete,
            owner: queue.declaration.owner.map { connection($0)?.name ?? "" },
            arguments: queue.declaration.arguments, readyCount: queue.readyCount,
            unacknowledgedCount: queue.unacknowledgedCount, readyOctets: queue.readyOctets,
            consumerCount: queue.consumers.count,
            exclusiveConsumerTag: queue.consumers.all.first(where: \.isExclusive)?.tag.text,
            singleActiveConsumerTag: queue.arguments.singleActiveConsumer ? queue.consumers.active?.tag.text : nil)
    }

    public func listExchanges(in virtualHost: String? = nil) -> [ExchangeInfo] {
        virtualHosts(named: virtualHost).flatMap { host in
            host.exchanges.values.sorted { $0.name < $1.name }.map { exchange in
                ExchangeInfo(
                    name: exchange.name.text, virtualHost: host.name, type: exchange.declaration.type.rawValue,
                    isDurable: exchange.declaration.durable, autoDelete: exchange.declaration.autoDelete,
                    isInternal: exchange.declaration.isInternal, arguments: exchange.declaration.arguments)
            }
        }
    }

    /// Every binding; first those that nobody made: of each queue to the default exchange.
    public func listBindings(in virtualHost: String? = nil) -> [BindingInfo] {
        virtualHosts(named: virtualHost).flatMap { host in
            let implicit = host.queues.keys.sorted().map { name in
                BindingInfo(
                    source: "", virtualHost: host.name, destination: name.text, destinationKind: "queue",
                    routingKey: name.text, arguments: [:])
            }
            let made = host.exchanges.values.sorted { $0.name < $1.name }.flatMap { exchange in
                exchange.bindings.values.joined().map { ($0.destination.name, $0.key, $0) }.sorted {
                    ($0.0, $0.1) < ($1.0, $1.1)
                }.map { _, _, binding in
                    BindingInfo(
                        source: exchange.name.text, virtualHost: host.name, destination: binding.destination.name.text,
                        destinationKind: binding.destination.kind, routingKey: binding.key.text,
                        arguments: binding.arguments)
                }
            }
            return implicit + made
        }
    }

    /// The consumers of each queue in the order they started.
    public func listConsumers(in virtualHost: String? = nil) -> [ConsumerInfo] {
        virtualHosts(named: virtualHost).flatMap { host in
            host.queues.values.sorted { $0.name < $1.name }.flatMap { queue in
                queue.consumers.all.map { consumer in
                    ConsumerInfo(
                        tag: consumer.tag.text, queue: queue.name.text, virtualHost: host.name,
                        connection: consumer.channel.connection.name, channel: consumer.channel.number,
                        user: consumer.channel.connection.session.user, needsAcknowledgement: !consumer.noAck,
                        isExclusive: consumer.isExclusive,
                        isActive: !queue.arguments.singleActiveConsumer || queue.consumers.active === consumer,
                        prefetchCount: consumer.prefetchCount, unacknowledgedCount: consumer.unacknowledged,
                        arguments: consumer.arguments)
                }
            }
        }
    }

    /// The connections in the order they were made, those that are as good as closed left out.
    public func listConnections() -> [ConnectionInfo] {
        allConnections.compactMap { connection in
            let state: String
            switch connection.state {
            case .handshake(let handshake):
                switch handshake.step {
                case .header, .startOk, .loginCheck: state = "starting"
                case .tuneOk: state = "tuning"
                case .open: state = "opening"
                }
            case .running: state = "running"
            case .closing: state = "closing"
            case .ended: return nil
            }
            let session = connection.session
            return ConnectionInfo(
                name: connection.name, user: session.user, virtualHost: session.virtualHost?.name ?? "", state: state,
                channelCount: connection.channels.count, clientProperties: session.clientProperties,
                connectedAt: session.openedAt, channelMax: session.channelMax, frameMax: session.frameMax,
                heartbeat: session.heartbeat, unsentOctets: connection.outputBacklog)
        }
    }

    /// The channels of all connections, by connection and number.
    public func listChannels() -> [ChannelInfo] {
        allConnections.flatMap { connection in
            connection.channels.values.sorted { $0.number < $1.number }.map { channel in
                ChannelInfo(
                    connection: connection.name, number: channel.number, user: connection.session.user,
                    virtualHost: channel.virtualHost.name, consumerCount: channel.consumers.count,
                    unacknowledgedCount: channel.unacknowledged.count, prefetchCount: channel.consumerPrefetch,
                    globalPrefetchCount: channel.channelPrefetch, isConfirming: channel.confirms != nil,
                    isTransactional: channel.transaction != nil)
            }
        }
    }
}
