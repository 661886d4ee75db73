import AMQPWire

/// What a queue can do beyond AMQP 0-9-1, with RabbitMQ's arguments spelt out (its pages "Queues", "Quorum Queues",
/// "Streams", "Dead Letter Exchanges", "Time-To-Live", "Queue Length Limit").
///
/// ```swift
/// let jobs = try await channel.declareQueue(
///     "jobs", durable: true, with: .quorum(deliveryLimit: 5), .deadLetter(to: "failed"), .limit(messages: 10_000))
/// ```
public struct QueueFeature: Sendable, Equatable {
    /// What goes along in queue.declare.
    public var arguments: FieldTable

    /// An argument that has no name here.
    public init(_ arguments: FieldTable) { self.arguments = arguments }

    /// What becomes of messages that a full queue has no place for.
    public enum Overflow: String, Sendable {
        /// The oldest go.
        case dropHead = "drop-head"
        /// New ones are refused, which a publisher with confirms is told.
        case rejectPublish = "reject-publish"
        /// New ones are refused, and dead-lettered.
        case rejectPublishDeadLetter = "reject-publish-dlx"
    }

    /// A replicated queue; it has to be durable, and not exclusive.
    /// - Parameter deliveryLimit: how often a message may come back before it is dropped or dead-lettered, 0 or more; nil:
    ///   the broker's own limit.
    public static func quorum(deliveryLimit: Int? = nil) -> QueueFeature {
        QueueFeature(["x-queue-type": "quorum"]).adding("x-delivery-limit", deliveryLimit)
    }

    /// A log that consumers read without emptying it; it has to be durable, and not exclusive.
    /// - Parameters:
    ///   - maxOctets: its length, 0 or more; nil: no limit.
    ///   - maxAge: how long messages stay, in whole seconds; nil: as long as there is room.
    public static func stream(maxOctets: Int? = nil, maxAge: Duration? = nil) -> QueueFeature {
        var feature = QueueFeature(["x-queue-type": "stream"]).adding("x-max-length-bytes", maxOctets)
        if let maxAge { feature.arguments["x-max-age"] = .string("\(maxAge.components.seconds)s") }
        return feature
    }

    /// Where messages go that are rejected, expire, or find no place.
    /// - Parameters:
    ///   - exchange: its name; empty: the default exchange, where the key is the name of a queue.
    ///   - key: the routing key; nil: the message's own.
    public static func deadLetter(to exchange: String, key: String? = nil) -> QueueFeature {
        var feature = QueueFeature(["x-dead-letter-exchange": .string(exchange)])
        if let key { feature.arguments["x-dead-letter-routing-key"] = .string(key) }
        return feature
    }

    /// How much may wait in the queue.
    /// - Parameters:
    ///   - messages: 0 or more; nil: any number.
    ///   - octets: of the bodies together, 0 or more; nil: any number.
    ///   - overflow: what becomes of the rest.
    public static func limit(messages: Int? = nil, octets: Int? = nil, overflow: Overflow = .dropHead) -> QueueFeature {
        var feature = QueueFeature([:]).adding("x-max-length", messages).adding("x-max-length-bytes", octets)
        if overflow != .dropHead { feature.arguments["x-overflow"] = .string(overflow.rawValue) }
        return feature
    }

    /// How long a message stays, in whole milliseconds, 0 or more.
    public static func messageTTL(_ time: Duration) -> QueueFeature {
        QueueFeature([:]).adding("x-message-ttl", Int(time.milliseconds))
    }

    /// The queue goes after so long without consumers, in whole milliseconds, 1 at least.
    public static func expires(after time: Duration) -> QueueFeature {
        QueueFeature([:]).adding("x-expires", Int(time.milliseconds))
    }

    /// Messages are delivered by priority. Each level costs the broker some memory.
    /// - Parameter max: 1 to 255; 10 is plenty.
    public static func priorities(max: Int) -> QueueFeature { QueueFeature([:]).adding("x-max-priority", max) }

    /// One consumer at a time gets the messages, the others stand by.
    public static let singleActiveConsumer = QueueFeature(["x-single-active-consumer": true])

    private func adding(_ name: ShortString, _ value: Int?) -> QueueFeature {
        guard let value else { return self }
        var feature = self
        feature.arguments[name] = FieldValue(integerLiteral: Int64(value))
        return feature
    }
}

extension Channel {
    /// Makes a queue with features, or makes sure that it exists with the same (queue.declare). See
    /// ``declareQueue(_:passive:durable:exclusive:autoDelete:arguments:)``, also for what it throws.
    @discardableResult
    public func declareQueue(
        _ name: String = "", durable: Bool = false, exclusive: Bool = false, autoDelete: Bool = false,
        with first: QueueFeature, _ others: QueueFeature...
    ) async throws(AMQPError) -> Queue {
        var arguments: FieldTable = [:]
        for field in ([first] + others).flatMap(\.arguments.fields) { arguments[field.name] = field.value }
        return try await declareQueue(
            name, durable: durable, exclusive: exclusive, autoDelete: autoDelete, arguments: arguments)
    }
}
