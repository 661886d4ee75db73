/// How an exchange routes. A struct rather than an enum: brokers have further types as plugins.
public struct ExchangeType: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
    /// The broker's name for it, at most 255 octets.
    public let rawValue: String

    /// A type by its name.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// A type by its name: `"x-consistent-hash"`.
    public init(stringLiteral name: String) { rawValue = name }

    /// To the queues whose binding key equals the routing key.
    public static let direct = ExchangeType(rawValue: "direct")
    /// To every bound queue.
    public static let fanout = ExchangeType(rawValue: "fanout")
    /// To the queues whose pattern matches: `*` stands for one word, `#` for any number, none included.
    public static let topic = ExchangeType(rawValue: "topic")
    /// To the queues whose arguments match the message's headers.
    public static let headers = ExchangeType(rawValue: "headers")
}
