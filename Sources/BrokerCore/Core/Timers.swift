/// What is due when: a heap of times, the earliest first.
///
/// Nothing is ever taken out early. Whoever set a timer looks, when it fires, whether anything is due.
struct Timers {
    /// Whose timer it is.
    enum Owner {
        case queue(any Queue)
        case connection(ConnectionID)
        /// The check for deliveries that were out too long.
        case consumerTimeouts
    }

    private struct Entry {
        var time: Int64
        /// Timers of the same time fire in the order in which they were set.
        var number: UInt64
        var owner: Owner

        func comes(before other: Entry) -> Bool { (time, number) < (other.time, other.number) }
    }

    private var heap: [Entry] = []
    private var setCount: UInt64 = 0

    /// The earliest time, in milliseconds since the Unix epoch; nil: nothing is due, ever.
    var next: Int64? { heap.first?.time }

    mutating func set(_ time: Int64, for owner: Owner) {
        setCount += 1
        heap.append(Entry(time: time, number: setCount, owner: owner))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].comes(before: heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out the earliest timer, if its time has come.
    mutating func popDue(at now: Int64) -> (time: Int64, owner: Owner)? {
        guard let first = heap.first, first.time <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                    if heap[child].comes(before: heap[least]) { least = child }
                }
                if least == parent { break }
                heap.swapAt(parent, least)
                parent = least
            }
        }
        return (first.time, first.owner)
    }
}
