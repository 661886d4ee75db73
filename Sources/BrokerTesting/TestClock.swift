import AMQPTransport
import Synchronization

/// The clock of one or several brokers and their clients.
final class TestClock: Sendable {
    /// Whether a broker and its connections have nothing to do before a time comes; nil: the broker is gone.
    typealias Member = @Sendable () -> Bool?

    /// Real time after which something that is still going on no longer keeps the clock.
    private static let patience = Duration.seconds(300)

    let time = ManualTime()
    private let start: Int64
    private let members = Mutex<[Member]>([])

    init() { start = time.now }

    var elapsed: Duration { .milliseconds(time.now - start) }

    func add(_ member: @escaping Member) { members.withLock { $0.append(member) } }

    nonisolated(nonsending)
        func advance(by duration: Duration) async
    {
        await settle()
        let (seconds, attoseconds) = duration.components
        let target = time.now + max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        // From one appointment to the next, or a peer would miss heartbeats that nobody had the time to hand over.
        while let due = time.nextDue, due <= target {
            time.advance(by: due - time.now)
            await settle()
        }
        time.advance(by: target - time.now)
        await settle()
    }

    /// Waits until octets that are on their way have arrived, and what they cause is done.
    nonisolated(nonsending)
        func settle() async
    {
        let begin = ContinuousClock.now
        var looks = 0
        var restful = 0
        // Twice: between two looks at two brokers one may have woken the other.
        while restful < 2, ContinuousClock.now - begin < Self.patience {
            looks += 1
            restful = isAtRest ? restful + 1 : 0
            if looks < 20 { await Task.yield() } else { try? await Task.sleep(for: .microseconds(200)) }
        }
    }

    private var isAtRest: Bool {
        let looks = members.withLock { $0 }.map { $0() }
        if looks.contains(where: { $0 == nil }) { members.withLock { $0.removeAll { $0() == nil } } }
        return looks.allSatisfy { $0 ?? true }
    }
}
