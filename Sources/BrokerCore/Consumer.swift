import AMQPWire

/// A consumer: a channel's standing wish for a queue's messages (`basic.consume`).
final class Consumer {
    let tag: ShortString
    let queue: Queue
    unowned let channel: BrokerChannel
    let noAck: Bool
    let isExclusive: Bool
    /// RabbitMQ: "Consumer Priorities".
    let priority: Int64
    let arguments: FieldTable
    /// How many deliveries may be unacknowledged; 0: no limit. Fixed at the start, as RabbitMQ has it.
    let prefetchCount: Int
    var unacknowledged = 0
    /// True while it stands in its queue's rotation. It leaves when it can't take a message and is put back, at the
    /// end, when it can.
    var isInRotation = false
    var isCancelled = false

    init(
        tag: ShortString, queue: Queue, channel: BrokerChannel, noAck: Bool, isExclusive: Bool, priority: Int64,
        arguments: FieldTable, prefetchCount: Int
    ) {
        self.tag = tag
        self.queue = queue
        self.channel = channel
        self.noAck = noAck
        self.isExclusive = isExclusive
        self.priority = priority
        self.arguments = arguments
        self.prefetchCount = prefetchCount
    }

    /// True when a message may be handed to it now.
    var hasRoom: Bool {
        if isCancelled || channel.connection.isCongested { return false }
        return noAck || (prefetchCount == 0 || unacknowledged < prefetchCount) && channel.hasRoom
    }
}
