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
    /// What is cancelled leaves this table at once, with all it holds on to.
    private var owners = DividedDictionary<UInt64, Owner>()
    private var setCount: UInt64 = 0

    /// The earliest time, in milliseconds since the Unix epoch; nil: nothing is due, ever.
    var next: Int64? { heap.first?.time }

    /// Sets a timer, and returns its number.
    @discardableResult
    mutating func set(_ time: Int64, for owner: Owner) -> UInt64 {
        setCount += 1
        owners[setCount] = owner
        heap.insert(Entry(time: time, number: setCount))
        return setCount
    }

    /// Nothing happens for a timer that has fired, or never was.
    mutating func cancel(_ number: UInt64) {
        guard owners.removeValue(forKey: number) != nil else { return }
        // Queues come and go with timers that are due in ten years.
        if heap.count > 64, heap.count > 2 * owners.count {
            heap.keep { owners[$0.number] != nil && !quirk(.manyCancelledTimersTakeTheRest) }
        }
    }

    /// Takes out the earliest timer, if its time has come.
    mutating func popDue(at now: Int64) -> (time: Int64, owner: Owner)? {
        while let first = heap.first, first.time <= now {
            _ = heap.popFirst()
            if let owner = owners.removeValue(forKey: first.number) { return (first.time, owner) }
        }
        return nil
    }
}
