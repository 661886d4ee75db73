/// What the messages of a broker take up.
final class Load {
    /// Messages in queues and in unacknowledged deliveries, each counted once.
    private(set) var messageCount = 0
    /// Octets of their bodies and properties, in memory or only in the store.
    private(set) var octets = 0

    /// Counts a message that has got a place in a queue.
    func add(_ message: Message) {
        guard message.changePlaces(by: 1) == 1 else { return }
        messageCount += 1
        octets += message.contentCount
    }

    /// Takes off a message that has given up a place in a queue.
    func remove(_ message: Message) {
        guard message.changePlaces(by: -1) == 0 else { return }
        messageCount -= 1
        octets -= message.contentCount
    }
}
