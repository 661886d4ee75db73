import Dispatch
import Synchronization

import Platform

/// Ctrl-C, and `kill`, which mean the same here: stop properly.
final class Interrupt: Sendable {
    private let count = Atomic<Int>(0)

    var hasHappened: Bool { count.load(ordering: .relaxed) > 0 }

    /// Runs `body`. The first signal cancels its task, which is how every wait in the client ends; the second one, from
    /// somebody who is not willing to wait for the broker's good-bye, ends the process.
    func cancels(_ body: @escaping @Sendable () async throws -> Void) async -> Result<Void, any Error> {
        let task = Task(operation: body)
        let sources = [SIGINT, SIGTERM].map { number in
            // The source sees the signal only once its default, the end of the process, is off.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler {
                if self.count.add(1, ordering: .relaxed).newValue > 1 { _exit(128 + number) }
                task.cancel()
            }
            source.resume()
            return source
        }
        let result = await task.result
        await OpenConnections.close()
        for source in sources { source.cancel() }
        return result
    }
}
