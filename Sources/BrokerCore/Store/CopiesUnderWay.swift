/// The copies that queues have taken of messages which are not written yet, because others of their queues have still to take
/// them.
struct CopiesUnderWay {
    /// Those of the message that is being put in its queues.
    private(set) var copies: [StoredContent.Copy] = []
    private var entry: UInt32 = 0
    /// Those of messages that wait to be put in the rest of theirs, by entry.
    private var others: [UInt32: [StoredContent.Copy]] = [:]

    mutating func add(_ copy: StoredContent.Copy, of message: Message) {
        turn(to: message)
        copies.append(copy)
    }

    /// From now on it is about this message.
    mutating func turn(to message: Message) {
        if message.storeEntry == entry { return }
        if !copies.isEmpty {
            others[entry] = copies
            copies = []
        }
        entry = message.storeEntry
        if !others.isEmpty, let waiting = others.removeValue(forKey: entry) { copies = waiting }
    }

    /// The others are gone.
    mutating func keep(_ some: [StoredContent.Copy]) { copies = some }

    /// The message is written.
    mutating func clear() { copies.removeAll(keepingCapacity: true) }
}
