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
            LocalRandomRouter<Target>.self,
            ModulusHashRouter<Target>.self,
        ]
    }

    /// Those that this release has.
    static func all(in dialect: Dialect) -> [any Router<Target>.Type] {
        all.filter { dialect.knows(exchangeType: $0.type) }
    }

    /// The type of a name. Throws when this release has none; without a dialect, when no release has.
    static func named(
        _ name: String, in dialect: Dialect?
    ) throws(BrokerError) -> any Router<Target>.Type {
        let known = dialect.map(all) ?? all
        guard let type = known.first(where: { $0.type == name }) else {
            if name != name.lowercased(), quirk(.typesHaveNoCase) { return try named(name.lowercased(), in: dialect) }
            throw BrokerError((dialect ?? .v3_10).unknownExchangeTypeCode, "unknown exchange type '\(name)'")
        }
        return type
    }
}
