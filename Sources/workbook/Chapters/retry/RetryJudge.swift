import AMQPClient
import AMQPWire

/// Judges a worker by what it did with a job that fails each time.
struct RetryJudge {
    struct Parked: Equatable, Sendable {
        var queue: String
        var text: String
    }

    let log: WireLog
    /// Where the failed job lies at last.
    let parked: [Parked]
    /// The queue in which something still waits to be tried again.
    var waitsIn: String?
    /// A worker that waits so long between two attempts, in milliseconds, does so on purpose.
    var shortestSleep: Int64 = 500
    /// One that lets a job lie in a waiting room for less than this, in milliseconds, may as well try it at once.
    var shortestRest: Int64 = 100

    /// The queue of jobs.
    private var queue: String { log.workQueue ?? "" }

    var attempts: [WireLog.Handed] { log.handed.filter { $0.body == RetryCheck.bad && !isFromRest($0) } }

    /// Its worker also looks through what was given up.
    private func isFromRest(_ handed: WireLog.Handed) -> Bool {
        handed.queue != queue && !handed.queue.isEmpty && Self.isDead(handed.queue)
    }

    /// The same, and what was taken out from there.
    var allParked: [Parked] {
        parked
            + log.handed.filter { isFromRest($0) && $0.body.contains(RetryCheck.bad) }.prefix(1)
            .map { .init(queue: $0.queue, text: $0.body) }
    }
    private var requeued: Int { attempts.count { $0.settlements.contains { $0.kind == .requeued } } }

    /// By its name: where jobs are put that were given up.
    static func isDead(_ queue: String) -> Bool {
        let name = queue.lowercased()
        // In words: there may be deadlines, and logins that failed.
        let words = name.split { !$0.isLetter && !$0.isNumber }
        return name.hasSuffix("failed")
            || words.contains { word in
                ["dead", "dlq", "dlx", "parked", "parking", "graveyard"].contains { word.hasSuffix($0) }
            } || words.contains { $0.hasPrefix("deadletter") }
    }

    /// It is handed out again and again.
    var isLoop: Bool { requeued >= 3 || attempts.count >= RetryCheck.tooMany }

    /// The program has done with every attempt so far.
    var isAway: Bool { attempts.last?.isSettled == true }

    /// Acknowledged and not sent on, or refused with no dead letter exchange: nobody has it any more.
    var isGone: Bool {
        guard let last = attempts.last, last.isSettled, !isSentOn else { return false }
        guard let settlement = last.settlements.last else { return true }
        return settlement.kind == .ack || settlement.kind == .dropped && !hasDeadLetters
    }

    /// After the last attempt it published what may be the job in another form.
    private var isSentOn: Bool {
        guard let last = attempts.last else { return false }
        return log.published.contains { last.place < $0.place }
    }

    private var hasDeadLetters: Bool {
        log.declaration(of: queue)?.method.arguments["x-dead-letter-exchange"] != nil
    }

    // MARK: Rooms

    /// Declared queues that a message leaves by itself for the queue of jobs, at once or over others.
    func waitingRooms(but queue: String) -> [String] {
        others(but: queue).filter { leadsBack(from: $0, to: queue) }
    }

    /// Declared queues in which a message stays, for a week perhaps.
    func restingPlaces(but queue: String) -> [String] {
        others(but: queue).filter { !leadsBack(from: $0, to: queue) }
    }

    private func others(but queue: String) -> [String] {
        Set(log.queues.map(\.name).filter { $0 != queue && !$0.isEmpty }).sorted()
    }

    private func leadsBack(from room: String, to queue: String) -> Bool {
        var (seen, open): (Set<String>, [String]) = ([], [room])
        while let next = open.popLast() {
            if next == queue { return true }
            guard seen.insert(next).inserted else { continue }
            // A room may be declared by a message's own time to live.
            guard let arguments = log.declaration(of: next)?.method.arguments,
                let exchange = arguments["x-dead-letter-exchange"]?.text
            else { continue }
            if let key = arguments["x-dead-letter-routing-key"]?.text {
                open += log.destinations(exchange: exchange, key: key) ?? []
            } else {
                // With the key that the message has: any of those under which it may be.
                let keys = Set(log.published.prefix(100).map(\.key) + log.bindings.map(\.key) + [next, queue])
                for key in keys { open += log.destinations(exchange: exchange, key: key) ?? [] }
            }
        }
        return false
    }

    /// It lay somewhere for a while before it came again.
    private var hasWaited: Bool {
        for (before, after) in zip(attempts, attempts.dropFirst()) {
            if rests(before: after).contains(where: { $0.milliseconds.map { $0 >= shortestRest } ?? true }) {
                return true
            }
            // Its worker may have slept meanwhile.
            if after.place.time - before.place.time >= shortestSleep { return true }
        }
        return false
    }

    /// Where it expired before this attempt, and how long it was to lie there. No time: that was not seen.
    ///
    /// By what was asked for, and not by the clock: the broker's leaps, and a busy machine adds to it.
    private func rests(before attempt: WireLog.Handed) -> [(queue: String, milliseconds: Int64?)] {
        let deaths = attempt.properties.headers?["x-death"]?.array?.compactMap(\.table) ?? []
        return deaths.filter { $0["reason"]?.text == "expired" }.map { death in
            let queue = death["queue"]?.text ?? ""
            let times = [
                log.declaration(of: queue)?.method.arguments["x-message-ttl"]?.integer,
                death["original-expiration"]?.text.flatMap { Int64($0) },
            ]
            return (queue, times.compactMap(\.self).min())
        }
    }

    /// Why its waiting does not count, as the end of a sentence.
    private var whyNoWait: String {
        guard let rest = attempts.lazy.flatMap({ rests(before: $0) }).first, let time = rest.milliseconds else {
            return ", one right after the other."
        }
        return "; in between it was in '\(rest.queue)' for \(time) ms. (A time to live is in milliseconds; "
            + "\(shortestRest) or more counts as a while.)"
    }

    /// The worker had the job for so long that it may have tried it more than once meanwhile.
    private var isHeld: Bool {
        attempts.contains { attempt in
            attempt.settlements.first.map { $0.place.time - attempt.place.time >= shortestSleep } ?? false
        }
    }

    // MARK: Findings

    var findings: [Finding] {
        guard let consumption = log.consumptions.first(where: { $0.queue == queue }) else { return [] }
        let done = Self.done(
            log, RetryCheck.good, from: queue, Self.jobDone, isBusy: isLoop || !log.refusals.isEmpty, see: .retryRead)
        return [declares(consumption), notStraightBack, triesAgain, givesUp, losesNothing]
            + [done, log.fails(consumption.place.run)].compactMap(\.self)
    }

    private func declares(_ consumption: WireLog.Consumption) -> Finding {
        let point = Point(
            "declares its queue with a dead-letter exchange",
            why: "A message refused without requeueing is dropped, unless its queue names an exchange for it.",
            see: .retryRead)
        let declared = log.declaration(of: consumption.queue)
        let text =
            declared.map { "queue.declare of '\($0.name)' at \($0.place.time) ms, with \($0.method.arguments)." }
            ?? "No queue.declare of '\(consumption.queue)' was seen."
        if hasDeadLetters { return point.finding(true, text) }
        // One that sends a failed job on itself, and never refuses it, needs none.
        let refuses = attempts.contains { $0.settlements.contains { $0.kind == .dropped } }
        if declared != nil, !refuses, !allParked.isEmpty, attempts.count > 1 || isHeld {
            return point.finding(true, text + " It publishes a failed job once more itself, and refuses none.")
        }
        return point.finding(false, text)
    }

    private var notStraightBack: Finding {
        Point(
            "does not put a failed job straight back",
            why:
                "Back at its old place, it is handed out again at once: the worker is busy with nothing else, as fast as "
                + "it can.", see: .retryBreak
        ).finding(
            requeued == 0,
            requeued == 0
                ? "\(counted(attempts.count, "delivery", "deliveries")) of the job that fails, none of them requeued."
                : "The job was requeued \(counted(requeued, "time")), from \(attempts.first?.place.time ?? 0) to "
                    + "\(attempts.last?.place.time ?? 0) ms.")
    }

    private var triesAgain: Finding {
        let point = Point(
            "tries a failed job again, after a while",
            why: "Most failures pass: a service is down for a moment. Tried at once, it fails for the same reason.",
            see: .retryRead)
        let text = "\(counted(attempts.count, "attempt")), \(attemptsShown)"
        if attempts.count < 2 {
            // Lost, or never taken: that is another finding. Or tried again in the worker's own time, which does not show.
            return point.finding(
                allParked.isEmpty || isHeld ? .notSeen : .no,
                text + (isHeld ? ", and the worker kept it for a while." : "."))
        }
        if requeued > 0 { return point.finding(.notSeen, text + ": it was put straight back.") }
        return point.finding(hasWaited, text + (hasWaited ? "." : whyNoWait))
    }

    private var attemptsShown: String {
        attempts.isEmpty ? "none" : "at \(attempts.prefix(5).map { "\($0.place.time)" }.joined(separator: ", ")) ms"
    }

    private var givesUp: Finding {
        let isEnded = attempts.last?.isSettled == true && (!allParked.isEmpty || isGone)
        let verdict: Finding.Verdict =
            isLoop
            ? .no
            : isEnded || attempts.last?.isSettled == true && !isStillTrying
                ? .yes
                : isStillTrying ? .notSeen : log.missing
        return Point(
            "gives up after some attempts",
            why: "A job that has failed each time will fail next time too. Put it where you can look at it.",
            see: .retryRead
        ).finding(
            verdict,
            "\(counted(attempts.count, "attempt")), \(attemptsShown)"
                + (isLoop ? ", and it went on." : verdict == .notSeen ? whyNoMore : "."))
    }

    private var whyNoMore: String {
        let run = log.consumptions.first { $0.queue == queue }?.place.run
        let status = run.flatMap { log.life($0) }?.status
        return status.map { "; then it ended with status \($0)." } ?? "; then the check's time was up."
    }

    /// It came again and again up to the end, or would have, and neither loop nor end was seen.
    private var isStillTrying: Bool {
        (attempts.count > 1 || waitsIn != nil) && allParked.isEmpty && !isGone && !isLoop
    }

    private var losesNothing: Finding {
        let point = Point(
            "loses no job, not even a bad one",
            why:
                "You may want to know about it and repair it. An ack, or a refusal without a dead-letter exchange, makes "
                + "the broker forget it.", see: .retryRead)
        // Whole, or in an object with what else there is to say.
        if let whole = allParked.first(where: {
            $0.text == RetryCheck.bad || $0.text.hasPrefix("{") && $0.text.contains(RetryCheck.bad)
        }) {
            return point.finding(true, "It was in '\(whole.queue)'.")
        }
        if let other = allParked.first {
            return point.finding(false, "In '\(other.queue)' is '\(other.text)' instead of '\(RetryCheck.bad)'.")
        }
        if isLoop { return point.finding(true, "It is handed out again and again.") }
        if isStillTrying {
            return point.finding(
                .notSeen, waitsIn.map { "It waits in '\($0)'." } ?? "It was still being tried.")
        }
        let isDone = attempts.count == 1 && attempts.last?.settlements.last?.kind == .ack
        return point.finding(
            isGone ? .no : log.missing,
            "After the last attempt it is in no queue."
                + (isDone ? " A job with a '!' in it must fail; this one was acknowledged as done." : ""))
    }
}
