import DataStructures

/// Rings of consumers, one for each priority. The highest is at hand; to find the next takes the logarithm of how many there
/// are, because a client may give each of its consumers a priority of its own.
struct ConsumerLevels {
    /// Of the consumers in ``top``. It stays when the last of them is taken, with its room: mostly there is just this one, and
    /// it is soon needed again.
    private var priority: Int64 = 0
    private var top = Ring<any DeliveryTarget>()
    private var lower = DividedDictionary<Int64, Level>()
    private var priorities = Heap<Priority>()

    private final class Level {
        var consumers = Ring<any DeliveryTarget>()
    }

    private struct Priority: HeapElement {
        var value: Int64

        func comes(before other: Priority) -> Bool { value > other.value }
    }

    /// The highest priority of those that are not cancelled; nil: there are none. Those that are cancelled leave on the way.
    mutating func highestPriority() -> Int64? {
        repeat {
            while let first = top.first {
                if !first.isCancelled { return priority }
                _ = top.popFirst()
            }
        } while descend()
        return nil
    }

    mutating func append(_ consumer: any DeliveryTarget, at priority: Int64) {
        if priority == self.priority { return top.append(consumer) }
        if priority < self.priority, !top.isEmpty || !lower.isEmpty {
            return level(priority).consumers.append(consumer)
        }
        if !top.isEmpty { level(self.priority).consumers = top }
        (top, self.priority) = (Ring(), priority)
        top.append(consumer)
    }

    /// Puts the consumer back that was just taken.
    mutating func putBack(_ consumer: any DeliveryTarget) { top.append(consumer) }

    /// The next of the highest priority; nil: it has no more, and ``descend()`` leads to the one below.
    mutating func popFirst() -> (any DeliveryTarget)? { top.popFirst() }

    /// False: there is nothing below.
    mutating func descend() -> Bool {
        guard let next = priorities.popFirst(), let level = lower.removeValue(forKey: next.value) else { return false }
        (top, priority) = (level.consumers, next.value)
        return true
    }

    /// Takes time in proportion to all of them.
    mutating func removeAll(where isGone: (any DeliveryTarget) -> Bool) {
        top.removeAll(where: isGone)
        for level in lower.values { level.consumers.removeAll(where: isGone) }
        for priority in priorities.elements where lower[priority.value]?.consumers.isEmpty ?? true {
            lower.removeValue(forKey: priority.value)
        }
        priorities.keep { lower[$0.value] != nil }
    }

    private mutating func level(_ priority: Int64) -> Level {
        if let known = lower[priority] { return known }
        let level = Level()
        lower[priority] = level
        priorities.insert(Priority(value: priority))
        return level
    }
}
