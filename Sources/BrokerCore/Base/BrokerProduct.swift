/// What the broker calls itself, to clients and in listings.
public enum BrokerProduct {
    public static let name = "Messaging Patterns in Swift"
    public static let version = "0.1.0"
    /// A name for the only node of this broker, as RabbitMQ's nodes have.
    public static let node = "broker@localhost"
}

/// Names a connection for as long as the broker runs. The caller of the core numbers them, and uses no number twice.
public struct ConnectionID: Hashable, Sendable {
    public let number: UInt64

    public init(number: UInt64) { self.number = number }
}
