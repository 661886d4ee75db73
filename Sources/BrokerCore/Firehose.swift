import AMQPWire

/// Copies of what a virtual host's clients publish and are handed, for whoever wants to watch (RabbitMQ: "Firehose
/// Tracer"). Headers, keys and order are those of RabbitMQ 3.10.8.
///
/// A copy is published when the current method is done, like a ``DeadLetter``: a queue that hands a message out is in
/// the middle of something.
struct Firehose {
    static let exchange: ShortString = "amq.rabbitmq.trace"

    let virtualHost: VirtualHost
    let copy: Message

    func publish() {
        guard let exchange = virtualHost.exchange(Self.exchange) else { return }
        _ = virtualHost.enqueue(copy, in: virtualHost.route(copy, from: exchange, keys: [copy.routingKey]))
    }
}

extension BrokerChannel {
    /// A message was published. In a transaction too, committed or not: this tells what clients do.
    func trace(_ message: Message, copies: [ShortString], publishedTo queues: [Queue]) {
        trace(
            message, key: "publish.\(message.exchange)", copies: copies, [],
            [.init("routed_queues", .array(queues.map { .longString($0.name.octets) }))])
    }

    /// A message was handed to this channel's client.
    func trace(_ message: QueuedMessage, deliveredFrom queue: Queue) {
        trace(
            message.message, key: "deliver.\(queue.name)", copies: message.message.carbonCopyKeys,
            [.init("redelivered", .int32(message.redelivered ? 1 : 0))], [])
    }

    private func trace(
        _ message: Message, key: String, copies: [ShortString], _ middle: [FieldTable.Field],
        _ last: [FieldTable.Field]
    ) {
        // Whoever watches is not watched: neither the copies, nor what becomes of them by way of a dead-letter exchange.
        guard message.exchange != Firehose.exchange, !core.isPublishingCopies else { return }
        let first: [FieldTable.Field] = [
            .init("exchange_name", .longString(message.exchange.octets)),
            .init("routing_keys", .array(([message.routingKey] + copies).map { .longString($0.octets) })),
            .init("properties", .table(PublishedHeaders.withoutBlindCopies(message).properties.traced)),
            .init("node", .string(BrokerProduct.node)),
        ]
        let whereabouts: [FieldTable.Field] = [
            .init("vhost", .string(virtualHost.name)), .init("connection", .string(connection.name)),
            .init("channel", .int32(Int32(number))), .init("user", .string(connection.session.user)),
        ]
        core.copies.append(
            Firehose(
                virtualHost: virtualHost,
                copy: Message(
                    exchange: Firehose.exchange, routingKey: ShortString(truncating: key),
                    properties: BasicProperties(headers: FieldTable(first + middle + whereabouts + last)),
                    body: message.body)))
    }
}

extension BasicProperties {
    /// The properties as a table, the last first.
    fileprivate var traced: FieldTable {
        func text(_ value: ShortString?) -> FieldValue? { value.map { .longString($0.octets) } }
        func integer(_ value: (some FixedWidthInteger)?) -> FieldValue? {
            value.map { FieldValue(integerLiteral: Int64(clamping: $0)) }
        }
        let all: [(ShortString, FieldValue?)] = [
            ("cluster_id", text(clusterID)), ("app_id", text(appID)), ("user_id", text(userID)), ("type", text(type)),
            ("timestamp", integer(timestamp)), ("message_id", text(messageID)), ("expiration", text(expiration)),
            ("reply_to", text(replyTo)), ("correlation_id", text(correlationID)), ("priority", integer(priority)),
            ("delivery_mode", integer(deliveryMode)), ("headers", headers.map(FieldValue.table)),
            ("content_encoding", text(contentEncoding)), ("content_type", text(contentType)),
        ]
        return FieldTable(all.compactMap { name, value in value.map { FieldTable.Field(name, $0) } })
    }
}

extension BrokerCore {
    /// Switches the firehose of a virtual host on or off (`rabbitmqctl trace_on`, `trace_off`). It does not outlast the
    /// broker. False: there is no such virtual host.
    @discardableResult
    public func setTracing(_ isOn: Bool, in virtualHost: String) -> Bool {
        guard let host = virtualHosts[virtualHost] else { return false }
        if host.isTraced != isOn {
            host.isTraced = isOn
            log(.info, "tracing is \(isOn ? "on" : "off") in vhost \(LogEvent.quoted(virtualHost))")
        }
        return true
    }

    /// The names of the virtual hosts whose firehose is on.
    public func listTracedVirtualHosts() -> [String] {
        listVirtualHosts().filter { virtualHosts[$0]?.isTraced == true }
    }
}
