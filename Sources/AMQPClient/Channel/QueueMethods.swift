import AMQPWire

extension Channel {
    /// Makes a queue, or makes sure that it exists with the same properties (queue.declare).
    ///
    /// - Parameters:
    ///   - name: at most 255 octets; empty: the broker makes one up, which the returned queue has.
    ///   - passive: only checks that one of that name exists; all else is then ignored.
    ///   - durable: outlives a restart of the broker, with its persistent messages.
    ///   - exclusive: for this connection only, and gone with it.
    ///   - autoDelete: goes when its last consumer has gone.
    ///   - arguments: the broker's own, such as `x-message-ttl`.
    /// - Throws: ``AMQPError`` with 404 for a passive declare of none, 405 for another connection's exclusive queue, 406
    ///   for one that exists and differs; all close the channel.
    @discardableResult
    public func declareQueue(
        _ name: String = "", passive: Bool = false, durable: Bool = false, exclusive: Bool = false,
        autoDelete: Bool = false, arguments: FieldTable = [:]
    ) async throws(AMQPError) -> Queue {
        let method = try QueueDeclare(
            queue: ShortString(name, as: "queue name"), passive: passive, durable: durable, exclusive: exclusive,
            autoDelete: autoDelete, arguments: arguments)
        guard case .queueDeclareOk(let ok) = try await call(.queueDeclare(method)) else {
            throw .unexpectedAnswer(to: "queue.declare")
        }
        return Queue(
            name: ok.queue.text, messageCount: Int(ok.messageCount), consumerCount: Int(ok.consumerCount),
            channel: self, isStream: !passive && arguments["x-queue-type"]?.text == "stream")
    }

    /// A handle for a queue that exists already; nothing is sent, and both counts are 0.
    public func queue(_ name: String) -> Queue {
        Queue(name: name, messageCount: 0, consumerCount: 0, channel: self)
    }

    /// Deletes a queue (queue.delete); one that does not exist is no error in RabbitMQ.
    /// - Parameters:
    ///   - name: its name.
    ///   - ifUnused: only if it has no consumers; else 406 closes the channel.
    ///   - ifEmpty: only if it has no messages; else 406 closes the channel.
    /// - Returns: how many messages went with it.
    /// - Throws: ``AMQPError`` as ``Channel`` says; 405 for another connection's exclusive queue closes the channel.
    @discardableResult
    public func deleteQueue(
        _ name: String, ifUnused: Bool = false, ifEmpty: Bool = false
    ) async throws(AMQPError) -> Int {
        let method = try QueueDelete(
            queue: ShortString(name, as: "queue name"), ifUnused: ifUnused, ifEmpty: ifEmpty)
        if case .queueDeleteOk(let ok) = try await call(.queueDelete(method)) { return Int(ok.messageCount) }
        throw .unexpectedAnswer(to: "queue.delete")
    }

    /// Removes the messages that are ready (queue.purge); those out for acknowledgement stay.
    /// - Returns: how many they were.
    /// - Throws: ``AMQPError`` as ``Channel`` says; 404 for a queue that does not exist closes the channel.
    @discardableResult
    public func purgeQueue(_ name: String) async throws(AMQPError) -> Int {
        let method = try QueuePurge(queue: ShortString(name, as: "queue name"))
        if case .queuePurgeOk(let ok) = try await call(.queuePurge(method)) { return Int(ok.messageCount) }
        throw .unexpectedAnswer(to: "queue.purge")
    }

    /// Binds a queue to an exchange (queue.bind): messages that match the key or, for a headers exchange, the arguments
    /// reach the queue. Binding twice is the same as once.
    /// - Throws: ``AMQPError`` as ``Channel`` says; 404 for a queue or exchange that does not exist closes the channel.
    public func bindQueue(
        _ name: String, to exchange: String, routingKey: String = "", arguments: FieldTable = [:]
    ) async throws(AMQPError) {
        let method = try QueueBind(
            queue: ShortString(name, as: "queue name"), exchange: ShortString(exchange, as: "exchange name"),
            routingKey: ShortString(routingKey, as: "routing key"), arguments: arguments)
        _ = try await call(.queueBind(method))
    }

    /// Takes a binding away (queue.unbind). Key and arguments are those of the bind.
    /// - Throws: ``AMQPError`` as ``Channel`` says. RabbitMQ takes it for done when there is no such binding.
    public func unbindQueue(
        _ name: String, from exchange: String, routingKey: String = "", arguments: FieldTable = [:]
    ) async throws(AMQPError) {
        let method = try QueueUnbind(
            queue: ShortString(name, as: "queue name"), exchange: ShortString(exchange, as: "exchange name"),
            routingKey: ShortString(routingKey, as: "routing key"), arguments: arguments)
        _ = try await call(.queueUnbind(method))
    }
}

/// A handle for a queue on a channel, with its counts as of the declare. The queue itself is the broker's.
public struct Queue: Sendable {
    /// Its name, the one that the broker made up if none was given.
    public let name: String
    /// Messages ready for delivery when the queue was declared.
    public let messageCount: Int
    /// Consumers when the queue was declared.
    public let consumerCount: Int
    /// The channel that calls are made on.
    public let channel: Channel
    /// It was declared as a stream.
    var isStream = false

    /// What `exchange` routes with this key, or these arguments, reaches this queue. See
    /// ``Channel/bindQueue(_:to:routingKey:arguments:)``, also for what it throws.
    public func bind(
        to exchange: Exchange, routingKey: String = "", arguments: FieldTable = [:]
    ) async throws(AMQPError) {
        try await channel.bindQueue(name, to: exchange.name, routingKey: routingKey, arguments: arguments)
    }

    /// Takes such a binding away again. See ``Channel/unbindQueue(_:from:routingKey:arguments:)``, also for what it throws.
    public func unbind(
        from exchange: Exchange, routingKey: String = "", arguments: FieldTable = [:]
    ) async throws(AMQPError) {
        try await channel.unbindQueue(name, from: exchange.name, routingKey: routingKey, arguments: arguments)
    }

    /// Publishes to this queue through the default exchange. See
    /// ``Channel/publish(_:exchange:routingKey:mandatory:immediate:)``, also for what it throws.
    nonisolated(nonsending)
        public func publish(_ message: Message, mandatory: Bool = false) async throws(AMQPError)
    {
        try await channel.publish(message, routingKey: name, mandatory: mandatory)
    }

    /// Starts a consumer. See ``Channel/consume(_:tag:noAck:exclusive:noLocal:arguments:)``, also for what it throws.
    public func consume(
        tag: String = "", noAck: Bool = false, exclusive: Bool = false, noLocal: Bool = false,
        arguments: FieldTable = [:]
    ) async throws(AMQPError) -> Consumer {
        try await channel.consume(
            name, tag: tag, noAck: noAck, exclusive: exclusive, noLocal: noLocal, arguments: arguments)
    }

    /// Takes one message, if there is one. See ``Channel/get(_:noAck:)``, also for what it throws.
    public func get(noAck: Bool = false) async throws(AMQPError) -> Delivery? {
        try await channel.get(name, noAck: noAck)
    }

    /// Removes the messages that are ready; returns how many they were. See ``Channel/purgeQueue(_:)``, also for what it
    /// throws.
    @discardableResult
    public func purge() async throws(AMQPError) -> Int { try await channel.purgeQueue(name) }

    /// Deletes the queue; returns how many messages went with it. See ``Channel/deleteQueue(_:ifUnused:ifEmpty:)``, also for
    /// what it throws.
    @discardableResult
    public func delete(ifUnused: Bool = false, ifEmpty: Bool = false) async throws(AMQPError) -> Int {
        try await channel.deleteQueue(name, ifUnused: ifUnused, ifEmpty: ifEmpty)
    }
}
