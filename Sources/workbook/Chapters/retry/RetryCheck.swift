import AMQPClient

/// Chapter 9: a job that fails each time, since it has a `!` in it.
struct RetryCheck: ProgramCheck {
    static let bad = "A job that fails forever!"
    static let good = "A job that can be done"
    /// More attempts than a program makes that gives up.
    static let tooMany = 12

    let inspection: Inspection

    static let leaps = true

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        try await WorkerCheck(inspection: inspection).producer(run)
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        guard let queue = await inspection.consumerBegan() else { return [] }
        // The step's role that looks through the jobs that were given up is no worker.
        if RetryJudge.isDead(queue) { return try await HelloCheck(inspection: inspection).consumer(run) }
        try await inspection.publish(Self.bad, key: queue)
        try await inspection.publish(Self.good, key: queue)
        var parked: [RetryJudge.Parked] = []
        var leap: Int64 = 1000
        var beat = ContinuousClock.now
        await inspection.until(inspection.pace.givesUp) { log in
            let judge = RetryJudge(log: log, parked: [])
            parked = (try? await resting(in: judge.restingPlaces(but: queue))) ?? []
            if !parked.isEmpty || judge.isLoop || judge.isGone || run.hasEnded || !log.refusals.isEmpty { return true }
            // What waits in a room for its time to come is not waited for: the broker's clock leaps.
            if judge.isAway, (try? await isWaiting(in: judge.waitingRooms(but: queue))) == true {
                inspection.time.leap(leap)
                leap = min(leap * 2, 1 << 32)
            } else if !judge.isAway {
                leap = 1000
            }
            if .now - beat > .seconds(1) {
                inspection.watch.interference.beat()
                beat = .now
            }
            return false
        }
        // The other job is done with too, and this one: some send it on before they settle it.
        await inspection.until(inspection.pace.answer) { log in
            let judge = RetryJudge(log: log, parked: [])
            return judge.isLoop || run.hasEnded || !log.refusals.isEmpty
                || judge.isAway && log.handed.contains { $0.body == Self.good && $0.isSettled }
        }
        // Some settle the job first and then send it on.
        if parked.isEmpty {
            parked = try await resting(in: RetryJudge(log: inspection.log, parked: []).restingPlaces(but: queue))
        }
        return RetryJudge(log: inspection.log, parked: parked, shortestSleep: inspection.pace.shortestSleep).findings
    }

    private func isWaiting(in rooms: [String]) async throws -> Bool {
        for room in rooms where (try await inspection.messages(in: room) ?? 0) > 0 { return true }
        return false
    }

    /// The queues in which a message lies, and what it says.
    private func resting(in queues: [String]) async throws -> [RetryJudge.Parked] {
        var full: [RetryJudge.Parked] = []
        for queue in queues where (try await inspection.messages(in: queue) ?? 0) > 0 {
            let text = try await inspection.take(queue, most: 1)?.first?.text ?? ""
            full.append(.init(queue: queue, text: text))
        }
        return full
    }
}
