import AMQPTransport
import Synchronization

/// The closure of a session at work, in a task of its own, which nobody has to wait for longer than is good.
final class SessionWork<Value: Sendable>: Sendable {
    /// How the closure has ended, and why the connection was closed by then, if it was.
    struct Ending: Sendable {
        let result: Result<Value, any Error>
        let closeReason: AMQPError?
    }

    private struct State: Sendable {
        var task: Task<Void, Never>?
        var timer: TimerHandle?
        var isCancelled = false
        var isOver = false
    }

    private let time: any TimeSource
    /// Milliseconds that the closure has once it is cancelled.
    private let patience: Int64
    private let endings = Mailbox<Ending?>()
    private let state = Mutex(State())

    /// - Parameter grace: how many milliseconds the closure has once it is cancelled; a second at least, as even who looks at
    ///   once needs a processor.
    init(
        _ session: Session, grace: Int64, _ body: @escaping @Sendable (Session) async throws -> Value
    ) {
        time = session.connection.engine.configuration.time
        patience = max(1_000, grace)
        let task = Task { [endings] in
            let result: Result<Value, any Error>
            do { result = .success(try await body(session)) } catch { result = .failure(error) }
            // Read at once: after a loss that comes later, there is nothing to run again.
            endings.put(Ending(result: result, closeReason: session.connection.closeReason))?()
        }
        state.withLock { $0.task = task }
    }

    /// Waits for the end. nil: it was cancelled, takes no notice, and is left to itself.
    func ending() async -> Ending? {
        // The task that runs this is never cancelled, and the mailbox never finished.
        let ending = try? await endings.next()
        state.withLock { state in
            state.isOver = true
            state.timer?.cancel()
            state.timer = nil
        }
        return ending.flatMap { $0 }
    }

    /// Cancels it, and waits no longer than its patience from then on.
    func cancel() {
        let task = state.withLock { state -> Task<Void, Never>? in
            guard !state.isCancelled, !state.isOver else { return nil }
            state.isCancelled = true
            arm(at: time.now + patience, &state) { [endings] in endings.put(nil)?() }
            return state.task
        }
        task?.cancel()
    }

    /// The same, if it has not ended by then.
    func cancel(at deadline: Int64) {
        state.withLock { state in
            if !state.isCancelled, !state.isOver { arm(at: deadline, &state) { [weak self] in self?.cancel() } }
        }
    }

    private func arm(at due: Int64, _ state: inout State, _ work: @escaping @Sendable () -> Void) {
        state.timer?.cancel()
        state.timer = time.wake(at: due, work)
    }
}
