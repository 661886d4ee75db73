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

    /// It may come again in another form than it was sent in.
    var attempts: [WireLog.Handed] { log.handed.filter { Self.holds($0.body, RetryCheck.bad) && !isFromRest($0) } }

    /// Its worker also looks through what was given up.
    private func isFromRest(_ handed: WireLog.Handed) -> Bool {
        handed.queue != queue && !handed.queue.isEmpty && Self.isDead(handed.queue)
    }

    /// The same, and what was taken out from there.
    var allParked: [Parked] {
        parked
            + log.handed.filter { isFromRest($0) && Self.holds($0.body, RetryCheck.bad) }.prefix(1)
            .map { .init(queue: $0.queue, text: $0.body) }
    }

    /// For how long the worker had a job before it put it back, for each time that it did, in milliseconds.
    private var requeued: [Int64] {
        attempts.compactMap { attempt in
            attempt.settlements.first { $0.kind == .requeued }.map { $0.place.time - attempt.place.time }
        }
    }

    /// Put back without any delay. One that sleeps first keeps others waiting, and not the processor busy.
    private var straight: Int { isDelayed ? 0 : requeued.count { $0 < shortestSleep } }

    /// The queue itself lets what is put back wait, from RabbitMQ 4.3 on.
    private var isDelayed: Bool {
        ["all", "failed", "returned"].contains(
            log.declaration(of: queue)?.method.arguments["x-delayed-retry-type"]?.text)
    }

    /// It is handed out again and again.
    var isLoop: Bool { straight >= 3 || attempts.count >= RetryCheck.tooMany }

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

    func others(but queue: String) -> [String] {
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
            // With the key that the message has, if no other is set: any of those under which it may be.
            let keys =
                arguments["x-dead-letter-routing-key"]?.text.map { [$0] }
                ?? Set(log.published.prefix(100).map(\.key) + log.bindings.map(\.key) + [next, queue])
            for key in keys {
                // Where its way is not known, it may lead back.
                guard let ways = log.destinations(exchange: exchange, key: key) else { return true }
                open += ways
            }
        }
        return false
    }

    /// How long a message lies in a waiting room, in milliseconds. nil: nothing that the program has said tells.
    func rest(in room: String) -> Int64? {
        let expiration = log.published.last { $0.properties.expiration != nil }?.properties.expiration?.text
        let times = [
            log.declaration(of: room)?.method.arguments["x-message-ttl"]?.integer, expiration.flatMap { Int64($0) },
        ]
        return times.compactMap(\.self).min().map { max($0, 1) }
    }

    /// It lay somewhere for a while before it came again.
    private var hasWaited: Finding.Verdict {
        if isDelayed, !requeued.isEmpty { return .yes }
        var isLate = false
        // Of one that comes again and again, the first times tell.
        for (before, after) in zip(attempts, attempts.dropFirst()).prefix(RetryCheck.tooMany) {
            if rests(before: after).contains(where: { $0.milliseconds.map { $0 >= shortestRest } ?? true }) {
                return .yes
            }
            // Its worker may have slept meanwhile.
            if hasSlept(kept(before, until: after)) { return .yes }
            isLate = isLate || after.place.time - before.place.time >= shortestSleep
        }
        return isLate ? .notSeen : .no
    }

    /// The machine has not taken so long from it.
    private func hasSlept(_ milliseconds: Int64) -> Bool { milliseconds >= shortestSleep + log.lost }

    /// How long the worker itself kept the job back, in milliseconds: up to the last thing that it did before it got the
    /// job again. What comes behind that is the broker's time, and the machine's.
    private func kept(_ before: WireLog.Handed, until after: WireLog.Handed) -> Int64 {
        let deeds = [
            before.settlements.map(\.place), log.published.map(\.place), log.consumptions.map(\.place), log.connected,
            log.others.map { $0.place },
        ]
        let last = deeds.joined().filter { before.place < $0 && $0 < after.place }.map(\.time).max()
        return (last ?? before.place.time) - before.place.time
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
            ?? (log.queues.contains { $0.name == consumption.queue }
                ? "It only asked whether '\(consumption.queue)' is there (a passive queue.declare)."
                : "No queue.declare of '\(consumption.queue)' was seen.")
        if hasDeadLetters { return point.finding(true, text) }
        // One that sends a failed job on itself, and never refuses it, needs none.
        let refuses = attempts.contains { $0.settlements.contains { $0.kind == .dropped } }
        if declared != nil, !refuses, !allParked.isEmpty, attempts.count > 1 || isHeld {
            return point.finding(true, text + " It publishes a failed job once more itself, and refuses none.")
        }
        // Nor does it need any as long as it tries it again, whatever it does with it at last.
        return point.finding(declared != nil && !refuses && isStillTrying ? .notSeen : .no, text)
    }

    private var notStraightBack: Finding {
        // Put back after a while, if it was not the machine that took so long.
        let isUnsure = straight == 0 && !isDelayed && !requeued.allSatisfy(hasSlept)
        return Point(
            "does not put a failed job straight back",
            why:
                "Back at its old place, it is handed out again at once: the worker is busy with nothing else, as fast as "
                + "it can.", see: .retryBreak
        ).finding(
            straight > 0 ? .no : isUnsure ? .notSeen : .yes,
            requeued.isEmpty
                ? "\(counted(attempts.count, "delivery", "deliveries")) of the job that fails, none of them requeued."
                : "The job was requeued \(counted(requeued.count, "time")), from \(attempts.first?.place.time ?? 0) to "
                    + "\(attempts.last?.place.time ?? 0) ms, \(requeued.min() ?? 0) ms after it came or later.")
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
        if straight > 0 { return point.finding(.notSeen, text + ": it was put straight back.") }
        let hasWaited = hasWaited
        return point.finding(hasWaited, text + (hasWaited == .no ? whyNoWait : "."))
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
                : isStillTrying || attempts.isEmpty ? .notSeen : log.missing
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
        if attempts.isEmpty, allParked.isEmpty { return point.finding(.notSeen, "The job was not delivered to it.") }
        // Whole, or in something with what else there is to say.
        if let whole = allParked.first(where: { Self.holds($0.text, RetryCheck.bad) }) {
            return transient(in: whole.queue, point.title) ?? point.finding(true, "It was in '\(whole.queue)'.")
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
