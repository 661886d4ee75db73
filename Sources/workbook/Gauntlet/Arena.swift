import AMQPClient
import AMQPWire
import Foundation
import Interceptor
import Synchronization

/// Where a bout takes place: the broker with its fire, the other role, and the programs that were started.
final class Arena: Sendable {
    private struct State: Sendable {
        var runs: [Subject.Run] = []
        /// How many lines the first program had printed when it was struck.
        var linesBefore = 0
        var endedAt: [Int: Int64] = [:]
        var echo: String?
        /// Where the first message went.
        var firstTarget: Counterpart.Target?
        var (isUncertain, hasEnded, wasReading) = (false, false, false)
        /// When it struck, in fair time.
        var struckAt: Duration?
    }

    let bout: Bout
    let broker: FireBroker
    let part: Counterpart
    let fair = FairTime()
    /// What the programs keep, they keep there, and the next bout begins without it.
    private let folder: ScratchFolder
    private let cast = Cast()
    private let state = Mutex(State())

    init(_ bout: Bout) throws {
        self.bout = bout
        let later = Duration.milliseconds(max(20, bout.habits.workTime / 2))
        broker = try FireBroker(bout.blow, later: later, elsewhere: bout.elsewhere)
        folder = try ScratchFolder()
        part = Counterpart(broker)
        fair.follow { [weak self] in self?.look() }
    }

    private func look() -> FairTime.Look? {
        guard !state.withLock(\.hasEnded) else { return nil }
        if broker.near.isFlooded { cast.killAll() }
        return FairTime.Look(lastEvent: broker.near.lastTime, withheld: cast.withheld)
    }

    func end() {
        state.withLock { $0.hasEnded = true }
        cast.killAll()
        part.end()
        broker.shutDown()
        folder.remove()
    }

    func start() async throws -> Subject.Run {
        let number = cast.next()
        let run = cast.enter(
            try await bout.subject.start(try broker.address(forRun: number), ["ORDERS_FOLDER": folder.path]), number)
        state.withLock { $0.runs.append(run) }
        Task { [weak self] in
            while self != nil, !run.hasEnded { try? await Task.sleep(for: .milliseconds(5)) }
            self?.ended(number)
        }
        return run
    }

    private func ended(_ number: Int) {
        state.withLock { state in if state.endedAt[number] == nil { state.endedAt[number] = broker.near.now } }
    }

    /// Does its part when the fire strikes the first program.
    func listen(for first: Subject.Run) {
        broker.fire.whenStruck { [weak self] in
            guard let self else { return }
            // At once: what it says from now on is about this.
            let (lines, now) = (first.lastLines().count, fair.now)
            let wasReading = log.consumptions.contains { $0.isGranted && $0.place.run == 1 }
            state.withLock { ($0.linesBefore, $0.struckAt, $0.wasReading) = (lines, now, wasReading) }
            switch bout.blow {
            case .kill?:
                state.withLock { $0.endedAt[1] = self.strike?.time }
                first.kill()
            case .restart?, .crash?:
                Task {
                    await self.expect(.seconds(20)) { !self.part.isSending }
                    try? self.broker.restart()
                }
            case .block?:
                Task {
                    try? await Task.sleep(for: .milliseconds(700))
                    self.broker.fire.unblock()
                }
            default: break
            }
        }
    }

    // MARK: What is known by now

    var log: WireLog { broker.near.log }
    var strike: Fire.Strike? { broker.fire.strike }

    var sinceStrike: Duration { state.withLock(\.struckAt).map { fair.now - $0 } ?? .zero }

    /// Nothing has passed for so long, though the program could have done something.
    var quietFor: Duration { fair.quietFor }

    /// Until it is so, or the program has had so long for it. Where the machine has no time for anybody, nothing follows.
    @discardableResult func wait(_ patience: Duration, _ condition: () -> Bool) async -> Bool {
        let start = fair.now
        let isDecided = await eventually(max(bout.pace.hopeless, patience * 20)) {
            condition() || fair.now - start > patience || broker.near.isFlooded
        }
        if !isDecided { doubt() }
        return condition()
    }

    /// For what comes about whatever the program does; if it doesn't, nothing follows from the run.
    func expect(_ patience: Duration, _ condition: () -> Bool) async {
        if await !wait(patience, condition) { doubt() }
    }

    func doubt() { state.withLock { $0.isUncertain = true } }

    /// All connections of a program have ended, and what came through them has been passed on.
    func isAway(_ run: Int) -> Bool { log.isAway(run) && broker.far.log.isAway(run) }

    /// Sent to a program that is back, to see whether it listens.
    func nextEcho() -> String {
        let body = bout.promise.isAnswered ? "20" : "Once more."
        state.withLock { $0.echo = body }
        return body
    }

    /// Where the messages went at first, if that was an exchange: there they go again. Otherwise to the program itself.
    var echoTarget: Counterpart.Target? {
        guard let first = state.withLock(\.firstTarget), !first.exchange.isEmpty else { return target }
        return first
    }

    func noteTarget(_ target: Counterpart.Target) { state.withLock { $0.firstTarget = $0.firstTarget ?? target } }

    func words(_ first: Subject.Run) -> [String] {
        let lines = first.lastLines()
        // Only the last two hundred are kept: of so many nobody knows which it said before.
        return lines.count < 200 ? Array(lines.dropFirst(state.withLock(\.linesBefore))) : lines
    }

    private func isGone(_ connection: Int, _ log: WireLog) -> Bool {
        if log.isDisconnected(connection) { return true }
        guard let strike else { return false }
        switch bout.blow {
        case .cut?: return connection == strike.connection
        case .restart?, .crash?: return connection <= strike.connections
        default: return false
        }
    }

    /// The program has a consumer that the broker knows of.
    func isReading(_ run: Int) -> Bool { consumption(log, of: run) != nil }

    private func consumption(_ log: WireLog, of run: Int? = nil) -> WireLog.Consumption? {
        log.consumptions.last {
            $0.isGranted && (run == nil || $0.place.run == run) && !isGone($0.place.connection, log)
        }
    }

    /// Where a message has to go to reach a program that reads.
    var target: Counterpart.Target? {
        let log = self.log
        return consumption(log).map { Counterpart.Target(reaching: $0, in: log) }
    }

    /// All that was sent has come to its end.
    var isQuiet: Bool {
        // Held back, a message is on its way.
        if broker.fire.isHolding { return false }
        let (sent, far) = (part.sent, broker.far.log)
        let handed = far.handed
        if let echo = state.withLock(\.echo), !handed.contains(where: { $0.body == echo && $0.isSettled }) {
            return false
        }
        if bout.promise.isAnswered, !sent.allSatisfy({ body in part.replies.contains { $0.correlation == body } }) {
            return false
        }
        let promise = bout.promise
        // Where messages may be lost, nobody waits for them once something went wrong.
        if strike != nil, !promise.keepsMessages, bout.blow?.isOthers == false { return true }
        var left: [String: Int] = [:]
        for body in sent { left[body, default: 0] += 1 }
        // What it sends back to its queue comes again.
        if promise.keepsOrder { for back in far.published { left[back.body]? += 1 } }
        for handing in handed where handing.isSettled && handing.settlements.last?.kind != .requeued {
            if promise.parksIn != nil, handing.body.contains("!") { continue }
            left[handing.body, default: 0] -= 1
        }
        if let queue = promise.parksIn {
            for (body, count) in left where body.contains("!") {
                // It has come to where it is parked, or it will never.
                if far.published.contains(where: { $0.key == queue && $0.body == body }) { left[body] = min(count, 0) }
            }
        }
        return left.values.allSatisfy { $0 <= 0 }
    }

    /// The message that no program can process lies somewhere else, or goes round and round; the others are done.
    func isAtRest() async -> Bool {
        let (log, poison) = (broker.far.log, bout.promise.poison ?? "")
        if log.handed.count(where: { $0.body == poison }) >= GauntletJudge.endless { return true }
        guard bout.messages.allSatisfy({ body in log.handed.contains { $0.body == body && $0.isSettled } }) else {
            return false
        }
        let consumed = Set(log.consumptions.map(\.queue))
        for name in Set(log.queues.map(\.name)).subtracting(consumed).sorted() where !name.isEmpty {
            if let count = await part.count(name), count > 0 { return true }
        }
        return false
    }

    /// Until it is so, or nothing has passed for long.
    func waitUntilIdle(_ condition: () -> Bool) async {
        // Undisturbed, it has as long as it likes: a right program comes to the end.
        let idle = bout.blow == nil ? bout.pace.begin : bout.pace.idle + bout.habits.usualWait
        let start = fair.now
        await wait(max(.seconds(60), idle * 10)) { condition() || min(quietFor, fair.now - start) > idle }
    }

    /// What a program prints of its last message may come behind the acknowledgement.
    func waitUntilPrinted() async {
        await wait(bout.blow == nil ? .seconds(1) : .milliseconds(300 + 2 * bout.habits.workTime)) {
            let (sent, lines) = (part.sent, state.withLock(\.runs).flatMap { $0.lastLines() })
            if bout.promise.isStream { return sent.allSatisfy { body in lines.contains { $0.contains(body) } } }
            let counts = Shapes(lines, of: sent).counts
            return bout.habits.effects?.contains { counts[$0] == Set(sent).count } ?? false
        }
    }

    // MARK: What came of it

    func outcome() async -> Bout.Outcome {
        let log = self.log
        var history = History(blow: bout.blow, struckAt: strike?.time)
        let (sent, runs) = (part.sent, state.withLock(\.runs))
        (history.sent, history.replies, history.echo) = (sent, part.replies, state.withLock(\.echo))
        // One that does something now and then is no idle one.
        let limit = bout.blow == nil ? bout.pace.begin : bout.pace.back
        let (quiet, longestGap) = (quietFor, fair.longestGap)
        history.waited = quiet >= limit ? max(1, Int(quiet.components.seconds)) : 0
        let lives = cast.lives
        history.lives = []
        for (run, life) in zip(runs, lives) {
            let mine = log.connected.filter { $0.run == run.number && !isGone($0.connection, log) }
            history.lives.append(
                History.Life(
                    run: run.number, status: life.status, isKilled: life.isKilled, isConnected: !mine.isEmpty,
                    isConsuming: isReading(run.number), words: run.number == 1 ? words(run) : life.lines,
                    lines: life.lines))
        }
        for run in runs { run.kill() }
        await expect(.seconds(20)) { runs.allSatisfy { isAway($0.number) && $0.hasEnded } }
        // What it had printed when it was killed is all here now.
        for (place, run) in runs.enumerated() { history.lives[place].lines = run.lastLines() }
        await expect(.seconds(20)) { broker.unsettled == 0 }
        // Another broker does not say when it has taken back what nobody settled.
        if bout.elsewhere != nil { try? await Task.sleep(for: .milliseconds(300)) }
        await drain(&history)
        // By what was known before the programs were killed.
        History.fill(&history, near: broker.near.log, far: broker.far.log) { isGone($0, log) }
        let endedAt = state.withLock(\.endedAt)
        for index in history.lives.indices where !history.lives[index].isRunning {
            history.lives[index].endedAt = endedAt[history.lives[index].run]
        }
        history.learn(bout.habits)
        history.wasReading = state.withLock(\.wasReading)
        let consumed = Set(log.consumptions.map(\.queue))
        history.deliveryLimit =
            log.queues.last { consumed.contains($0.name) }?.method.arguments["x-delivery-limit"]?
            .integer
        if bout.role == .client { history.answer = log.published.first.flatMap { Fibonacci.answer(to: $0.body) } }
        history.isUncertain = state.withLock(\.isUncertain) || part.hasFailed
        return Bout.Outcome(
            history: history, spots: broker.fire.spots, seen: broker.near.observations, log: broker.far.log,
            longestGap: longestGap)
    }

    private func drain(_ history: inout History) async {
        let log = broker.near.log
        var names = Set(log.queues.filter { !$0.method.exclusive }.map(\.name) + log.consumptions.map(\.queue))
        // Nothing is taken out of a stream, and the broker ends a connection that tries.
        let streams = log.queues.filter { $0.method.arguments["x-queue-type"]?.text == "stream" }.map(\.name)
        names.subtract(streams)
        if let queue = bout.promise.queue { names.insert(queue.name) }
        names = names.filter { !$0.isEmpty && !$0.hasPrefix("amq.rabbitmq.") }
        // Until there is nothing more: meanwhile a message may go from one queue that waits into another.
        for _ in 0..<20 {
            var isEmpty = true
            for name in names.sorted() {
                guard let bodies = await part.take(name) else { continue }
                history.left[name, default: []] += bodies
                isEmpty = isEmpty && bodies.isEmpty
            }
            if isEmpty { break }
        }
        // The next run begins as this one did.
        if bout.elsewhere != nil {
            await part.stopListening()
            for name in names.union(streams) { await part.delete(name) }
        }
    }
}
