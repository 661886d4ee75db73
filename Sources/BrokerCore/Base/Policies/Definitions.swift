import AMQPWire

/// What an operator wants there to be: what a file of RabbitMQ's definitions says, without the users.
public struct Definitions: Sendable {
    /// One thing, with its place in the file: `queues[3]`.
    public struct Item: Sendable {
        public var place: String
        public var thing: Thing

        public init(_ place: String, _ thing: Thing) {
            self.place = place
            self.thing = thing
        }
    }

    public enum Thing: Sendable {
        case virtualHost(VirtualHostDefinition)
        case policy(Policy)
        case exchange(ExchangeDefinition)
        case queue(QueueDefinition)
        case binding(BindingDefinition)
    }

    /// In an order in which each can be made: bindings last.
    public var items: [Item] = []

    public init() {}
}

public struct VirtualHostDefinition: Sendable {
    public var name: String
    /// What a queue is that does not say its type; nil: what it is anywhere.
    public var defaultQueueType: String?

    public init(_ name: String, defaultQueueType: String? = nil) {
        self.name = name
        self.defaultQueueType = defaultQueueType
    }
}

public struct ExchangeDefinition: Sendable {
    public var virtualHost: String
    public var name: ShortString
    public var type: String
    public var isDurable: Bool
    public var autoDelete: Bool
    public var isInternal: Bool
    public var arguments: FieldTable

    public init(
        _ name: ShortString, in virtualHost: String, type: String, isDurable: Bool = true, autoDelete: Bool = false,
        isInternal: Bool = false, arguments: FieldTable = [:]
    ) {
        self.virtualHost = virtualHost
        self.name = name
        self.type = type
        self.isDurable = isDurable
        self.autoDelete = autoDelete
        self.isInternal = isInternal
        self.arguments = arguments
    }
}

public struct QueueDefinition: Sendable {
    public var virtualHost: String
    public var name: ShortString
    public var isDurable: Bool
    public var autoDelete: Bool
    public var arguments: FieldTable

    public init(
        _ name: ShortString, in virtualHost: String, isDurable: Bool = true, autoDelete: Bool = false,
        arguments: FieldTable = [:]
    ) {
        self.virtualHost = virtualHost
        self.name = name
        self.isDurable = isDurable
        self.autoDelete = autoDelete
        self.arguments = arguments
    }
}

public struct BindingDefinition: Sendable {
    public var virtualHost: String
    public var source: ShortString
    public var destination: ShortString
    /// The destination is a queue, not an exchange.
    public var leadsToQueue: Bool
    public var key: ShortString
    public var arguments: FieldTable

    public init(
        _ source: ShortString, to destination: ShortString, in virtualHost: String, leadsToQueue: Bool = true,
        key: ShortString, arguments: FieldTable = [:]
    ) {
        self.virtualHost = virtualHost
        self.source = source
        self.destination = destination
        self.leadsToQueue = leadsToQueue
        self.key = key
        self.arguments = arguments
    }
}

/// What a file of definitions says of users. A user who is there already gets the password and the tags of the file, and keeps
/// permissions that the file does not mention, as in RabbitMQ.
public struct UserDefinitions: Sendable {
    /// With the permissions that are said of them.
    public var users: [BrokerConfiguration.User] = []
    /// Permissions of users who are not among these, by virtual host. They are for whoever is there already.
    public var permissionsOfOthers: [String: [String: Permissions]] = [:]

    public init() {}
}

/// Something that an operator changes, from outside AMQP; see ``BrokerInput/change(_:)``.
public enum BrokerChange: Sendable {
    /// What is there already stays as it is; a policy takes the place of one of its name, and a virtual host its new settings.
    case define(Definitions.Thing)
    /// As ``define(_:)`` does, if the release that the broker does as takes such a policy. Definitions may come from another.
    case setPolicy(Policy)
    case clearPolicy(String, virtualHost: String)
    /// `user` is whose rights count.
    case purge(queue: String, virtualHost: String, user: String)
    case delete(queue: String, virtualHost: String, user: String, ifEmpty: Bool = false, ifUnused: Bool = false)

    /// Why something was not done.
    public struct Refusal: Error, Equatable, CustomStringConvertible {
        public enum Kind: Sendable { case missing, forbidden, wrong }

        public var kind: Kind
        /// What of it is wrong, `arguments.x-max-length`; empty: all of it.
        public var part = ""
        public var reason: String
        public var description: String { reason }
    }
}
