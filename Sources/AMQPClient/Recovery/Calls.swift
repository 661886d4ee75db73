import AMQPTransport
import Synchronization

/// The questions of a ``Client``: a connection of their own, made when the first is asked, that comes back after a loss.
final class Calls: Sendable {
    private struct State: Sendable {
        var runner: SessionRunner?
        /// Done when the runner is, and nothing is left of it.
        var ending: Task<Void, Never>?
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
            guard error.scope != .client, error.code == nil || error.code == .connectionForced else { throw error }
            // It may have been asked, and worked on.
            throw AMQPError(
                .unknownOutcome, scope: .client, text: "The connection was lost before the answer came: \(error.text)"
            ).about(.init(message: question, exchange: exchange, routingKey: key, mandatory: true))
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
                        text: "No connection for a question to '\(key)' within \(milliseconds) ms\(reason)")))?()
        }
        defer {
            timer.cancel()
            state.withLock { $0.waiting[id] = nil }
        }
        guard let result = try await mailbox.next() else { throw .cancelled("a connection") }
        return try result.get()
    }

    private func startIfNeeded(_ state: inout State) throws(AMQPError) {
        guard state.runner == nil else { return }
        let runner = try SessionRunner(client) { [weak self] in
            if case .waiting(_, let error) = $0 { self?.state.withLock { $0.lastError = error } }
        }
        state.runner = runner
        let run = runner.start { [weak self] session in
            let caller = try await session.channel.caller()
            self?.up(caller)
            await caller.waitForEnd()
            self?.state.withLock { $0.caller = nil }
            if let reason = session.channel.closeReason { throw reason }
        }
        state.ending = Task { [weak self] in
            let result = await run.result
            self?.ended(runner, result)
        }
    }

    private func up(_ caller: Caller) {
        let waiting = state.withLock { state in
            defer { state.waiting = [:] }
            (state.caller, state.lastError) = (caller, nil)
            return state.waiting.values.map { $0 }
        }
        for mailbox in waiting { mailbox.put(.success(caller))?() }
    }

    private func ended(_ runner: SessionRunner, _ result: Result<Void, any Error>) {
        let waiting = state.withLock { state in
            guard state.runner === runner else { return [] as [Mailbox<Result<Caller, AMQPError>>] }
            defer { state.waiting = [:] }
            (state.runner, state.ending, state.caller) = (nil, nil, nil)
            return state.waiting.values.map { $0 }
        }
        var error = AMQPError.cancelled("a connection")
        if case .failure(let reason as AMQPError) = result { error = reason }
        for mailbox in waiting { mailbox.put(.failure(error))?() }
    }

    func stop() { state.withLock { $0.runner }?.stop() }

    func close() async {
        let ending = state.withLock { $0.ending }
        stop()
        if !Task.isCancelled { await ending?.value }
    }
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
    ///   connection was lost in between: the question may have been worked on, and is not asked again by itself;
    ///   `returned` when no queue takes the question; `cancelled` with the task; what ends a client, as for ``run(_:)``.
    public func call(
        _ question: Message, to key: String, exchange: String = "", timeout: Duration = .seconds(10)
    ) async throws(AMQPError) -> Message {
        try await calls().call(question, to: key, exchange: exchange, timeout: timeout)
    }

    /// Closes the connection that ``call(_:to:exchange:timeout:)`` has made, if any: questions that are not answered yet
    /// throw. A later question makes another. Runs and publishers have connections of their own. A cancelled task does not
    /// wait.
    public func close() async { await existingCalls?.close() }
}
