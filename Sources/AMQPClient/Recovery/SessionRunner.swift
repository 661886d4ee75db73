import AMQPTransport
import Synchronization

/// Carries out what ``Recovery`` decides: one run of a ``Client``, from its first attempt to its end.
final class SessionRunner: Sendable {
    private enum Outcome<Value: Sendable>: Sendable {
        case returned(Value)
        case threw(any Error)
        case lost(AMQPError, Recovery.Moment)
    }

    private struct State: Sendable {
        /// What a stop has to do at present.
        var onStop: (@Sendable () -> Void)?
        /// When a run that is stopped is to be over, good-bye included; nil: it is not stopped.
        var deadline: Int64?
        /// Ends the good-bye when the time for it is over.
        var graceTimer: TimerHandle?
        /// Of the session at present.
        var connection: Connection?
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
            state.deadline = graceEnd
            return state.onStop
        }
        tell(.stopping)
        onStop?()
    }

    /// The same for who does not wait for any of it: the good-bye is on its way when this returns.
    func stopAtOnce() {
        stop()
        state.withLock { $0.connection }?.engine.step { $0.connection.close(nil, &$0.effects) }
    }

    private var time: any TimeSource { configurations[0].time }
    private var graceEnd: Int64 { time.now + client.grace.milliseconds }

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
        state.withLock { $0.connection = connection }
        defer { state.withLock { $0.connection = nil } }
        let begin = time.now
        let work = SessionWork(session, grace: client.grace.milliseconds, body)
        let watch = Task {
            await connection.waitUntilClosed()
            if let reason = connection.closeReason, reason.kind != .closedByClient { work.cancel() }
        }
        onStop { self.stop(work, connection) }
        let ending = await work.ending()
        onStop(nil)
        watch.cancel()
        let lived = Recovery.Moment.session(milliseconds: time.now - begin)
        guard let ending else { return await leave(session, lived) }
        var closeReason = ending.closeReason
        if closeReason == nil, isOfAnother(ending.result, session, lived) { closeReason = await lossHere(connection) }
        if let reason = closeReason, reason.kind != .closedByClient {
            return Self.afterLoss(ending.result, reason, lived)
        }
        let outcome = Self.judge(ending.result, session, lived)
        guard case .returned = outcome else {
            _ = await finish(session, isWell: stopping.isSet)
            return outcome
        }
        return await finish(session, isWell: true).map { .threw($0) } ?? outcome
    }

    private func stop(_ work: SessionWork<some Sendable>, _ connection: Connection) {
        // Nothing would end by itself.
        if connection.engine.stopConsumers() == 0 { return work.cancel() }
        work.cancel(at: state.withLock { $0.deadline } ?? graceEnd)
    }

    /// The closure takes no notice of its cancellation. After a loss the next session begins all the same, and a stop is over.
    private func leave<Value>(_ session: Session, _ lived: Recovery.Moment) async -> Outcome<Value> {
        var error = AMQPError.leftClosure
        if let reason = session.connection.closeReason, reason.kind != .closedByClient {
            let nextStep = error.nextStep
            (error, error.text, error.nextStep) = (reason, "\(reason.text); \(error.text)", nextStep)
            return .lost(error, lived)
        }
        _ = await finish(session, isWell: false)
        return .threw(error)
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

    /// Another connection may be lost, which says nothing of this one.
    private func isOfAnother<Value>(
        _ result: Result<Value, any Error>, _ session: Session, _ lived: Recovery.Moment
    ) -> Bool {
        guard case .failure(let error as AMQPError) = result else { return false }
        return !error.origin.isOf(session.connection.engine) && !Recovery.isFatal(error, at: lived)
    }

    /// What has ended one connection of a client ends its others a moment sooner or later: the broker is asked whether it is
    /// there.
    private func lossHere(_ connection: Connection) async -> AMQPError? {
        let asking = Task { () async -> AMQPError? in
            do throws(AMQPError) {
                _ = try await connection.openChannel()
                return nil
            } catch {
                return error.kind == .timedOut ? error : nil
            }
        }
        onStop { asking.cancel() }
        let timeout = await asking.value
        onStop(nil)
        return connection.closeReason ?? timeout
    }

    /// While the session's connection is there, only its own errors say something of it: what a ``Publisher``, a
    /// ``Client/call(_:to:exchange:timeout:)`` or another connection has thrown is the closure's affair.
    private static func judge<Value>(
        _ result: Result<Value, any Error>, _ session: Session, _ lived: Recovery.Moment
    ) -> Outcome<Value> {
        switch result {
        case .success(let value): return .returned(value)
        case .failure(let error as AMQPError) where error.origin.isOf(session.connection.engine):
            return Recovery.isFatal(error, at: lived) ? .threw(error) : .lost(error, lived)
        case .failure(let error):
            // Whatever was made of it.
            if let reason = session.channel.closeReason, error is AMQPError, !Recovery.isFatal(reason, at: lived) {
                return .lost(reason, lived)
            }
            return .threw(error)
        }
    }

    /// Says good-bye: after the confirms that are due, if the closure has ended well or the run is stopped. A run that is
    /// stopped, or has failed, takes no longer for it than the grace.
    /// - Returns: what was lost on the way, of a closure that has ended well.
    private func finish(_ session: Session, isWell: Bool) async -> AMQPError? {
        let grace = client.grace.milliseconds
        let closing = Task { () async -> AMQPError? in
            if isWell { return await session.end(within: grace) }
            // The closure's error is what the run is about, not that of the close which follows from it.
            try? await session.connection.closeAtOnce()
            return nil
        }
        let bound: @Sendable () -> Void = { [self] in
            // The closure has had its part of the time.
            let deadline = state.withLock { $0.deadline } ?? graceEnd
            if deadline <= time.now { return closing.cancel() }
            let timer = time.wake(at: deadline) { closing.cancel() }
            state.withLock { $0.graceTimer = timer }
        }
        if isWell { onStop(bound) } else { bound() }
        let loss = await closing.value
        onStop(nil)
        state.withLock { $0.graceTimer }?.cancel()
        return loss
    }
}
