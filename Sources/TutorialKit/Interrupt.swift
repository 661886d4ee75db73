import Platform
import Synchronization

/// Ctrl-C, and `kill`, which mean the same here: stop properly.
final class Interrupt: Sendable {
    private let signals = Signals([SIGINT, SIGTERM])
    private let isOver = Atomic<Bool>(false)

    var hasHappened: Bool { isOver.load(ordering: .relaxed) }

    /// Runs `body`. The first signal cancels its task, which is how every wait in the client ends; the second one, from
    /// somebody who is not willing to wait for the broker's good-bye, ends the process.
    func cancels(_ body: @escaping @Sendable () async throws -> Void) async -> Result<Void, any Error> {
        let task = Task(operation: body)
        let code = SystemThread.start {
            _ = self.signals.next()
            self.isOver.store(true, ordering: .relaxed)
            task.cancel()
            _exit(128 + self.signals.next())
        }
        if code != 0 { signals.letGo() }
        let result = await task.result
        await OpenConnections.close()
        return result
    }
}
