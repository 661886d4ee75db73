import AMQPTransport
import Synchronization

/// The questions of a ``Client``: a connection of their own, made when the first is asked, that comes back after a loss.
final class Calls: Sendable {
    private struct Run: Sendable {
        let number: Int
        let runner: SessionRunner
        /// Done when the runner is, and nothing is left of it.
        let ending: Task<Void, Never>
    }

    private struct State: Sendable {
        var run: Run?
        /// Counts the runs: what an earlier one has to tell is nothing to the next.
        var lastRun = 0
        var caller: Caller?
        var waiting: [UInt64: Mailbox<Result<Caller, AMQPError>>] = [:]
        var lastID: UInt64 = 0
        /// Why there is no connection.
        var lastError: AMQPError?
    }

    private let client: Client
    private let time: any TimeSource
    private let state = Mutex(State())

    /// - Parameter client: one that nobody else holds, so that the client whose questions these are can go.
    init(_ client: Client, _ time: any TimeSource) {
        self.client = client
        self.time = time
    }

    /// See ``Client/call(_:to:exchange:timeout:)``.
    func call(
        _ question: Message, to key: String, exchange: String, timeout: Duration
    ) async throws(AMQPError) -> Message {
        let start = time.now
        let milliseconds = max(1, min(timeout.milliseconds, Int64(Int32.max)))
        let caller = try await caller(within: milliseconds, for: key)
        let left = max(1, milliseconds - (time.now - start))
        do throws(AMQPError) {
            return try await caller.call(question, to: key, exchange: exchange, timeout: .milliseconds(left))
        } catch {
            let publish = AMQPError.Publish(message: question, exchange: exchange, routingKey: key, mandatory: true)
            // The questions share a channel, and what the broker has closed it over may have been another.
            guard error.scope != .client || error.kind == .closedByClient, !Culprits(error).include(publish) else {
                throw error
            }
            // It may have been asked, and worked on.
            throw AMQPError(
                .unknownOutcome, scope: .client, code: error.code,
                text: "No answer to a question to '\(key)' will come: \(error.text)"
            ).about(publish)
        }
    }

    private func caller(within milliseconds: Int64, for key: String) async throws(AMQPError) -> Caller {
        let mailbox = Mailbox<Result<Caller, AMQPError>>()
        let (caller, id) = try state.withLock { state throws(AMQPError) in
            try startIfNeeded(&state)
            // Its run may not have heard of its end yet, and what is asked of it now is lost with it.
            if state.caller?.hasEnded == true { state.caller = nil }
            state.lastID += 1
            if state.caller == nil { state.waiting[state.lastID] = mailbox }
            return (state.caller, state.lastID)
        }
        if let caller { return caller }
        let timer = time.wake(at: time.now + milliseconds) { [weak self] in
            let reason = self?.state.withLock { $0.lastError }.map { ": \($0.text)" } ?? ""
            mailbox.put(
                .failure(
                    AMQPError(
                        .timedOut, scope: .client,
                        text: "No connection for a question to '\(key)' within \(milliseconds) ms\(reason)",
                        nextStep: Advice.next(kind: .unreachable))))?()
        }
        defer {
            timer.cancel()
            state.withLock { $0.waiting[id] = nil }
        }
        guard let result = try await mailbox.next() else { throw .cancelled("a connection") }
        return try result.get()
    }

    private func startIfNeeded(_ state: inout State) throws(AMQPError) {
        guard state.run == nil else { return }
        state.lastRun += 1
        let number = state.lastRun
        let runner = try SessionRunner(client) { [weak self] news in
            guard case .waiting(_, let error) = news else { return }
            self?.state.withLock { if $0.lastRun == number { $0.lastError = error } }
        }
        let run = runner.start { [weak self] session in try await self?.serve(session, number) }
        let ending = Task { [weak self] in
            let result = await run.result
            var reason = AMQPError.questionsClosed
            if case .failure(let error as AMQPError) = result { reason = error }
            _ = self?.end(reason) { $0.number == number }
        }
        state.run = Run(number: number, runner: runner, ending: ending)
    }

    /// One session: a channel for the questions, and another whenever the broker has closed it over one.
    private func serve(_ session: Session, _ run: Int) async throws {
        var channel = session.channel
        while true {
            let caller = try await channel.caller()
            up(caller, run)
            await caller.waitForEnd()
            state.withLock { if $0.caller === caller { $0.caller = nil } }
            guard let reason = channel.closeReason else { return }
            guard reason.kind == .closedByBroker, reason.scope == .channel, !Task.isCancelled else { throw reason }
            channel = try await session.connection.openChannel()
        }
    }

    private func up(_ caller: Caller, _ run: Int) {
        let waiting = state.withLock { state in
            guard state.run?.number == run else { return [] as [Mailbox<Result<Caller, AMQPError>>] }
            defer { state.waiting = [:] }
            (state.caller, state.lastError) = (caller, nil)
            return state.waiting.values.map { $0 }
        }
        for mailbox in waiting { mailbox.put(.success(caller))?() }
    }

    /// A question that comes after this begins another run.
    /// - Returns: the run that this has ended, if there is one that fits.
    private func end(_ reason: AMQPError, where fits: (Run) -> Bool = { _ in true }) -> Run? {
        let (run, waiting) = state.withLock { state -> (Run?, [Mailbox<Result<Caller, AMQPError>>]) in
            guard let run = state.run, fits(run) else { return (nil, []) }
            defer { state.waiting = [:] }
            (state.run, state.caller) = (nil, nil)
            return (run, state.waiting.values.map { $0 })
        }
        for mailbox in waiting { mailbox.put(.failure(reason))?() }
        return run
    }

    func stop() { end(.questionsClosed)?.runner.stop() }

    func close() async {
        let run = end(.questionsClosed)
        if Task.isCancelled { return run?.runner.stopAtOnce() ?? () }
        run?.runner.stop()
        await run?.ending.value
    }
}

extension AMQPError {
    fileprivate static let questionsClosed = AMQPError(
        .closedByClient, scope: .client, text: "The client was closed before the question was asked",
        nextStep: "Ask again: the client connects again by itself.")
}

extension Client {
    /// Asks a question by way of a queue, and waits for the answer (RabbitMQ, page "Direct Reply-to"). ``Queue/serve(concurrency:failure:_:)``
    /// is the other side.
    ///
    /// ```swift
    /// let price = try await client.call(Message("chair"), to: "prices", timeout: .seconds(5))
    /// ```
    /// Any number of tasks may ask at a time; each gets the answer to its own question. The questions of a client share a
    /// connection, which is made for the first, comes back after a loss, and stays until ``close()``.
    ///
    /// - Parameters:
    ///   - question: its `correlationID` and `replyTo` are set here.
    ///   - key: the routing key; with the default exchange, the queue of those who answer.
    ///   - exchange: empty: the default exchange.
    ///   - timeout: more than zero; for the connection, where there is none, and the answer together.
    /// - Throws: ``AMQPError``: of kind `timedOut`, for want of a connection or of an answer; `unknownOutcome` when the
    ///   connection was lost in between, or its channel over another question: it may have been worked on, and is not asked
    ///   again by itself;
    ///   `returned` when no queue takes the question; 404 for an exchange that does not exist; `closedByClient` when
    ///   ``close()`` came before it was asked; `cancelled` with the task; what ends a client, as for ``run(_:)``.
    public func call(
        _ question: Message, to key: String, exchange: String = "", timeout: Duration = .seconds(10)
    ) async throws(AMQPError) -> Message {
        try await calls().call(question, to: key, exchange: exchange, timeout: timeout)
    }

    /// Closes the connection that ``call(_:to:exchange:timeout:)`` has made, if any: questions that are not answered yet
    /// throw. A later question makes another. Runs and publishers have connections of their own. In a task that is cancelled
    /// the close is sent all the same, and only the wait for its answer is skipped.
    public func close() async { await existingCalls?.close() }
}
