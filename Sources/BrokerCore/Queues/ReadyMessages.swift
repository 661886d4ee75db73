import DataStructures

/// A message's place in one queue.
struct QueuedMessage: HeapElement {
    let message: Message
    /// Where it stands in the queue's order, for life: a requeued message goes back to its place.
    let position: UInt64
    /// When it expires, in milliseconds since the Unix epoch; `Int64.max`: never.
    let expiresAt: Int64
    /// How often it was handed out and came back, and how often that, or what happened to it before it died and came
    /// here, counts as a failure. A classic queue counts no further than it needs, to 1 after a restart.
    private(set) var returnCount: UInt32 = 0
    private(set) var failureCount: UInt32

    init(message: Message, position: UInt64, expiresAt: Int64, returnCount: UInt32 = 0, failureCount: UInt32? = nil) {
        self.message = message
        self.position = position
        self.expiresAt = expiresAt
        self.returnCount = returnCount
        self.failureCount = failureCount ?? message.traits.failureCount
    }

    /// True once it has been handed out, here or before it died.
    var redelivered: Bool { returnCount > 0 || failureCount > 0 }

    /// As it is handed on by a queue that is empty: nobody looks there at what was before.
    var asNew: QueuedMessage {
        QueuedMessage(message: message, position: position, expiresAt: expiresAt, failureCount: 0)
    }

    /// How often its delivery has failed, here and where it died before.
    var failuresInAll: UInt32 { max(failureCount, message.traits.failureCount) }

    /// It is refused in a way that counts as a failure.
    mutating func noteFailure() { failureCount = failuresInAll == .max ? .max : failuresInAll + 1 }

    /// It was handed out, and is back.
    mutating func noteReturn(isFailure: Bool) {
        if returnCount < .max { returnCount = returnCount == 255 && quirk(.returnsAreOctets) ? 0 : returnCount + 1 }
        if isFailure { noteFailure() }
    }

    func comes(before other: QueuedMessage) -> Bool {
        quirk(.returnedComeBackwards) ? position > other.position : position < other.position
    }
}

/// The messages of a queue that wait to be handed out, in the order of their positions.
///
/// New messages go to the end of a ring. What comes back has a lower position than anything in the ring, since it was
/// taken from the ring's front; it waits in a heap of its own, which is served first.
struct ReadyMessages {
    private(set) var ring = Ring<QueuedMessage>()
    /// By position.
    private var returned = Heap<QueuedMessage>()

    var count: Int { ring.count + returned.count }
    var isEmpty: Bool { ring.isEmpty && returned.isEmpty }
    var first: QueuedMessage? { returned.first ?? ring.first }

    /// How many have expired of those before the first that has not.
    func expiredCount(at now: Int64) -> Int {
        let live = returned.elements.lazy.filter { $0.expiresAt > now }.map(\.position).min()
        let expired = returned.elements.count { $0.position < live ?? .max }
        return live == nil ? expired + ring.prefixCount { $0.expiresAt <= now } : expired
    }

    mutating func append(_ message: QueuedMessage) { ring.append(message) }

    mutating func popFirst() -> QueuedMessage? { returned.popFirst() ?? ring.popFirst() }

    /// Puts messages back where they were. `messages` is in any order.
    mutating func putBack(_ messages: [QueuedMessage]) {
        for message in messages { returned.insert(message) }
    }

    /// The last of them. Of those that came back, it looks at the few hundred that stand first in the heap.
    func latest(_ most: Int) -> [QueuedMessage] {
        let fresh = (max(0, ring.count - most)..<ring.count).map { ring[$0] }
        let back = returned.elements.prefix(fresh.count < most ? 512 : 0).sorted { $0.position < $1.position }
        return back.suffix(most - fresh.count) + fresh
    }

    mutating func removeAll() -> [QueuedMessage] {
        var all: [QueuedMessage] = []
        all.reserveCapacity(count)
        while let next = popFirst() { all.append(next) }
        return all
    }
}

/// Ready messages by priority, the highest served first (RabbitMQ: "Classic Queues Support Priorities").
struct PrioritizedMessages {
    /// One for each priority from 0 to the queue's highest.
    private(set) var levels: [ReadyMessages]
    private(set) var count = 0
    /// Octets of all bodies.
    private(set) var bodyOctets = 0

    init(highestPriority: UInt8 = 0, bodyOctets: Int = 0) {
        self.bodyOctets = bodyOctets
        levels = Array(repeating: ReadyMessages(), count: Int(highestPriority) + 1)
    }

    var isEmpty: Bool { count == 0 }

    private func level(of message: QueuedMessage) -> Int {
        if levels.count == 1 { return 0 }
        let priority = Int(message.message.traits.priority)
        if priority >= levels.count, quirk(.tooHighPrioritiesAreNone) { return 0 }
        return min(priority > 31 && quirk(.prioritiesHaveFiveBits) ? priority & 31 : priority, levels.count - 1)
    }

    private var firstLevel: Int? { levels.count == 1 ? 0 : levels.lastIndex { !$0.isEmpty } }

    var first: QueuedMessage? { firstLevel.flatMap { levels[$0].first } }

    /// When the message at the head expires; `Int64.max`: never.
    var nextExpiry: Int64 {
        guard let level = firstLevel, let first = levels[level].first else { return .max }
        if first.expiresAt != .max, level < levels.count - 1, quirk(.onlyTheHighestExpire) { return .max }
        return first.expiresAt
    }

    /// How many have expired of those before the first that has not.
    func expiredCount(at now: Int64) -> Int {
        var count = 0
        for level in levels.reversed() {
            let expired = level.expiredCount(at: now)
            count += expired
            if expired < level.count { break }
        }
        return count
    }

    /// The last of them, so of the lowest priority first of all.
    func latest(_ most: Int) -> [QueuedMessage] {
        levels.reduce([]) { found, level in level.latest(most - found.count) + found }
    }

    mutating func append(_ message: QueuedMessage) {
        if levels.count > 1, message.message.traits.priority >= levels.count, quirk(.tooHighPrioritiesAreDropped) {
            return
        }
        levels[level(of: message)].append(message)
        count += 1
        bodyOctets += message.message.bodySize
    }

    /// Appends messages that were found in the store.
    mutating func append(_ messages: [QueuedMessage]) {
        for message in messages { append(message) }
        if bodyOctets > 0, quirk(.restoredOctetsAreNotCounted) { bodyOctets = 0 }
    }

    mutating func popFirst() -> QueuedMessage? {
        guard let level = firstLevel, let message = levels[level].popFirst() else { return nil }
        // Of hundreds of priorities none keeps room for what it had.
        if levels.count > 1, levels[level].isEmpty { levels[level] = ReadyMessages() }
        return countOut(message)
    }

    private mutating func countOut(_ message: QueuedMessage) -> QueuedMessage {
        count -= 1
        if !quirk(.takenOctetsStayCounted) { bodyOctets -= message.message.bodySize }
        return message
    }

    mutating func putBack(_ messages: [QueuedMessage]) {
        count += messages.count
        if !quirk(.returnedOctetsAreNotCounted) { bodyOctets += messages.reduce(0) { $0 + $1.message.bodySize } }
        if levels.count == 1 { return levels[0].putBack(messages) }
        for (level, group) in Dictionary(grouping: messages, by: level(of:)) {
            if quirk(.returnedGoBehindTheirPriority) {
                group.forEach { levels[level].append($0) }
            } else if levels[level].isEmpty, quirk(.returnedToAnEmptyLevelGoBehind) {
                group.forEach { levels[level].append($0) }
            } else {
                levels[level].putBack(group)
            }
        }
    }

    mutating func removeAll() -> [QueuedMessage] {
        count = 0
        bodyOctets = 0
        return levels.indices.reversed().flatMap { levels[$0].removeAll() }
    }
}
