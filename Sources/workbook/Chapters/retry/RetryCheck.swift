import AMQPClient

/// Chapter 9: a job that fails each time, since it has a `!` in it.
struct RetryCheck: ProgramCheck {
    static let bad = "A job that fails!"
    /// More attempts than a program makes that gives up.
    static let tooMany = 12

    let inspection: Inspection

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        try await WorkerCheck(inspection: inspection).producer(run)
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        guard let queue = await inspection.consumerBegan() else { return [] }
        try await inspection.publish(Self.bad, key: queue)
        try await inspection.publish("A job that can be done", key: queue)
        var parked: [String] = []
        await inspection.until(inspection.pace.givesUp) { log in
            let judge = RetryJudge(log: log, parked: [])
            parked = (try? await resting(in: judge.restingPlaces(but: queue))) ?? []
            return !parked.isEmpty || judge.isLoop || judge.isGone || run.hasEnded || !log.refusals.isEmpty
        }
        // The other job is done with too.
        await inspection.until(inspection.pace.answer) { log in
            RetryJudge(log: log, parked: []).isLoop || run.hasEnded
                || log.handed.count > 1
                    && log.handed.last?.settlements.isEmpty == false
        }
        return RetryJudge(log: inspection.log, parked: parked).findings
    }

    /// The queues in which a message lies.
    private func resting(in queues: [String]) async throws -> [String] {
        var full: [String] = []
        for queue in queues where (try await inspection.messages(in: queue) ?? 0) > 0 { full.append(queue) }
        return full
    }
}

struct RetryJudge {
    let log: WireLog
    /// The queues in which the failed job lies at last.
    let parked: [String]

    private var attempts: [WireLog.Handed] { log.handed.filter { $0.body == RetryCheck.bad } }
    private var requeued: Int { attempts.count { $0.settlements.contains { $0.kind == .requeued } } }

    /// It is handed out again and again.
    var isLoop: Bool { requeued >= 3 || attempts.count >= RetryCheck.tooMany }

    /// Acknowledged and not sent on, or refused with no dead letter exchange: nobody has it any more.
    var isGone: Bool {
        guard let last = attempts.last, let settlement = last.settlements.last else { return false }
        if log.published.contains(where: { $0.body == RetryCheck.bad }) { return false }
        return settlement.kind == .ack || settlement.kind == .dropped && !hasDeadLetters
    }

    private var hasDeadLetters: Bool {
        guard let queue = log.consumptions.first?.queue else { return false }
        return log.declaration(of: queue)?.method.arguments["x-dead-letter-exchange"] != nil
    }

    /// Declared queues that a message does not leave by itself.
    func restingPlaces(but queue: String) -> [String] {
        Set(
            log.queues.filter {
                $0.name != queue && $0.method.arguments["x-message-ttl"] == nil
                    && $0.method.arguments["x-dead-letter-exchange"] == nil
            }.map(\.name)
        ).sorted()
    }

    var findings: [Finding] {
        guard let consumption = log.consumptions.first else { return [] }
        let declared = log.declaration(of: consumption.queue)
        return [
            Point(
                "declares its queue with a dead letter exchange",
                why: "A message refused without requeueing is dropped, unless its queue names an exchange for it.",
                see: .retryRead
            ).finding(
                hasDeadLetters,
                declared.map { "queue.declare of '\($0.name)' at \($0.place.time) ms, with \($0.method.arguments)." }
                    ?? "No queue.declare of '\(consumption.queue)' was seen."),
            Point(
                "does not put a failed job straight back",
                why:
                    "Back at its old place, it is handed out again at once: the worker is busy with nothing else, as fast as "
                    + "it can.", see: .retryBreak
            ).finding(
                requeued == 0,
                requeued == 0
                    ? "\(attempts.count) deliveries of the job that fails, none of them requeued."
                    : "The job was requeued \(requeued) times, from \(attempts.first?.place.time ?? 0) to "
                        + "\(attempts.last?.place.time ?? 0) ms."),
            Point(
                "gives up after some attempts",
                why: "A job that has failed each time will fail next time too. Put it where you can look at it.",
                see: .retryRead
            ).finding(
                !isLoop && attempts.last?.settlements.isEmpty == false,
                "\(attempts.count) attempts, at \(attempts.prefix(5).map { "\($0.place.time)" }.joined(separator: ", ")) ms"
                    + (isLoop ? ", and it went on." : ".")),
            Point(
                "loses no job, not even a bad one",
                why:
                    "You may want to know about it and mend it. An ack, or a refusal without a dead letter exchange, makes "
                    + "the broker forget it.", see: .retryRead
            ).finding(
                !isGone && (isLoop || !parked.isEmpty),
                parked.isEmpty
                    ? (isLoop ? "It is handed out again and again." : "After the last attempt it is in no queue.")
                    : "It is in '\(parked.joined(separator: "', '"))'."),
        ]
    }
}
