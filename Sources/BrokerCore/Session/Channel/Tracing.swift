import AMQPWire

/// Copies of what a virtual host's clients publish and are handed, for whoever wants to watch (RabbitMQ: "Firehose
/// Tracer"). Headers, keys and order are those of RabbitMQ 3.10.8.
enum Tracing {
    static let exchange: ShortString = "amq.rabbitmq.trace"
}

extension BrokerChannel {
    private func note(_ message: Message, _ queues: [ShortString], isDelivery: Bool) {
        guard message.exchange != Tracing.exchange else { return }
        virtualHost.note(
            TracedStep(
                connection: connection.name, channel: number, exchange: message.exchange.text,
                routingKey: message.routingKey.text, queues: queues.map(\.text), isDelivery: isDelivery))
    }

    /// A message was published. In a transaction too, committed or not: this tells what clients do.
    func trace(_ message: Message, copies: [ShortString], publishedTo queues: [any Queue]) {
        note(message, queues.prefix(TracedSteps.mostQueues).map(\.name), isDelivery: false)
        let traced = queues.count > 1 && quirk(.traceNamesOneQueue) ? queues.prefix(1) : queues[...]
        trace(
            message, key: "publish.\(message.exchange)", copies: copies, [],
            [.init("routed_queues", .array(traced.map { .longString($0.name.octets) }))])
    }

    /// A message was handed to this channel's client.
    func trace(_ message: QueuedMessage, deliveredFrom queue: any Queue) {
        note(message.message, [queue.name], isDelivery: true)
        trace(
            message.message, key: "deliver.\(queue.name)", copies: nil,
            [.init("redelivered", .int32(message.redelivered ? 1 : 0))], [])
    }

    /// `copies` are the keys of its CC and BCC headers, where they are known.
    private func trace(
        _ message: Message, key: String, copies: [ShortString]?, _ middle: [FieldTable.Field],
        _ last: [FieldTable.Field]
    ) {
        // The copies themselves are not copied, nor what becomes of them by way of a dead-letter exchange.
        guard message.exchange != Tracing.exchange else { return }
        let content = content(of: message)
        do throws(BrokerError) {
            let properties = try content.properties()
            var copies = copies ?? CarbonCopies.keys(in: properties.headers ?? [:])
            if !copies.isEmpty, quirk(.traceLeavesCopiesOut) { copies = [] }
            let first: [FieldTable.Field] = [
                .init("exchange_name", .longString(message.exchange.octets)),
                .init("routing_keys", .array(([message.routingKey] + copies).map { .longString($0.octets) })),
                .init("properties", .table(try content.sentProperties().traced)),
                .init("node", .string(BrokerProduct.node)),
            ]
            virtualHost.trace(
                Message(
                    exchange: Tracing.exchange, routingKey: ShortString(truncating: key),
                    properties: BasicProperties(headers: FieldTable(first + middle + whereabouts + last)),
                    body: content.body))
        } catch { connection.fail(error, cause: .none) }
    }

    private var whereabouts: [FieldTable.Field] {
        [
            .init("vhost", .string(virtualHost.name)), .init("connection", .string(connection.name)),
            .init("channel", .int32(Int32(number))), .init("user", .string(connection.session.user)),
        ]
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
            ("delivery_mode", integer(deliveryMode)), ("headers", tracedHeaders),
            ("content_encoding", text(contentEncoding)), ("content_type", text(contentType)),
        ]
        return FieldTable(all.compactMap { name, value in value.map { FieldTable.Field(name, $0) } })
    }

    /// Left out where nobody could read the copy, in which they are nested two deeper.
    private var tracedHeaders: FieldValue? {
        headers.flatMap { $0.isNested(atMost: ByteReader.maximumDepth - 2) ? .table($0) : nil }
    }
}

extension FieldTable {
    fileprivate func isNested(atMost depth: Int) -> Bool { fields.allSatisfy { $0.value.isNested(atMost: depth) } }
}

extension FieldValue {
    /// What is in it is nested no deeper than that.
    fileprivate func isNested(atMost depth: Int) -> Bool {
        switch self {
        case .array(let values): depth > 0 && values.allSatisfy { $0.isNested(atMost: depth - 1) }
        case .table(let table): depth > 0 && table.isNested(atMost: depth - 1)
        default: true
        }
    }
}
