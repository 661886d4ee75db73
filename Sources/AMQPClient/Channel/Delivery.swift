import AMQPWire

/// A message handed out by the broker, to a consumer or for a `get`.
public struct Delivery: Sendable {
    let raw: RawDelivery
    /// The only channel on which this delivery can be settled.
    public let channel: Channel
    /// For a `get`: messages ready in the queue after this one. nil for a consumer's delivery.
    public let messageCount: Int?

    init(_ raw: RawDelivery, _ channel: Channel, messageCount: Int? = nil) {
        self.raw = raw
        self.channel = channel
        self.messageCount = messageCount
    }

    /// What was published.
    public var message: Message { raw.message }
    /// The message's body, in octets.
    public var body: [UInt8] { raw.message.body }
    /// The message's properties, its headers among them (AMQP 0-9-1, class basic).
    public var properties: BasicProperties { raw.message.properties }
    /// The body as text; octets that are not UTF-8 show as U+FFFD.
    public var text: String { raw.message.text }

    /// Numbers the deliveries of a channel, from 1.
    public var deliveryTag: UInt64 { raw.deliveryTag }
    /// It was handed out before, to whomever, and not acknowledged: it may have been worked on already.
    public var redelivered: Bool { raw.redelivered }
    /// The exchange it was published to; empty for the default exchange.
    public var exchange: String { raw.exchange.text }
    /// The routing key that it was published with, or dead-lettered.
    public var routingKey: String { raw.routingKey.text }
    /// Empty for a `get`.
    public var consumerTag: String { raw.consumerTag.text }

    /// The work is done; the broker forgets the message (basic.ack). Once, and not for `noAck`: else 406 closes the channel.
    /// - Parameter multiple: all deliveries of the channel up to this one.
    /// - Throws: ``AMQPError``: why the channel is closed.
    nonisolated(nonsending)
        public func ack(multiple: Bool = false) async throws(AMQPError)
    {
        try await channel.ack(deliveryTag, multiple: multiple)
    }

    /// The work is not done: back into the queue, or away with it (basic.nack, a RabbitMQ extension). Back into a quorum queue
    /// it means "not now" to RabbitMQ 4.3, and doesn't count toward the delivery limit.
    /// - Parameters:
    ///   - multiple: all deliveries of the channel up to this one.
    ///   - requeue: back into the queue; else it is dropped or dead-lettered.
    /// - Throws: ``AMQPError``: why the channel is closed.
    nonisolated(nonsending)
        public func nack(multiple: Bool = false, requeue: Bool = true) async throws(AMQPError)
    {
        try await channel.nack(deliveryTag, multiple: multiple, requeue: requeue)
    }

    /// The work has failed: back into the queue, or away with it (basic.reject). It always counts toward the delivery limit of
    /// a quorum queue.
    /// - Parameter requeue: back into the queue; else it is dropped or dead-lettered.
    /// - Throws: ``AMQPError``: why the channel is closed.
    nonisolated(nonsending)
        public func reject(requeue: Bool = true) async throws(AMQPError)
    {
        try await channel.reject(deliveryTag, requeue: requeue)
    }
}
