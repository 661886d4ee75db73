import AMQPWire
import DataStructures

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
    /// Called once, under the engine's lock, so that what became of it is known to all who come later; returns what remains
    /// to be done without the lock.
    var settle: @Sendable (Result<Answer, AMQPError>) -> Wakeup?
}

private struct Deadline: HeapElement, Sendable {
    let time: Int64
    let waiter: WaiterID
    func comes(before other: Deadline) -> Bool { time < other.time }
}

/// All who wait, by number. Each of them comes, goes and runs out of time at a cost that does not depend on how many
/// others there are.
struct Waiters: Sendable {
    private var table: [WaiterID: Waiter] = [:]
    /// Those of waiters that were answered stay until they are the greater part.
    private var deadlines = Heap<Deadline>()
    /// How many of them have a deadline.
    private var timed = 0
    /// How many of them wait for something that the broker was asked.
    private(set) var awaitingAnswer = 0

    var count: Int { table.count }
    var isEmpty: Bool { table.isEmpty }
    /// No deadline is earlier; that of somebody answered meanwhile may still count. nil: there is none.
    var nextDeadline: Int64? { deadlines.first?.time }

    mutating func add(_ id: WaiterID, _ waiter: Waiter) {
        table[id] = waiter
        if waiter.awaitsAnswer { awaitingAnswer += 1 }
        guard let deadline = waiter.deadline else { return }
        timed += 1
        deadlines.insert(Deadline(time: deadline.time, waiter: id))
        if deadlines.count > 2 * timed + 64 { deadlines.keep { table[$0.waiter] != nil } }
    }

    /// It waits for something else now, for as long as it had left.
    mutating func move(_ id: WaiterID, to place: WaiterID.Place) {
        // The usual case of a caller that waits for one thing only costs no copy.
        if let waiter = table[id], waiter.place != place { table[id]?.place = place }
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
            guard let first = deadlines.first, first.time <= now else { break }
            _ = deadlines.popFirst()
            if let waiter = remove(first.waiter) { overdue.append((first.waiter, waiter)) }
        }
        return overdue
    }

    /// Takes out all that fit: for the end of everything, as it looks at each.
    mutating func removeAll(where fits: (Waiter) -> Bool) -> [Waiter] {
        table.filter { fits($0.value) }.keys.compactMap { remove($0) }
    }
}
