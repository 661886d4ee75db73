/// A message's place in a queue that is being read back.
struct RecoveredMessage {
    let message: Message
    let position: UInt64
    /// Milliseconds since the Unix epoch; `Int64.max`: never.
    let expiresAt: Int64
    /// True where it may have been handed out.
    var redelivered = false
}

/// A queue as far as it has been read back.
struct RecoveredQueue {
    private(set) var description: StoreRecovery.Found<StoredQueue>
    /// False: there are messages of it, and what it was declared as has yet to come.
    private(set) var isDeclared = false
    /// By rising position; nil for what is gone.
    private var messages: [RecoveredMessage?] = []
    private var positions: [UInt64] = []
    /// Messages that were copied to the end of the log, and so come after younger ones.
    private var moved: [UInt64: RecoveredMessage] = [:]
    private(set) var messageCount = 0

    init(_ description: StoreRecovery.Found<StoredQueue>) { self.description = description }

    mutating func declare(as found: StoreRecovery.Found<StoredQueue>) {
        let old = description.value
        description = found
        description.value.nextPosition = max(old.nextPosition, found.value.nextPosition)
        description.value.deliveredBelow = max(old.deliveredBelow, found.value.deliveredBelow)
        isDeclared = true
    }

    mutating func noteDelivery(below: UInt64) {
        description.value.deliveredBelow = max(description.value.deliveredBelow, below)
    }

    /// Adds a message. One that was there already has been copied to a later place in the log, which then counts;
    /// `replaced` gets the old one.
    mutating func add(_ message: RecoveredMessage, replaced: (Message) -> Void) {
        description.value.nextPosition = max(description.value.nextPosition, message.position + 1)
        messageCount += 1
        guard let last = positions.last, message.position <= last else {
            messages.append(message)
            return positions.append(message.position)
        }
        if let old = take(message.position) { replaced(old) }
        moved[message.position] = message
    }

    mutating func remove(from first: UInt64, count: UInt32, gone: (Message, UInt64) -> Void) {
        // A long run over few messages: look at what is there rather than at every number.
        var place = index(notBefore: first)
        let (end, overflow) = first.addingReportingOverflow(UInt64(count))
        while place < positions.count, overflow || positions[place] < end {
            if let message = messages[place]?.message {
                messages[place] = nil
                messageCount -= 1
                gone(message, positions[place])
            }
            place += 1
        }
        guard !moved.isEmpty else { return }
        for position in moved.keys.sorted() where position >= first && (overflow || position < end) {
            guard let message = moved.removeValue(forKey: position)?.message else { continue }
            messageCount -= 1
            gone(message, position)
        }
    }

    func removeAll(gone: (Message, UInt64) -> Void) {
        for message in inOrder { gone(message.message, message.position) }
    }

    /// What is there, by rising position, marked as redelivered where that may be.
    var inOrder: [RecoveredMessage] {
        var all = messages.compactMap { $0 }
        if !moved.isEmpty {
            all += moved.values
            all.sort { $0.position < $1.position }
        }
        for place in all.indices where all[place].position < description.value.deliveredBelow {
            all[place].redelivered = true
        }
        return all
    }

    private mutating func take(_ position: UInt64) -> Message? {
        var old = moved.removeValue(forKey: position)?.message
        let place = index(notBefore: position)
        if old == nil, place < positions.count, positions[place] == position {
            old = messages[place]?.message
            messages[place] = nil
        }
        if old != nil { messageCount -= 1 }
        return old
    }

    private func index(notBefore position: UInt64) -> Int {
        var (low, high) = (0, positions.count)
        while low < high {
            let middle = (low + high) / 2
            if positions[middle] < position { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
