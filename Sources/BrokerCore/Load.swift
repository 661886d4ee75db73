/// What the messages of a broker take up.
final class Load {
    /// Messages in queues and in unacknowledged deliveries, each counted once.
    private(set) var messageCount = 0
    /// Octets of their bodies and properties, in memory or only in the store.
    private(set) var octets = 0

    /// A message has got a place in a queue.
    func added(_ message: Message) {
        message.placeCount += 1
        guard message.placeCount == 1 else { return }
        messageCount += 1
        octets += message.contentCount
    }

    /// A message has given a place in a queue up.
    func removed(_ message: Message) {
        message.placeCount -= 1
        guard message.placeCount == 0 else { return }
        messageCount -= 1
        octets -= message.contentCount
    }
}
