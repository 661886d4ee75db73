import Synchronization

/// A number behind a lock that a test can hold.
final class SharedCounter: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    func add(_ n: Int) { value.withLock { $0 += n } }

    func whileHeld(_ body: () -> Void) { value.withLock { _ in body() } }
}
