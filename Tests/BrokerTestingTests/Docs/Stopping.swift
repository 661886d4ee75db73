import AMQPClient
import Dispatch
import Foundation

/// Runs a service until it ends by itself, or the process is asked to end (SIGTERM; SIGINT, which is Ctrl-C).
func runUntilSignal(_ service: @escaping @Sendable () async throws -> Void) async throws {
    let run = Task { try await service() }
    let sources = [SIGTERM, SIGINT].map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number)
        source.setEventHandler { run.cancel() }
        source.resume()
        return source
    }
    defer { for source in sources { source.cancel() } }
    do {
        try await run.value
    } catch {
        // It was stopped with nothing in hand, while the broker was away for example.
        let isStop = error is CancellationError || (error as? AMQPError)?.kind == .cancelled
        if !isStop { throw error }
    }
}
