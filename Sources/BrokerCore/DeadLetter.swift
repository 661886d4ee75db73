import AMQPWire

/// A message that a queue gave up, on its way to the queue's dead-letter exchange (RabbitMQ: "Dead Letter Exchanges").
///
/// It is published when the current method is done, not in the middle of it: one death may cause the next, and a long
/// chain of them would use up the stack.
struct DeadLetter {
    let message: Message
    let queue: Queue
    let reason: Reason

    /// Why a queue gave a message up.
    enum Reason: String {
        case rejected, expired, maxlen
    }

    /// Publishes the message again, through the queue's dead-letter exchange if there is one at this moment.
    func publish() {
        let virtualHost = queue.virtualHost
        guard let exchangeName = queue.arguments.deadLetterExchange,
            let exchange = virtualHost.exchange(exchangeName)
        else { return }

        var properties = message.properties
        var headers = properties.headers ?? [:]
        let isFirst = headers["x-death"] == nil
        var deaths = History(headers["x-death"])
        deaths.add(
            queue: queue.name, reason: reason, message: message, copies: headers["CC"]?.array ?? [],
            seconds: UInt64(clamping: virtualHost.core.now / 1000),
            originalExpiration: properties.expiration)
        headers["x-death"] = deaths.value
        if isFirst {
            headers["x-first-death-reason"] = .string(reason.rawValue)
            headers["x-first-death-queue"] = .longString(queue.name.octets)
            headers["x-first-death-exchange"] = .longString(message.exchange.octets)
        }
        // Without this the message would expire again wherever it goes.
        properties.expiration = nil

        var keys = [message.routingKey] + message.carbonCopyKeys
        if let key = queue.arguments.deadLetterRoutingKey {
            keys = [key]
            headers["CC"] = nil
            headers["BCC"] = nil
        }
        properties.headers = headers

        let letter = Message(
            exchange: exchangeName, routingKey: keys.first ?? "", properties: properties, body: message.body)
        let targets = virtualHost.route(letter, from: exchange, keys: keys).filter { !deaths.closesCycle(to: $0.name) }
        _ = virtualHost.enqueue(letter, in: targets)
    }

    /// The `x-death` header: what happened to a message, the latest first.
    private struct History {
        private var deaths: [FieldTable]

        init(_ header: FieldValue?) { deaths = (header?.array ?? []).compactMap(\.table) }

        var value: FieldValue { .array(deaths.map(FieldValue.table)) }

        /// Counts up the entry of this queue and reason, or makes one, and puts it first.
        mutating func add(
            queue: ShortString, reason: Reason, message: Message, copies: [FieldValue], seconds: UInt64,
            originalExpiration: ShortString?
        ) {
            let known = deaths.firstIndex { death in
                death["queue"] == .longString(queue.octets) && death["reason"]?.text == reason.rawValue
            }
            if let known {
                var death = deaths.remove(at: known)
                death["count"] = .int64((death["count"]?.integer ?? 0) &+ 1)
                deaths.insert(death, at: 0)
                return
            }
            var death: FieldTable = [
                "count": .int64(1),
                "reason": .string(reason.rawValue),
                "queue": .longString(queue.octets),
                "time": .timestamp(seconds),
                "exchange": .longString(message.exchange.octets),
                "routing-keys": .array([.longString(message.routingKey.octets)] + copies),
            ]
            if let originalExpiration { death["original-expiration"] = .longString(originalExpiration.octets) }
            deaths.insert(death, at: 0)
        }

        /// True when the message has died in this queue before and nobody rejected it since: it would go round for
        /// ever.
        func closesCycle(to queue: ShortString) -> Bool {
            guard let last = deaths.firstIndex(where: { $0["queue"] == .longString(queue.octets) }) else {
                return false
            }
            return deaths[...last].allSatisfy { $0["reason"]?.text != Reason.rejected.rawValue }
        }
    }
}
