/// Lets a limited number of cases at the broker, and one alone when it is going to restart it.
///
/// Swift Testing starts all tests at once; hundreds of connections would only make every one of them late.
actor Gate {
    static let shared = Gate(width: Environment.current.width)

    private struct Waiter {
        var alone: Bool
        var continuation: CheckedContinuation<Bool, Never>
    }

    private let width: Int
    private var inside = 0
    private var isTaken = false
    private var isShut = false
    private var waiters: [Waiter] = []

    init(width: Int) { self.width = max(1, width) }

    /// How many are waiting outside.
    var waiting: Int { waiters.count }

    /// False: nobody is let in any more, and the caller does not leave.
    func enter(alone: Bool) async -> Bool {
        if isShut { return false }
        if waiters.isEmpty, admits(alone: alone) {
            take(alone)
            return true
        }
        return await withCheckedContinuation { waiters.append(Waiter(alone: alone, continuation: $0)) }
    }

    /// Sends away who waits outside, and who comes later.
    func shut() {
        isShut = true
        for waiter in waiters { waiter.continuation.resume(returning: false) }
        waiters.removeAll()
    }

    func leave() {
        inside -= 1
        isTaken = false
        // In order of arrival: one that wants to be alone would otherwise wait until the end of the run.
        while let first = waiters.first, admits(alone: first.alone) {
            take(first.alone)
            waiters.removeFirst().continuation.resume(returning: true)
        }
    }

    private func admits(alone: Bool) -> Bool { !isTaken && (alone ? inside == 0 : inside < width) }

    private func take(_ alone: Bool) {
        inside += 1
        isTaken = alone
    }
}
