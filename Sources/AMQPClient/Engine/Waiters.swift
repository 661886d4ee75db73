import AMQPWire

/// Somebody who waits.
struct Waiter: Sendable {
    /// What for, in words: `queue.declare`.
    var what: String
    var place: WaiterID.Place
    var channel: ChannelID?
    /// When the patience is over, and how many milliseconds it was; nil: never.
    var deadline: (time: Int64, milliseconds: Int)?
    /// True for who waits for the closing handshake or the very end.
    var outlivesEnd = false
    /// False for who does not wait for anything that the broker was asked.
    var awaitsAnswer = true
    var resume: @Sendable (Result<Answer, AMQPError>) -> Void
}

/// All who wait, by number. Each of them comes, goes and runs out of time at a cost that does not depend on how many
/// others there are.
struct Waiters: Sendable {
    private var table: [WaiterID: Waiter] = [:]
    private var deadlines = Deadlines()
    /// How many of them have a deadline.
    private var timed = 0
    /// How many of them wait for something that the broker was asked.
    private(set) var awaitingAnswer = 0

    var count: Int { table.count }
    var isEmpty: Bool { table.isEmpty }
    /// No deadline is earlier; that of somebody answered meanwhile may still count. nil: there is none.
    var nextDeadline: Int64? { deadlines.next }
    var visits: Int { deadlines.visits }

    mutating func add(_ id: WaiterID, _ waiter: Waiter) {
        table[id] = waiter
        if waiter.awaitsAnswer { awaitingAnswer += 1 }
        guard let deadline = waiter.deadline else { return }
        timed += 1
        deadlines.add(id, at: deadline.time)
        if deadlines.count > 2 * timed + 64 { deadlines.keep { table[$0] != nil } }
    }

    mutating func remove(_ id: WaiterID) -> Waiter? {
        guard let waiter = table.removeValue(forKey: id) else { return nil }
        if waiter.awaitsAnswer { awaitingAnswer -= 1 }
        if waiter.deadline != nil { timed -= 1 }
        return waiter
    }

    /// Takes out those whose time is over, after at most `limit` looks: the next deadline tells whether there are more.
    mutating func removeOverdue(at now: Int64, limit: Int) -> [(id: WaiterID, waiter: Waiter)] {
        var overdue: [(WaiterID, Waiter)] = []
        for _ in 0..<limit {
            guard let id = deadlines.pop(dueAt: now) else { break }
            if let waiter = remove(id) { overdue.append((id, waiter)) }
        }
        return overdue
    }

    /// Takes out all that fit: for the end of everything, as it looks at each.
    mutating func removeAll(where fits: (Waiter) -> Bool) -> [Waiter] {
        table.filter { fits($0.value) }.keys.compactMap { remove($0) }
    }
}

/// Deadlines by time, a binary heap. They come in nearly rising order, so adding one mostly takes one comparison. Those of
/// who was answered stay until they are the greater part.
private struct Deadlines: Sendable {
    private typealias Entry = (time: Int64, waiter: WaiterID)

    private var heap: [Entry] = []
    /// Entries looked at so far: what a test holds the cost against.
    private(set) var visits = 0

    var count: Int { heap.count }
    var next: Int64? { heap.first?.time }

    mutating func add(_ waiter: WaiterID, at time: Int64) {
        var place = heap.count
        heap.append((time, waiter))
        while place > 0 {
            visits += 1
            let parent = (place - 1) / 2
            if heap[parent].time <= heap[place].time { return }
            heap.swapAt(parent, place)
            place = parent
        }
    }

    mutating func pop(dueAt now: Int64) -> WaiterID? {
        visits += 1
        guard let first = heap.first, first.time <= now else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        sift(0)
        return first.waiter
    }

    mutating func keep(_ fits: (WaiterID) -> Bool) {
        visits += heap.count
        heap.removeAll { !fits($0.waiter) }
        for place in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sift(place) }
    }

    private mutating func sift(_ start: Int) {
        var parent = start
        while true {
            visits += 1
            var least = parent
            for child in 2 * parent + 1...2 * parent + 2
            where child < heap.count && heap[child].time < heap[least].time { least = child }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
