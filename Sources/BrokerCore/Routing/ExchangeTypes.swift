import AMQPWire

/// The exchange types that there are (AMQP 0-9-1, 3.1.3).
enum ExchangeTypes<Target> {
    static var all: [any Router<Target>.Type] {
        [
            DirectRouter<Target>.self,
            FanoutRouter<Target>.self,
            TopicRouter<Target>.self,
            HeadersRouter<Target>.self,
            ConsistentHashRouter<Target>.self,
        ]
    }

    /// Throws this when there is no such type.
    static func named(
        _ name: String, else code: ReplyCode = Dialect.v3_10.unknownExchangeTypeCode
    ) throws(BrokerError) -> any Router<Target>.Type {
        guard let type = all.first(where: { $0.type == name }) else {
            throw BrokerError(code, "unknown exchange type '\(name)'")
        }
        return type
    }
}
