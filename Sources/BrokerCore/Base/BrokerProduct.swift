import AMQPWire

/// What the broker is, in listings and in what it tells clients about itself.
public enum BrokerProduct {
    public static let name = "Messaging Patterns in Swift"
    public static let version = Product.version
    /// A name for the only node of this broker, as RabbitMQ's nodes have.
    public static let node = "broker@localhost"
    /// The `information` of `connection.start`: by it the broker is known whatever it announces as its product.
    public static let information = "\(name) \(version): a broker to learn with and to test against"
}

/// The `product` and `version` of `connection.start`. Clients choose by them how they behave: kombu grows a shared
/// window for RabbitMQ only, and without that a worker of Celery's waits behind tasks that are not due yet.
public struct AnnouncedProduct: Sendable, Equatable {
    public var name: String
    public var version: String

    public static let own = AnnouncedProduct(name: BrokerProduct.name, version: BrokerProduct.version)
    /// The broker whose dialect this one speaks.
    public static func rabbitMQ(_ dialect: Dialect) -> AnnouncedProduct {
        AnnouncedProduct(name: "RabbitMQ", version: dialect.version)
    }
}

/// Names a connection for as long as the broker runs. The caller of the core numbers them, and uses no number twice.
public struct ConnectionID: Hashable, Sendable {
    public let number: UInt64

    public init(number: UInt64) { self.number = number }
}
