import DataStructures

/// The messages of a quorum queue that wait to be handed out: first those that came back, in the order they did, then
/// the others in the order of their dialect.
struct QuorumMessages {
    private let order: QuorumOrder
    private let expiresInEachLane: Bool
    private var returned = Ring<QueuedMessage>()
    /// By falling priority; made when first needed.
    private var lanes: [Lane] = []
    /// How many of the high lane were taken since the normal one had its turn.
    private var turns = 0
    private(set) var count = 0
    /// Octets of all bodies, and of all properties.
    private(set) var bodyOctets = 0
    private(set) var propertyOctets = 0

    private struct Lane {
        let priority: UInt8
        var messages = Ring<QueuedMessage>()
    }

    private enum Place {
        case returned
        case lane(Int)
    }

    init(_ dialect: Dialect) {
        order = dialect.quorumOrder
        expiresInEachLane = dialect.expiresInEachPriority
    }

    var isEmpty: Bool { count == 0 }

    // MARK: In

    /// Adds a message behind all others of its priority.
    mutating func append(_ message: QueuedMessage) {
        countIn(message)
        let priority = priority(of: message.message)
        var at = 0
        while at < lanes.count, lanes[at].priority > priority { at += 1 }
        if at == lanes.count || lanes[at].priority != priority { lanes.insert(Lane(priority: priority), at: at) }
        lanes[at].messages.append(message)
    }

    /// Adds a message that came back, behind the others that did.
    mutating func putBack(_ message: QueuedMessage) {
        var message = message
        if message.expiresAt != .max, quirk(quorum: .returnedDoNotExpire) {
            message = QueuedMessage(
                message: message.message, position: message.position, expiresAt: .max,
                returnCount: message.returnCount, failureCount: message.failureCount)
        }
        countIn(message)
        if quirk(quorum: .returnedOctetsAreNotCounted) { bodyOctets -= message.message.bodySize }
        if !returned.isEmpty, quirk(quorum: .returnedComeBackwards) { return putFirst(message) }
        returned.append(message)
    }

    private mutating func putFirst(_ message: QueuedMessage) {
        var others = returned
        returned.removeAll()
        returned.append(message)
        while let other = others.popFirst() { returned.append(other) }
    }

    private func priority(of message: Message) -> UInt8 {
        let traits = message.traits
        switch order {
        case .arrival: return 0
        case .highAndNormal: return traits.priority > 4 || traits.priority == 4 && quirk(quorum: .fourIsHigh) ? 1 : 0
        case .priority:
            if traits.priority > 31, quirk(quorum: .prioritiesHaveFiveBits) { return traits.priority & 31 }
            return traits.hasPriority || quirk(quorum: .noPriorityIsZero) ? min(traits.priority, 31) : 4
        }
    }

    private mutating func countIn(_ message: QueuedMessage) {
        count += 1
        bodyOctets += message.message.bodySize
        propertyOctets += message.message.propertiesCount
    }

    /// The last of the lowest priority, then those of higher ones, and those that came back if there are no others.
    func latest(_ most: Int) -> [QueuedMessage] {
        (lanes.reversed().map(\.messages) + [returned]).reduce([]) { found, ring in
            (max(0, ring.count - (most - found.count))..<ring.count).map { ring[$0] } + found
        }
    }

    // MARK: Out

    private var next: Place? {
        if !returned.isEmpty { return .returned }
        guard let first = lanes.firstIndex(where: { !$0.messages.isEmpty }) else { return nil }
        if order == .highAndNormal, turns == 2, first == 0, lanes.count > 1,
            let normal = lanes[1].messages.first, let high = lanes[0].messages.first,
            normal.position < high.position && !quirk(quorum: .normalOnesStarve)
                || normal.position > high.position && quirk(quorum: .youngOnesTakeTurns)
        {
            return .lane(1)
        }
        return .lane(first)
    }

    private func first(at place: Place) -> QueuedMessage? {
        switch place {
        case .returned: returned.first
        case .lane(let lane): lanes[lane].messages.first
        }
    }

    /// The message that is next to be handed out.
    var first: QueuedMessage? { next.flatMap(first(at:)) }

    /// Takes out the message that is next to be handed out.
    mutating func popFirst() -> QueuedMessage? { next.flatMap { pop($0) } }

    private mutating func pop(_ place: Place) -> QueuedMessage? {
        let message: QueuedMessage?
        switch place {
        case .returned:
            message = returned.popFirst()
            if order == .highAndNormal, quirk(quorum: .returnedTakeTurns) { turns = turns == 2 ? 0 : turns + 1 }
        case .lane(let lane):
            message = lanes[lane].messages.popFirst()
            turns = turns == 2 ? 0 : turns + 1
        }
        guard let message else { return nil }
        count -= 1
        if !quirk(quorum: .takenOctetsStayCounted) { bodyOctets -= message.message.bodySize }
        if order != .priority || !quirk(quorum: .takenPropertiesStayCounted) {
            propertyOctets -= message.message.propertiesCount
        }
        return message
    }

    /// What has expired is looked for at the head of each lane, not only where the next to be handed out is.
    private var looksIntoEachLane: Bool {
        expiresInEachLane && (lanes.count < 2 || !quirk(quorum: .lowPrioritiesOutliveTheirTime))
    }

    /// When the next of those expires that are looked at: what is next to be handed out, or the first of each lane.
    var nextExpiry: Int64 {
        guard looksIntoEachLane, lanes.count < 2 || !quirk(quorum: .lowPrioritiesSetNoTimer) else {
            return first?.expiresAt ?? .max
        }
        return lanes.reduce(returned.first?.expiresAt ?? .max) { min($0, $1.messages.first?.expiresAt ?? .max) }
    }

    /// How many have expired and are to go before any other is handed out.
    func expiredCount(at now: Int64) -> Int {
        var count = returned.prefixCount { $0.expiresAt <= now }
        if count < returned.count, !expiresInEachLane { return count }
        for lane in lanes {
            let expired = lane.messages.prefixCount { $0.expiresAt <= now }
            count += expired
            if expired < lane.messages.count, !expiresInEachLane { break }
        }
        return count
    }

    /// Takes out one of those that has expired.
    mutating func popExpired(at now: Int64) -> QueuedMessage? {
        func hasExpired(_ message: QueuedMessage?) -> Bool { message.map { $0.expiresAt <= now } ?? false }
        if !looksIntoEachLane {
            guard let next, hasExpired(first(at: next)) else { return nil }
            return pop(next)
        }
        if hasExpired(returned.first) { return pop(.returned) }
        return lanes.firstIndex { hasExpired($0.messages.first) }.flatMap { pop(.lane($0)) }
    }
}
