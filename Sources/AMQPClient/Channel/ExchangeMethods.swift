import AMQPWire

extension Channel {
    /// Makes an exchange, or makes sure that it exists with the same properties (exchange.declare).
    ///
    /// - Parameters:
    ///   - name: at most 255 octets.
    ///   - type: how it routes.
    ///   - passive: only checks that one of that name exists; all else is then ignored.
    ///   - durable: outlives a restart of the broker.
    ///   - autoDelete: goes when its last binding has gone.
    ///   - internal: takes messages from other exchanges only.
    ///   - arguments: the broker's own, such as `alternate-exchange`.
    /// - Throws: ``AMQPError`` with 404 for a passive declare of none, 406 for one that exists and differs; both close
    ///   the channel.
    @discardableResult
    public func declareExchange(
        _ name: String, type: ExchangeType = .direct, passive: Bool = false, durable: Bool = false,
        autoDelete: Bool = false, internal: Bool = false, arguments: FieldTable = [:]
    ) async throws(AMQPError) -> Exchange {
        _ = try await call(
            .exchangeDeclare(
                ExchangeDeclare(
                    exchange: ShortString(name, as: "exchange name"),
                    type: ShortString(type.rawValue, as: "exchange type"), passive: passive, durable: durable,
                    autoDelete: autoDelete, internal: `internal`, arguments: arguments)))
        return exchange(name)
    }

    /// A handle for an exchange that exists already; nothing is sent.
    public func exchange(_ name: String) -> Exchange { Exchange(name: name, channel: self) }

    /// The exchange without a name: the routing key is the name of the queue.
    public var defaultExchange: Exchange { exchange("") }

    /// Deletes an exchange (exchange.delete); one that does not exist is no error in RabbitMQ.
    /// - Parameters:
    ///   - name: its name.
    ///   - ifUnused: only if nothing is bound to it; else 406 closes the channel.
    /// - Throws: ``AMQPError`` as ``Channel`` says; 403 for an exchange of the broker's own closes the channel.
    public func deleteExchange(_ name: String, ifUnused: Bool = false) async throws(AMQPError) {
        let method = try ExchangeDelete(exchange: ShortString(name, as: "exchange name"), ifUnused: ifUnused)
        _ = try await call(.exchangeDelete(method))
    }

    /// Binds an exchange to another (exchange.bind, a RabbitMQ extension): what `source` routes goes on to `destination`.
    /// - Throws: ``AMQPError`` as ``Channel`` says; 404 for an exchange that does not exist closes the channel.
    public func bindExchange(
        _ destination: String, to source: String, routingKey: String = "", arguments: FieldTable = [:]
    ) async throws(AMQPError) {
        let method = try ExchangeBind(
            destination: ShortString(destination, as: "exchange name"),
            source: ShortString(source, as: "exchange name"), routingKey: ShortString(routingKey, as: "routing key"),
            arguments: arguments)
        _ = try await call(.exchangeBind(method))
    }

    /// Takes a binding between exchanges away (exchange.unbind, a RabbitMQ extension). Key and arguments are those of
    /// the bind.
    /// - Throws: ``AMQPError`` as ``Channel`` says. RabbitMQ takes it for done when there is no such binding.
    public func unbindExchange(
        _ destination: String, from source: String, routingKey: String = "", arguments: FieldTable = [:]
    ) async throws(AMQPError) {
        let method = try ExchangeUnbind(
            destination: ShortString(destination, as: "exchange name"),
            source: ShortString(source, as: "exchange name"), routingKey: ShortString(routingKey, as: "routing key"),
            arguments: arguments)
        _ = try await call(.exchangeUnbind(method))
    }
}

/// A handle for an exchange on a channel. It holds no state: the exchange is the broker's.
public struct Exchange: Sendable {
    /// Its name; empty: the default exchange.
    public let name: String
    /// The channel that calls are made on.
    public let channel: Channel

    /// Publishes to this exchange. See ``Channel/publish(_:exchange:routingKey:mandatory:immediate:)``.
    nonisolated(nonsending)
        public func publish(
            _ message: Message, routingKey: String = "", mandatory: Bool = false
        ) async throws(AMQPError)
    {
        try await channel.publish(message, exchange: name, routingKey: routingKey, mandatory: mandatory)
    }

    /// Publishes to this exchange and waits until the broker has taken responsibility.
    /// See ``Channel/publishAndConfirm(_:exchange:routingKey:mandatory:)``.
    nonisolated(nonsending)
        public func publishAndConfirm(
            _ message: Message, routingKey: String = "", mandatory: Bool = false
        ) async throws(AMQPError)
    {
        try await channel.publishAndConfirm(message, exchange: name, routingKey: routingKey, mandatory: mandatory)
    }

    /// What `source` routes with this key goes on to this exchange. See
    /// ``Channel/bindExchange(_:to:routingKey:arguments:)``, also for what it throws.
    public func bind(
        to source: Exchange, routingKey: String = "", arguments: FieldTable = [:]
    ) async throws(AMQPError) {
        try await channel.bindExchange(name, to: source.name, routingKey: routingKey, arguments: arguments)
    }

    /// Takes such a binding away again. See ``Channel/unbindExchange(_:from:routingKey:arguments:)``, also for what it
    /// throws.
    public func unbind(
        from source: Exchange, routingKey: String = "", arguments: FieldTable = [:]
    ) async throws(AMQPError) {
        try await channel.unbindExchange(name, from: source.name, routingKey: routingKey, arguments: arguments)
    }

    /// Deletes the exchange. See ``Channel/deleteExchange(_:ifUnused:)``, also for what it throws.
    public func delete(ifUnused: Bool = false) async throws(AMQPError) {
        try await channel.deleteExchange(name, ifUnused: ifUnused)
    }
}
