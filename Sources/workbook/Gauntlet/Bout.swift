import AMQPClient
import AMQPWire
import Interceptor

/// How long the gauntlet waits. Only what never comes is waited for so long.
struct GauntletPace: Sendable {
    /// For a program to connect, and to consume or publish: some are compiled first.
    var begin = Duration.seconds(20)
    /// For one that has lost its connection to be back, or to end: client libraries wait five seconds before they try again.
    var back = Duration.seconds(7)
    /// The same for one that has said something since.
    var backWithWords = Duration.seconds(12)
    /// Nothing passes any more, and nothing will.
    var idle = Duration.seconds(2)
    /// For a client whose question nobody answers.
    var givesUp = Duration.seconds(35)
    /// For a program that goes on publishing.
    var endless = Duration.seconds(8)
    /// By the clock, however little of the time is a program's: then nothing follows from the run.
    var hopeless = Duration.seconds(60)
}

/// One run of a program, in which at most one thing goes wrong.
struct Bout: Sendable {
    /// What came of it, and what it looked like.
    struct Outcome: Sendable {
        var history: History
        var spots: [Spot]
        var seen: [Observation]
        var log: WireLog
        /// The longest time in which nothing passed while the program ran.
        var longestGap = Duration.zero
    }

    let subject: Subject
    let promise: Promise
    let role: GauntletRole
    let blow: Blow?
    let messages: [String]
    let pace: GauntletPace
    let habits: Habits
    /// A broker that is there already; nil: one of its own.
    var elsewhere: ConnectionConfiguration?

    func run() async throws -> Outcome {
        let arena = try Arena(self)
        defer { arena.end() }
        if !role.reads, let queue = promise.queue {
            if role == .client {
                await arena.part.answer(queue.name, blow) { arena.broker.fire.strikeNow() }
            } else {
                await arena.part.declare(queue.name, isDurable: queue.isDurable)
            }
        }
        let first = try await arena.start()
        arena.listen(for: first)
        switch (role.reads, blow) {
        case (true, .poison?): try await runPoisoned(arena, first)
        case (true, _): try await read(arena, first)
        default: try await publish(arena, first)
        }
        if arena.broker.near.isFlooded { throw Inspection.CannotJudge.beyond(.flooded, subject.words, arena.log) }
        return await arena.outcome()
    }

    // MARK: Programs that consume

    private func read(_ arena: Arena, _ first: Subject.Run) async throws {
        await arena.wait(pace.begin) { arena.isReading(1) || first.hasEnded || arena.strike != nil }
        if arena.isReading(1) {
            if blow == .another { try await startAnother(arena) }
            await sendAll(arena)
        }
        await arena.waitUntilIdle {
            arena.strike != nil || arena.isQuiet && (blow == nil || arena.quietFor > .milliseconds(300))
        }
        if arena.strike != nil, blow?.isOthers == false { try await awaitAftermath(arena, first) }
        if arena.part.sent.isEmpty { await sendAll(arena) }
        if arena.strike != nil, blow?.isOthers == false, arena.isReading(1), blow?.loses == true {
            await sendEcho(arena)
        }
        await arena.waitUntilIdle { arena.isQuiet }
        // What comes behind the last settlement, if anything does.
        if blow == nil { await arena.wait(.milliseconds(100)) { false } }
        if promise.isDoneOnce || promise.isStream { await arena.waitUntilPrinted() }
    }

    private func sendAll(_ arena: Arena) async {
        guard let target = arena.target else { return }
        arena.noteTarget(target)
        arena.part.isSending = true
        defer { arena.part.isSending = false }
        var bodies = messages
        switch blow {
        case .twice(let number)?: bodies.insert(messages[number - 1], at: number)
        case .late?: bodies.append(bodies.removeFirst())
        case .backwards?: bodies.reverse()
        case .poison?: bodies.insert(promise.poison ?? "!", at: 0)
        default: break
        }
        for (place, body) in bodies.enumerated() {
            if case .late? = blow, place == bodies.count - 1 { try? await Task.sleep(for: .milliseconds(500)) }
            await arena.part.send(body, to: target, asks: promise.isAnswered, hasID: promise.isDoneOnce)
        }
        if blow?.isOthers == true { arena.broker.fire.strikeNow() }
    }

    /// The program is back, ended, or hangs; whoever is its like goes on with the work.
    private func awaitAftermath(_ arena: Arena, _ first: Subject.Run) async throws {
        if blow?.loses == true {
            await arena.wait(pace.backWithWords + habits.usualWait) {
                if first.hasEnded || arena.isReading(1) { return true }
                let limit = pace.back + habits.usualWait
                return min(arena.sinceStrike, arena.quietFor) > limit && arena.words(first).isEmpty
            }
        } else if case .kill? = blow {
            await arena.expect(.seconds(20)) { first.hasEnded }
        }
        guard first.hasEnded, promise.keepsMessages else { return }
        // The broker has noticed too: a queue may be for one consumer alone.
        await arena.expect(.seconds(20)) { arena.isAway(1) }
        let second = try await arena.start()
        await arena.expect(pace.begin) { arena.isReading(2) || second.hasEnded }
    }

    private func startAnother(_ arena: Arena) async throws {
        let second = try await arena.start()
        // Where one has the queue to itself, this one is refused.
        await arena.wait(pace.begin) { arena.isReading(2) || second.hasEnded }
    }

    /// With a message that no program can process: one that ends is started again, until the message has come to rest.
    private func runPoisoned(_ arena: Arena, _ first: Subject.Run) async throws {
        await arena.wait(pace.begin) { arena.isReading(1) || first.hasEnded }
        guard arena.isReading(1) else { return }
        await sendAll(arena)
        var (last, lives) = (first, 1)
        let (start, begun) = (arena.fair.now, ContinuousClock.now)
        let idle = pace.idle + habits.usualWait
        while await !arena.isAtRest() {
            if last.hasEnded {
                guard lives < Self.mostLives else { return }
                (last, lives) = (try await arena.start(), lives + 1)
                await arena.wait(pace.begin) { arena.isReading(lives) || last.hasEnded }
            }
            if min(arena.quietFor, arena.fair.now - start) > idle { return }
            // It was always doing something, and not this: nothing follows.
            if ContinuousClock.now - begun > .seconds(120) { return arena.doubt() }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    private static let mostLives = 60

    private func sendEcho(_ arena: Arena) async {
        guard arena.echoTarget != nil else { return }
        let (body, start) = (arena.nextEcho(), arena.fair.now)
        // It may bind its queue behind its consumer.
        while let target = arena.echoTarget, arena.fair.now - start < pace.idle {
            let sent = await arena.part.send(
                body, to: target, asks: promise.isAnswered, hasID: promise.isDoneOnce)
            if sent == .taken { break }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    // MARK: Programs that publish

    private func publish(_ arena: Arena, _ first: Subject.Run) async throws {
        await arena.wait(pace.begin) { first.hasEnded || arena.strike != nil || !arena.log.published.isEmpty }
        let start = arena.fair.now
        await arena.wait(pace.givesUp) {
            if first.hasEnded { return true }
            guard arena.strike != nil else {
                // It goes on publishing, or it has stopped for longer than anybody waits.
                let isEndless = arena.fair.now - start > pace.endless && arena.quietFor < pace.endless / 2
                return (isEndless || arena.quietFor > pace.begin) && blow != .silence
            }
            if blow == .silence { return false }
            let limit =
                (arena.words(first).isEmpty ? pace.back : pace.backWithWords) + habits.usualWait
            return min(arena.sinceStrike, arena.quietFor) > limit
        }
        await arena.expect(.seconds(20)) { !first.hasEnded || arena.isAway(1) }
        if case .kill? = blow, arena.strike != nil {
            await arena.expect(.seconds(20)) { first.hasEnded && arena.isAway(1) }
            // What it has taken, and not published, it finds again.
            let second = try await arena.start()
            await arena.wait(pace.givesUp) { second.hasEnded }
            await arena.expect(.seconds(20)) { !second.hasEnded || arena.isAway(2) }
        }
        if blow?.isAtEnd == true, first.status() == 0 {
            arena.broker.fire.strikeNow()
            try arena.broker.restart()
        }
    }
}

extension Bout {
    /// With less patience: for what is known to be slow.
    var hurried: Bout {
        var pace = pace
        (pace.back, pace.backWithWords, pace.idle) = (.seconds(1), .seconds(2), .seconds(1))
        pace.givesUp = min(pace.givesUp, .seconds(5))
        return with(pace)
    }

    /// With more of it: before somebody is told that his program does nothing.
    var patient: Bout {
        var pace = pace
        (pace.back, pace.backWithWords, pace.idle) = (pace.back * 2, pace.backWithWords * 2, pace.idle * 2)
        return with(pace)
    }

    private func with(_ pace: GauntletPace) -> Bout {
        Bout(
            subject: subject, promise: promise, role: role, blow: blow, messages: messages, pace: pace,
            habits: habits, elsewhere: elsewhere)
    }
}
