import AMQPWire

/// A queue as listings show it. Names are RabbitMQ's (`rabbitmqctl help list_queues`).
public struct QueueInfo: Sendable {
    public var name: String
    public var virtualHost: String
    /// `classic`, `quorum` or `stream`.
    public var type: String
    public var isDurable: Bool
    public var autoDelete: Bool
    /// The peer of the connection that alone may use it; nil: everybody may.
    public var owner: String?
    public var arguments: FieldTable
    public var readyCount: Int
    public var unacknowledgedCount: Int
    /// Octets of the bodies of the ready messages.
    public var readyOctets: Int
    /// How many messages have come in since it was declared, or since what it held was read back.
    public var enteredCount: Int
    public var consumerCount: Int
    /// The tag of the consumer that is alone by its own wish, or because the queue lets only one be active.
    public var exclusiveConsumerTag: String?
    public var singleActiveConsumerTag: String?
    /// The policy that acts on it.
    public var policy: Policy?
}

public struct ExchangeInfo: Sendable {
    public var name: String
    public var virtualHost: String
    /// As `exchange.declare` names it: `direct`, for example.
    public var type: String
    public var isDurable: Bool
    public var autoDelete: Bool
    public var isInternal: Bool
    public var arguments: FieldTable
    /// The policy that acts on it.
    public var policy: Policy?
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
    /// How many messages it has been handed.
    public var deliveredCount: Int
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
    /// How many messages it has published, and the exchange that it last looked up for one; nil: none yet.
    public var publishedCount: Int
    public var lastExchange: String?
}
