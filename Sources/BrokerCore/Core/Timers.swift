import DataStructures

/// What is due when, the earliest first.
struct Timers {
    /// Whose timer it is.
    enum Owner {
        case queue(any Queue)
        case connection(ConnectionID)
        /// The check for deliveries that were out too long.
        case consumerTimeouts
    }

    private struct Entry: HeapElement {
        var time: Int64
        /// Timers of the same time fire in the order in which they were set.
        var number: UInt64

        func comes(before other: Entry) -> Bool { (time, number) < (other.time, other.number) }
    }

    private var heap = Heap<Entry>()
    /// The heap before, in which too many were cancelled. It leaves from its end, a few with each timer that is set or cancelled, and
    /// those that are still to fire move: a client may have a hundred thousand.
    private var leaving = Heap<Entry>()
    /// What is cancelled leaves this table at once, with all it holds on to.
    private var owners = DividedDictionary<UInt64, Owner>()
    private var setCount: UInt64 = 0

    /// The earliest time, in milliseconds since the Unix epoch; nil: nothing is due, ever.
    var next: Int64? {
        guard let one = heap.first?.time, let other = leaving.first?.time else {
            return (heap.first ?? leaving.first)?.time
        }
        return min(one, other)
    }

    /// Sets a timer, and returns its number.
    @discardableResult
    mutating func set(_ time: Int64, for owner: Owner) -> UInt64 {
        moveSome()
        setCount += 1
        owners[setCount] = owner
        heap.insert(Entry(time: time, number: setCount))
        return setCount
    }

    /// Nothing happens for a timer that has fired, or never was.
    mutating func cancel(_ number: UInt64) {
        guard owners.removeValue(forKey: number) != nil else { return }
        // Queues come and go with timers that are due in ten years.
        if leaving.isEmpty, heap.count > 64, heap.count > 2 * owners.count { swap(&leaving, &heap) }
        moveSome()
    }

    private mutating func moveSome() {
        for _ in 0..<4 {
            guard let entry = leaving.popLast() else { return }
            if owners[entry.number] != nil, !quirk(.manyCancelledTimersTakeTheRest) { heap.insert(entry) }
        }
    }

    /// Takes out the earliest timer, if its time has come.
    mutating func popDue(at now: Int64) -> (time: Int64, owner: Owner)? {
        while let first = popFirst(by: now) {
            if let owner = owners.removeValue(forKey: first.number) { return (first.time, owner) }
        }
        return nil
    }

    private mutating func popFirst(by now: Int64) -> Entry? {
        let isLeaving = leaving.first.map { first in heap.first.map { first.comes(before: $0) } ?? true } ?? false
        guard let first = isLeaving ? leaving.first : heap.first, first.time <= now else { return nil }
        return isLeaving ? leaving.popFirst() : heap.popFirst()
    }
}
