import AMQPTransport
import Synchronization

/// Carries out what ``Recovery`` decides: one run of a ``Client``, from its first attempt to its end.
final class SessionRunner: Sendable {
    /// How the closure has ended, and why the connection was closed by then, if it was.
    private struct Ending<Value: Sendable>: Sendable {
        let result: Result<Value, any Error>
        let closeReason: AMQPError?
    }

    private enum Outcome<Value: Sendable>: Sendable {
        case returned(Value)
        case threw(any Error)
        case lost(AMQPError, Recovery.Moment)
    }

    private struct State: Sendable {
        /// What a stop has to do at present.
        var onStop: (@Sendable () -> Void)?
        /// Cancels the closure's task when the time for a graceful end is over.
        var graceTimer: TimerHandle?
        var sessions = 0
        var attempt = 0
    }

    private let client: Client
    private let configurations: [ConnectionConfiguration]
    private let tell: @Sendable (ClientState) -> Void
    private let stopping = StopFlag()
    private let state = Mutex(State())

    /// - Parameter tell: called with what the run is about.
    init(_ client: Client, tell: @escaping @Sendable (ClientState) -> Void) throws(AMQPError) {
        self.client = client
        self.tell = tell
        configurations = try client.configurations.get()
    }

    /// A task of its own, which a cancellation of the caller's does not reach: a stop finishes what is in hand.
    func start<Value: Sendable>(_ body: @escaping @Sendable (Session) async throws -> Value) -> Task<Value, any Error> {
        Task { try await self.run(body) }
    }

    /// Ends the run gracefully. May be called from any thread, and again.
    func stop() {
        let onStop = state.withLock { state in
            if stopping.isSet { return nil as (@Sendable () -> Void)? }
            stopping.set()
            return state.onStop
        }
        tell(.stopping)
        onStop?()
    }

    /// What a stop does from now on; at once, if it has come already.
    private func onStop(_ work: (@Sendable () -> Void)?) {
        let isStopping = state.withLock { state in
            state.onStop = work
            return stopping.isSet
        }
        if isStopping { work?() }
    }

    private func run<Value: Sendable>(_ body: @escaping @Sendable (Session) async throws -> Value) async throws -> Value
    {
        var recovery = client.recovery(hostCount: configurations.count)
        var decision = Recovery.Decision.connect(host: 0, afterMilliseconds: 0)
        var lastError: AMQPError?
        while case .connect(let host, let wait) = decision {
            if let lastError { tell(.waiting(.milliseconds(wait), after: lastError)) }
            await pause(wait)
            if stopping.isSet { break }
            switch await attempt(configurations[host], body) {
            case .returned(let value):
                tell(.ended(nil))
                return value
            case .threw(let error):
                tell(.ended(error as? AMQPError))
                throw error
            case .lost(let error, let moment):
                if stopping.isSet {
                    tell(.ended(nil))
                    throw moment == .opening ? .cancelled("a connection") : error
                }
                lastError = error
                decision = recovery.failed(error, at: moment)
            }
        }
        guard case .giveUp(let error) = decision else {
            tell(.ended(nil))
            throw AMQPError.cancelled("a connection")
        }
        tell(.ended(error))
        throw error
    }

    /// Waits so long, or until a stop.
    private func pause(_ milliseconds: Int64) async {
        guard milliseconds > 0 else { return }
        let time = configurations[0].time
        let mailbox = Mailbox<Void>()
        let timer = time.wake(at: time.now + milliseconds) { mailbox.finish(nil)?() }
        onStop { mailbox.finish(nil)?() }
        // It only ever finishes without an error: the timer, a stop, a cancellation.
        _ = try? await mailbox.next()
        timer.cancel()
        onStop(nil)
    }

    // MARK: One session

    private func attempt<Value: Sendable>(
        _ configuration: ConnectionConfiguration, _ body: @escaping @Sendable (Session) async throws -> Value
    ) async -> Outcome<Value> {
        let host = "\(configuration.host):\(configuration.port)"
        let attempt = state.withLock { state in
            state.attempt += 1
            return state.attempt
        }
        tell(.connecting(host: host, attempt: attempt))
        let opening = Task { [client] in await Self.open(client, configuration) }
        onStop { opening.cancel() }
        let opened = await opening.value
        onStop(nil)
        switch opened {
        case .failure(let error): return .lost(error, .opening)
        case .success(let (connection, channel)):
            let number = state.withLock { state in
                state.attempt = 0
                state.sessions += 1
                return state.sessions
            }
            tell(.connected(host: host))
            return await live(Session(connection, channel, number: number, host: host, stopping), body)
        }
    }

    private static func open(
        _ client: Client, _ configuration: ConnectionConfiguration
    ) async -> Result<(Connection, Channel), AMQPError> {
        do throws(AMQPError) {
            let connection = try await client.open(configuration)
            do throws(AMQPError) {
                return .success((connection, try await connection.openChannel()))
            } catch {
                // Without this it would close as the last reference to it goes. Nothing was sent that could be lost.
                try? await connection.closeAtOnce()
                return .failure(error)
            }
        } catch {
            return .failure(error)
        }
    }

    private func live<Value: Sendable>(
        _ session: Session, _ body: @escaping @Sendable (Session) async throws -> Value
    ) async -> Outcome<Value> {
        let connection = session.connection
        let time = connection.engine.configuration.time
        let begin = time.now
        let work = Task { () async -> Ending<Value> in
            let result: Result<Value, any Error>
            do { result = .success(try await body(session)) } catch { result = .failure(error) }
            // Read at once: after a loss that comes later, there is nothing to run again.
            return Ending(result: result, closeReason: connection.closeReason)
        }
        let watch = Task {
            await connection.waitUntilClosed()
            if let reason = connection.closeReason, reason.kind != .closedByClient { work.cancel() }
        }
        onStop { self.stop(work, connection) }
        let ending = await work.value
        onStop(nil)
        state.withLock { $0.graceTimer }?.cancel()
        watch.cancel()
        let lived = Recovery.Moment.session(milliseconds: time.now - begin)
        if let reason = ending.closeReason, reason.kind != .closedByClient {
            return Self.afterLoss(ending.result, reason, lived)
        }
        let outcome = Self.judge(ending.result, lived)
        guard case .returned = outcome else {
            _ = await finish(session, isWell: stopping.isSet)
            return outcome
        }
        return await finish(session, isWell: true).map { .threw($0) } ?? outcome
    }

    private func stop(_ work: Task<some Sendable, Never>, _ connection: Connection) {
        // Nothing would end by itself.
        if connection.engine.stopConsumers() == 0 { return work.cancel() }
        let time = connection.engine.configuration.time
        let timer = time.wake(at: time.now + client.grace.milliseconds) { work.cancel() }
        state.withLock { $0.graceTimer = timer }
    }

    /// Whatever the closure did with its cancelled task, the loss is why; but not for an error of its own.
    private static func afterLoss<Value>(
        _ result: Result<Value, any Error>, _ reason: AMQPError, _ lived: Recovery.Moment
    ) -> Outcome<Value> {
        if case .failure(let error) = result, !(error is CancellationError), !(error is AMQPError) {
            return .threw(error)
        }
        return .lost(reason, lived)
    }

    private static func judge<Value>(_ result: Result<Value, any Error>, _ lived: Recovery.Moment) -> Outcome<Value> {
        switch result {
        case .success(let value): .returned(value)
        case .failure(let error as AMQPError) where !Recovery.isFatal(error, at: lived): .lost(error, lived)
        case .failure(let error): .threw(error)
        }
    }

    /// Says good-bye: after the confirms that are due, if the closure has ended well or the run is stopped. A run that is
    /// stopped, or has failed, takes no longer for it than the grace.
    /// - Returns: what was lost on the way, of a closure that has ended well.
    private func finish(_ session: Session, isWell: Bool) async -> AMQPError? {
        let time = session.connection.engine.configuration.time
        let grace = client.grace.milliseconds
        let closing = Task { () async -> AMQPError? in
            if isWell { return await session.end(within: grace) }
            // The closure's error is what the run is about, not that of the close which follows from it.
            try? await session.connection.closeAtOnce()
            return nil
        }
        let bound: @Sendable () -> Void = { [self] in
            let timer = time.wake(at: time.now + grace) { closing.cancel() }
            state.withLock { $0.graceTimer = timer }
        }
        if isWell { onStop(bound) } else { bound() }
        let loss = await closing.value
        onStop(nil)
        state.withLock { $0.graceTimer }?.cancel()
        return loss
    }
}
