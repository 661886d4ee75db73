/// Lets time go by: moves the clock of a broker of ours, waits for a real one.
///
/// Only for cases about time itself (TTL, expiry, heartbeats), and only to let something fall due. That something has
/// *not* happened is proven by a barrier, see `ProbeChannel.barrier(behind:)`.
func elapse(milliseconds: Int) async throws {
    let peer = try CaseRun.active().peer
    if try await peer.advance(milliseconds: milliseconds) { return }
    // A tenth and 100 ms more than asked for: the broker's timers are not exact either.
    let wait = Double(milliseconds + milliseconds / 10 + 100) * max(1, Environment.current.timeScale)
    let end = ContinuousClock.now + .milliseconds(wait)
    // In pieces: who has pressed Ctrl-C does not want to wait until half a minute is over.
    while ContinuousClock.now < end, CaseRun.current?.isBrokenOff != true {
        try await Task.sleep(until: min(end, ContinuousClock.now + .milliseconds(200)), clock: .continuous)
    }
}

/// Asks again and again until something is as it should be, as long as an answer may take: for what comes about a moment
/// later where channels and queues are processes of their own. False: it did not.
func eventually(_ isThere: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + Deadline.ofAnAnswer
    var times = 0
    while try await !isThere() {
        times += 1
        guard ContinuousClock.now < deadline else { return false }
        // Whoever is asked has other things to do, too.
        if times > 20 { try await Task.sleep(for: .milliseconds(2)) }
    }
    return true
}

/// How long the suite waits before it calls an answer missing, in seconds.
struct Patience: Sendable {
    var answer: Double
    var wholeCase: Double
    /// A case that has failed once is cut short: its connections are broken off.
    var endsAtFailure = false

    /// RabbitMQ delays some refusals by three seconds, and sixteen cases at once may keep it busy for longer. So much is waited
    /// for only when a case fails, and none is tried twice.
    static let ordinary = Patience(answer: 30, wholeCase: 300)
    /// A broker in this process answers at once, but it shares the processors with every other test.
    static let inProcess = Patience(answer: 60, wholeCase: 240)
    /// A node takes its time to start, and the others theirs to agree on what to do without one: RabbitMQ 4.3 waits for a
    /// minute before it answers for a queue of a dead node, or takes back what a consumer there held.
    static let cluster = Patience(answer: 150, wholeCase: 900)
    /// With a broken broker missing answers are what is looked for, so the wait is short; but as much longer as the
    /// machine was busy when a sound broker went through the same case, because slowness must not count as a catch.
    static func withABrokenBroker(sound elapsed: Duration) -> Patience {
        let seconds = elapsed / .seconds(1)
        return Patience(answer: max(1, 2 * seconds), wholeCase: max(6, 6 * seconds), endsAtFailure: true)
    }
}

/// The patience of the case that is running.
enum Deadline {
    private static var patience: Patience { CaseRun.current?.patience ?? .ordinary }

    static var ofAnAnswer: Duration { .seconds((asked ?? patience.answer) * Environment.current.timeScale) }
    static var ofACase: Duration {
        .seconds((asked.map { $0 * 15 } ?? patience.wholeCase) * Environment.current.timeScale)
    }

    /// What the person who runs the suite has said about a broker that has a clock of its own.
    private static var asked: Double? {
        CaseRun.current?.peer.isShared == true ? Environment.current.answerTimeout : nil
    }
}
