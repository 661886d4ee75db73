import Foundation

/// How long the programs that this one has started, and this one itself, have waited for a processor: on a busy machine,
/// what comes at once takes so much longer.
struct Starvation: Sendable {
    private let look: @Sendable () -> SchedulerWaits.ByThread
    private var waits: SchedulerWaits.ByThread
    private var last: ContinuousClock.Instant

    init(_ look: @escaping @Sendable () -> SchedulerWaits.ByThread = Self.look) {
        self.look = look
        waits = look()
        last = .now
    }

    /// What the thread that waited longest has waited since the last time; not more than has passed since.
    mutating func take(at now: ContinuousClock.Instant = .now) -> Duration {
        let next = look()
        let most = next.map { thread, wait in wait - min(wait, waits[thread] ?? 0) }.max() ?? 0
        defer { (waits, last) = (next, now) }
        return min(.nanoseconds(Int64(clamping: most)), now - last)
    }

    @Sendable static func look() -> SchedulerWaits.ByThread {
        SchedulerWaits.threads(of: SchedulerWaits.members(of: Set(ProcessFamily.known)) + [getpid()])
    }
}

/// Asks again and again, until it is so or the time is up, in which those who take part were not waiting for a processor.
/// - Parameter more: how much longer it may take when so much of the time was taken from them; asked at most ten times.
func eventually(
    _ patience: Duration, more: (Duration) -> Duration, _ condition: () async throws -> Bool
) async rethrows -> Bool {
    var left = patience
    for _ in 0...10 {
        if try await eventually(left, condition) { return true }
        left = min(left, more(left))
        // Less than this is no sign of a busy machine.
        if left < .milliseconds(10) { break }
    }
    return false
}
