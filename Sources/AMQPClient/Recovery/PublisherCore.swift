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
        var runner: SessionRunner?
        /// Done when the runner is, and nothing is left of it.
        var ending: Task<Void, Never>?
        var channel: (link: Int, channel: Channel)?
        var timer: (time: Int64, handle: TimerHandle)?
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
            return step { $0.decisions.notSent(id, link: link, isGone: true, &$0.effects) }
        }
        do throws(AMQPError) {
            let method = try BasicPublish(
                exchange: ShortString(publish.exchange, as: "exchange name"),
                routingKey: ShortString(publish.routingKey, as: "routing key"), mandatory: publish.mandatory)
            let isSent = try channel.engine.publish(method, publish.message, on: channel.record) { [weak self] result in
                { [weak self] in self?.settled(id, link, result.map { _ in true }) }
            }
            if !isSent { step { $0.decisions.notSent(id, link: link, isGone: false, &$0.effects) } }
        } catch {
            if error.scope == .client { return settled(id, link, .failure(error)) }
            step { $0.decisions.notSent(id, link: link, isGone: true, &$0.effects) }
        }
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
        guard state.runner == nil else { return }
        do throws(AMQPError) {
            let runner = try SessionRunner(client) { [broadcast, weak self] in
                broadcast.tell($0)
                if case .waiting(_, let error) = $0 { self?.failed(error) }
            }
            state.runner = runner
            let run = runner.start { [weak self] session in try await self?.serve(session) }
            state.ending = Task { [weak self] in
                let result = await run.result
                self?.ended(runner, result)
            }
        } catch {
            // Behind the publish that is about to be made.
            Task { self.step { $0.decisions.end(error, now: self.time.now, &$0.effects) } }
        }
    }

    /// No connection, and none was lost either: those who wait are to know why.
    private func failed(_ error: AMQPError) {
        step { $0.decisions.down(error, now: time.now, &$0.effects) }
    }

    /// One session: a channel with confirms, and another whenever the broker has closed it over a message.
    private func serve(_ session: Session) async throws {
        var channel = session.channel
        while true {
            try await channel.selectConfirms()
            let returns = channel.returns
            let taken = channel
            step { state in
                let link = state.decisions.up(&state.effects)
                state.channel = (link, taken)
            }
            let reason = await Self.end(of: returns, channel)
            step { state in
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

    private func ended(_ runner: SessionRunner, _ result: Result<Void?, any Error>) {
        step { state in
            guard state.runner === runner else { return }
            state.runner = nil
            state.ending = nil
            state.channel = nil
            if case .failure(let error as AMQPError) = result {
                state.decisions.end(error, now: time.now, &state.effects)
            } else {
                state.decisions.end(.cancelled("a connection"), now: time.now, &state.effects)
            }
        }
    }

    // MARK: The end

    func close() async {
        let mailbox = Mailbox<Void>()
        let isEmpty = state.withLock { state in
            if state.decisions.count > 0 { state.awaitingEmpty.append(mailbox) }
            return state.decisions.count == 0
        }
        if !isEmpty {
            let timer = time.wake(at: time.now + client.grace.milliseconds) { mailbox.finish(nil)?() }
            // It only ever finishes without an error. What is not settled by then, its own caller hears.
            _ = try? await mailbox.next()
            timer.cancel()
        }
        let ending = state.withLock { $0.ending }
        stop()
        if !Task.isCancelled { await ending?.value }
    }

    func stop() { state.withLock { $0.runner }?.stop() }
}
