import AMQPTransport
import AMQPWire
import Synchronization

/// Keeps a ``PublisherState`` running: the callers that wait, the connection, the clock.
final class PublisherCore: Sendable {
    private struct State: Sendable {
        var decisions: PublisherState
        var effects: [PublisherState.Effect] = []
        var callers: [UInt64: CheckedContinuation<Result<Bool, AMQPError>, Never>] = [:]
        var awaitingEmpty: [Mailbox<Void>] = []
        var run: Run?
        /// Counts the runs: what an earlier one has to tell is nothing to the next.
        var lastRun = 0
        var channel: (link: Int, channel: Channel)?
        var timer: (time: Int64, handle: TimerHandle)?
    }

    private struct Run: Sendable {
        let number: Int
        let runner: SessionRunner
        /// Done when the runner is, and nothing is left of it.
        let ending: Task<Void, Never>
    }

    private let client: Client
    private let broadcast = StateBroadcast()
    private let state: Mutex<State>

    init(_ client: Client, _ decisions: PublisherState) {
        self.client = client
        state = Mutex(State(decisions: decisions))
    }

    // The clock would keep the appointment, for nobody.
    deinit { state.withLock { $0.timer }?.handle.cancel() }

    var outstandingCount: Int { state.withLock { $0.decisions.count } }
    var states: Notices<ClientState> { broadcast.notices }
    // A client with a malformed URI has neither; its publishes are told so.
    var hooks: Hooks { (try? client.configurations.get().first?.hooks) ?? Hooks() }
    private var time: any TimeSource { (try? client.configurations.get().first?.time) ?? SystemTime.shared }

    // MARK: The one door

    private func step<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        let (value, effects) = state.withLock { state in
            let value = body(&state)
            defer { state.effects = [] }
            return (value, state.effects)
        }
        for effect in effects { carryOut(effect) }
        return value
    }

    private func carryOut(_ effect: PublisherState.Effect) {
        switch effect {
        case .send(let id, let link): send(id, link)
        case .answer(let id, let result):
            state.withLock { $0.callers.removeValue(forKey: id) }?.resume(returning: result)
        case .awaitRoom(let link): awaitRoom(link)
        case .wake(let time): wake(at: time)
        case .isEmpty:
            let waiting = state.withLock { state in
                guard state.decisions.count == 0 else { return [] as [Mailbox<Void>] }
                defer { state.awaitingEmpty = [] }
                return state.awaitingEmpty
            }
            for mailbox in waiting { mailbox.finish(nil)?() }
        }
    }

    // MARK: Publishing

    func publish(_ publish: AMQPError.Publish) async throws(AMQPError) {
        let caller = Atomic<UInt64>(0)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let id = step { state in
                    startIfNeeded(&state)
                    let id = state.decisions.publish(publish, now: time.now, &state.effects)
                    state.callers[id] = continuation
                    return id
                }
                caller.store(id, ordering: .sequentiallyConsistent)
                // Either this or the handler sees that both have happened.
                if Task.isCancelled { abandon(id) }
            }
        } onCancel: {
            abandon(caller.load(ordering: .sequentiallyConsistent))
        }
        _ = try result.get()
    }

    private func abandon(_ id: UInt64) { step { $0.decisions.abandon(id, &$0.effects) } }

    private func send(_ id: UInt64, _ link: Int) {
        let (channel, publish) = state.withLock { state in
            (state.channel?.link == link ? state.channel?.channel : nil, state.decisions.publish(of: id))
        }
        guard let channel, let publish else {
            return notSent(id, link, .isGone)
        }
        do throws(AMQPError) {
            let method = try BasicPublish(
                exchange: ShortString(publish.exchange, as: "exchange name"),
                routingKey: ShortString(publish.routingKey, as: "routing key"), mandatory: publish.mandatory)
            let isSent = try channel.engine.publish(method, publish.message, on: channel.record) { [weak self] result in
                { [weak self] in self?.settled(id, link, result.map { _ in true }) }
            }
            guard !isSent else { return }
            let reason = channel.connection.blockedReason
            notSent(id, link, reason.map(PublisherState.Obstacle.blocked) ?? .noRoom)
        } catch {
            if error.scope == .client { return settled(id, link, .failure(error)) }
            notSent(id, link, .isGone)
        }
    }

    private func notSent(_ id: UInt64, _ link: Int, _ obstacle: PublisherState.Obstacle) {
        step { $0.decisions.notSent(id, link: link, obstacle, now: time.now, &$0.effects) }
    }

    private func settled(_ id: UInt64, _ link: Int, _ result: Result<Bool, AMQPError>) {
        step { $0.decisions.settled(id, link: link, result, &$0.effects) }
    }

    private func awaitRoom(_ link: Int) {
        guard let (current, channel) = state.withLock({ $0.channel }), current == link else { return }
        Task {
            // A channel that is gone has room too: the next attempt to send finds out.
            try? await channel.engine.waitForRoom(on: channel.record)
            self.step { $0.decisions.roomAgain(link: link, &$0.effects) }
        }
    }

    /// One appointment for the earliest deadline.
    private func wake(at due: Int64) {
        state.withLock { state in
            if let timer = state.timer, timer.time <= due { return }
            state.timer?.handle.cancel()
            let handle = time.wake(at: due) { [weak self] in self?.timePassed() }
            state.timer = (due, handle)
        }
    }

    private func timePassed() {
        step { state in
            state.timer = nil
            state.decisions.timePassed(time.now, &state.effects)
        }
    }

    // MARK: The connection

    private func startIfNeeded(_ state: inout State) {
        guard state.run == nil else { return }
        state.lastRun += 1
        let number = state.lastRun
        do throws(AMQPError) {
            let runner = try SessionRunner(client) { [weak self] in self?.told($0, by: number) }
            let run = runner.start { [weak self] session in try await self?.serve(session, number) }
            let ending = Task { [weak self] in
                let result = await run.result
                self?.ended(number, result)
            }
            state.run = Run(number: number, runner: runner, ending: ending)
        } catch {
            // Behind the publish that is about to be made.
            Task { self.step { $0.decisions.end(error, now: self.time.now, &$0.effects) } }
        }
    }

    private func told(_ news: ClientState, by run: Int) {
        guard state.withLock({ $0.lastRun == run }) else { return }
        broadcast.tell(news)
        // No connection, and none was lost either: those who wait are to know why.
        guard case .waiting(_, let error) = news else { return }
        step { state in
            guard state.run?.number == run else { return }
            state.decisions.down(error, now: time.now, &state.effects)
        }
    }

    /// One session: a channel with confirms, and another whenever the broker has closed it over a message.
    private func serve(_ session: Session, _ run: Int) async throws {
        var channel = session.channel
        while true {
            try await channel.selectConfirms()
            let returns = channel.returns
            let taken = channel
            step { state in
                guard state.run?.number == run else { return }
                let link = state.decisions.up(&state.effects)
                state.channel = (link, taken)
            }
            let reason = await Self.end(of: returns, channel)
            step { state in
                guard state.run?.number == run else { return }
                state.channel = nil
                state.decisions.down(reason, now: time.now, &state.effects)
            }
            if reason.scope != .channel || Task.isCancelled { throw reason }
            channel = try await session.connection.openChannel()
        }
    }

    /// Returned messages are told to their publishes; what matters here is when there are no more.
    private static func end(of returns: Notices<ReturnedMessage>, _ channel: Channel) async -> AMQPError {
        do throws(AMQPError) {
            var iterator = returns.makeAsyncIterator()
            while try await iterator.next(isolation: nil) != nil {}
            return channel.closeReason ?? .cancelled("the end of the channel")
        } catch {
            return error
        }
    }

    private func ended(_ run: Int, _ result: Result<Void?, any Error>) {
        step { state in
            guard state.run?.number == run else { return }
            var reason = AMQPError.publisherClosed
            if case .failure(let error as AMQPError) = result { reason = error }
            end(reason, &state)
        }
    }

    /// A publish that comes after this begins another run.
    private func end(_ reason: AMQPError, _ state: inout State) {
        state.run = nil
        state.channel = nil
        state.decisions.end(reason, now: time.now, &state.effects)
    }

    // MARK: The end

    func close() async {
        let deadline = time.now + client.grace.milliseconds
        while true {
            let mailbox = Mailbox<Void>()
            let isCancelled = Task.isCancelled
            // One step: what is published behind it belongs to the next run.
            let (isEmpty, run) = step { state -> (Bool, Run?) in
                if state.decisions.count > 0, time.now < deadline, !isCancelled {
                    state.awaitingEmpty.append(mailbox)
                    return (false, nil)
                }
                defer { if state.run != nil { end(.publisherClosed, &state) } }
                return (true, state.run)
            }
            if isEmpty { return await Self.end(run, isCancelled: isCancelled) }
            let timer = time.wake(at: deadline) { mailbox.finish(nil)?() }
            // It only ever finishes without an error.
            _ = try? await mailbox.next()
            timer.cancel()
        }
    }

    private static func end(_ run: Run?, isCancelled: Bool) async {
        if isCancelled { run?.runner.stopAtOnce() } else { run?.runner.stop() }
        if !isCancelled { await run?.ending.value }
    }

    func stop() { state.withLock { $0.run }?.runner.stop() }
}
