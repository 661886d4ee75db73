/// How often what has happened since the broker was started. What counts as what is as in RabbitMQ 3.10.8
/// (`rabbitmq_global_messages_…_total` and others).
public struct BrokerCounters: Sendable {
    public internal(set) var connectionsOpened = 0
    public internal(set) var connectionsClosed = 0
    public internal(set) var channelsOpened = 0
    public internal(set) var channelsClosed = 0
    /// Declarations that were answered, also of queues that were there already.
    public internal(set) var queuesDeclared = 0
    public internal(set) var queuesCreated = 0
    public internal(set) var queuesDeleted = 0

    /// Messages published by clients; and those of them on channels with confirms.
    public internal(set) var received = 0
    public internal(set) var receivedToConfirm = 0
    public internal(set) var confirmed = 0
    /// Places in queues that these got.
    public internal(set) var routed = 0
    public internal(set) var unroutableDropped = 0
    public internal(set) var unroutableReturned = 0

    public internal(set) var deliveredToConsumers = 0
    public internal(set) var deliveredToConsumersWithoutAck = 0
    public internal(set) var fetched = 0
    public internal(set) var fetchedWithoutAck = 0
    /// Fetches that found no message.
    public internal(set) var fetchedNothing = 0
    public internal(set) var redelivered = 0
    public internal(set) var acknowledged = 0

    public var delivered: Int {
        deliveredToConsumers + deliveredToConsumersWithoutAck + fetched + fetchedWithoutAck
    }
}
