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

/// What an undisturbed run has shown.
struct Baseline: Sendable {
    var workTime: Int64 = 0
    var isAckedBehind = false
    var expected: [String] = []
    /// The longest time in which nothing passed, in milliseconds.
    var longestGap: Int64 = 0

    /// A program that has something to do may keep silent for so long, in milliseconds.
    var usualWait: Int64 { max(3 * workTime, 4 * longestGap) }
}

/// One run of a program, in which at most one thing goes wrong.
struct Bout: Sendable {
    /// What came of it, and what it looked like.
    struct Outcome: Sendable {
        var history: History
        var spots: [Spot]
        var seen: [Observation]
        var log: WireLog
    }

    let subject: Subject
    let promise: Promise
    let role: GauntletRole
    let blow: Blow?
    let messages: [String]
    let pace: GauntletPace
    let baseline: Baseline
    /// A broker that is there already; nil: one of its own.
    var elsewhere: ConnectionConfiguration?

    func run() async throws -> Outcome {
        let ring = try Ring(self)
        defer { ring.end() }
        if !role.reads, let queue = promise.queue {
            if role == .client {
                await ring.part.answer(queue.name, blow) { ring.broker.fire.strikeNow() }
            } else {
                await ring.part.declare(queue.name, isDurable: queue.isDurable)
            }
        }
        let first = try await ring.start()
        ring.listen(for: first)
        if role.reads { try await read(ring, first) } else { try await publish(ring, first) }
        return await ring.outcome()
    }

    // MARK: Programs that consume

    private func read(_ ring: Ring, _ first: Subject.Run) async throws {
        await ring.wait(pace.begin) { ring.isReading(1) || first.hasEnded || ring.strike != nil }
        if ring.isReading(1) { await sendAll(ring) }
        await ring.untilIdle {
            ring.strike != nil || ring.isQuiet && (blow == nil || ring.quietFor > .milliseconds(300))
        }
        if ring.strike != nil, blow?.isOthers == false { try await aftermath(ring, first) }
        if ring.part.sent.isEmpty { await sendAll(ring) }
        if ring.strike != nil, blow?.isOthers == false, ring.isReading(1), blow?.loses == true { await sendEcho(ring) }
        await ring.untilIdle { ring.isQuiet }
        // What comes behind the last settlement, if anything does.
        if blow == nil { try? await Task.sleep(for: .milliseconds(100)) }
    }

    private func sendAll(_ ring: Ring) async {
        guard let target = ring.target else { return }
        ring.began(with: target)
        ring.part.isSending = true
        defer { ring.part.isSending = false }
        var bodies = messages
        switch blow {
        case .twice(let number)?: bodies.insert(messages[number - 1], at: number)
        case .late?: bodies.append(bodies.removeFirst())
        case .backwards?: bodies.reverse()
        default: break
        }
        for (place, body) in bodies.enumerated() {
            if case .late? = blow, place == bodies.count - 1 { try? await Task.sleep(for: .milliseconds(500)) }
            await ring.part.send(body, to: target, asks: promise.isAnswered)
        }
        if blow?.isOthers == true { ring.broker.fire.strikeNow() }
    }

    /// The program is back, ended, or hangs; whoever is its like goes on with the work.
    private func aftermath(_ ring: Ring, _ first: Subject.Run) async throws {
        if blow?.loses == true {
            await ring.wait(pace.backWithWords + .milliseconds(baseline.usualWait)) {
                if first.hasEnded || ring.isReading(1) { return true }
                let limit = pace.back + .milliseconds(baseline.usualWait)
                return min(ring.sinceStrike, ring.quietFor) > limit && ring.words(first).isEmpty
            }
        } else if case .kill? = blow {
            await ring.certainly(.seconds(20)) { first.hasEnded }
        }
        guard first.hasEnded, promise.keepsMessages else { return }
        let second = try await ring.start()
        await ring.certainly(pace.begin) { ring.isReading(2) || second.hasEnded }
    }

    private func sendEcho(_ ring: Ring) async {
        guard ring.echoTarget != nil else { return }
        let (body, start) = (ring.nextEcho(), ring.fair.now)
        // It may bind its queue behind its consumer.
        while let target = ring.echoTarget, await ring.part.send(body, to: target, asks: promise.isAnswered) != .taken,
            ring.fair.now - start < pace.idle
        {
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    // MARK: Programs that publish

    private func publish(_ ring: Ring, _ first: Subject.Run) async throws {
        await ring.wait(pace.begin) { first.hasEnded || ring.strike != nil || !ring.log.published.isEmpty }
        let start = ring.fair.now
        await ring.wait(pace.givesUp) {
            if first.hasEnded { return true }
            guard ring.strike != nil else {
                // It goes on publishing, or it has stopped for longer than anybody waits.
                let isEndless = ring.fair.now - start > pace.endless && ring.quietFor < pace.endless / 2
                return (isEndless || ring.quietFor > pace.begin) && blow != .silence
            }
            if blow == .silence { return false }
            let limit =
                (ring.words(first).isEmpty ? pace.back : pace.backWithWords) + .milliseconds(baseline.usualWait)
            return min(ring.sinceStrike, ring.quietFor) > limit
        }
        await ring.certainly(.seconds(20)) { !first.hasEnded || ring.isAway(1) }
        if blow == .restartAtEnd, first.status() == 0 {
            ring.broker.fire.strikeNow()
            try ring.broker.restart()
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
            baseline: baseline, elsewhere: elsewhere)
    }
}
