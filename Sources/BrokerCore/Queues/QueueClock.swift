/// What a queue waits for: the end of its lease (RabbitMQ: "Queue TTL"), and the next message that expires. One timer
/// for both, so that there is not one a message.
struct QueueClock {
    /// When the lease runs out, in milliseconds since the Unix epoch.
    private var leaseEnds = Int64.max
    /// The time the timer is set for, and its number.
    private var timerAt = Int64.max
    private var timer: UInt64 = 0

    /// The queue is in use: no lease runs.
    mutating func hold() { leaseEnds = .max }

    /// The lease begins anew, for so many milliseconds.
    mutating func renew(for milliseconds: Int64, now: Int64) { leaseEnds = now + milliseconds }

    var hasLease: Bool { leaseEnds != .max }

    func isOver(at now: Int64) -> Bool { leaseEnds <= now }

    /// The time that was set has come, and the queue has still to be called.
    func isDue(at now: Int64) -> Bool { timerAt <= now && timerAt != .min }

    /// Has the queue called when the lease ends, or at this time if that is earlier.
    mutating func set(_ expiry: Int64, for queue: any Queue, by host: any QueueHost) {
        var next = min(leaseEnds, expiry)
        if leaseEnds != .max, next != leaseEnds, quirk(.leaseHidesTimesToLive) { next = leaseEnds }
        guard next < timerAt else { return }
        timerAt = next
        timer = host.setTimer(next, for: queue, replacing: timer)
    }

    mutating func noteFired() { timerAt = .max }

    /// No timer is set any more, whatever comes.
    mutating func stop() { timerAt = .min }

    func cancel(by host: any QueueHost) { host.cancelTimer(timer) }
}
