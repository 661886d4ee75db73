import AMQPWire

/// A message: its body and the properties that travel with it.
public struct Message: Sendable, Equatable {
    /// Octets; their meaning is the application's. May be empty.
    public var body: [UInt8]
    /// Content type, headers, priority and so on (AMQP 0-9-1, class basic).
    public var properties: BasicProperties

    /// A message of octets.
    public init(body: [UInt8], properties: BasicProperties = BasicProperties()) {
        self.body = body
        self.properties = properties
    }

    /// A message of text, in UTF-8.
    ///
    /// - Parameters:
    ///   - text: the body.
    ///   - persistent: delivery mode 2: in a durable queue the message survives a restart of the broker.
    ///   - properties: what travels with it.
    public init(_ text: String, persistent: Bool = false, properties: BasicProperties = BasicProperties()) {
        self.init(body: Array(text.utf8), properties: properties)
        if persistent { self.properties.deliveryMode = 2 }
    }

    /// The body as text; octets that are not UTF-8 show as U+FFFD.
    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// A mandatory message that reached no queue, given back by the broker (`basic.return`).
public struct ReturnedMessage: Sendable, Equatable {
    /// What came back.
    public var message: Message
    /// 312 `NO_ROUTE`: no queue is bound for it; 313 `NO_CONSUMERS` for `immediate`.
    public var code: ReplyCode
    /// The broker's own text.
    public var replyText: String
    /// The exchange that it was published to; empty: the default exchange.
    public var exchange: String
    /// The routing key that it was published with.
    public var routingKey: String

    /// One made up, for a test.
    public init(message: Message, code: ReplyCode, replyText: String, exchange: String, routingKey: String) {
        self.message = message
        self.code = code
        self.replyText = replyText
        self.exchange = exchange
        self.routingKey = routingKey
    }

    /// The body as text; octets that are not UTF-8 show as U+FFFD.
    public var text: String { message.text }
}
