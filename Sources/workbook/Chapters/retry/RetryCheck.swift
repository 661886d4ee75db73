import AMQPClient

/// Chapter 9: a job that fails each time, since it has a `!` in it.
struct RetryCheck: ProgramCheck {
    static let bad = "A job that fails forever!"
    static let good = "A job that can be done"
    /// More attempts than a program makes that gives up.
    static let tooMany = 30

    let inspection: Inspection

    static let leaps = true

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        try await WorkerCheck(inspection: inspection).producer(run)
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        guard await inspection.awaitConsumer() != nil else { return [] }
        // The step's role that looks through the jobs that were given up is no worker.
        let queue = await Self.workQueue(inspection)
        if RetryJudge.isDead(queue) { return try await HelloCheck(inspection: inspection).consumer(run) }
        try await inspection.publish(Self.bad, key: queue)
        try await inspection.publish(Self.good, key: queue)
        var parked: [RetryJudge.Parked] = []
        var leap: Int64 = 1000
        var beat = ContinuousClock.now
        await inspection.until(inspection.pace.givesUp) { log in
            let judge = RetryJudge(log: log, parked: [])
            parked = (try? await resting(in: judge.restingPlaces(but: queue))) ?? []
            if !parked.isEmpty || !judge.allParked.isEmpty || judge.isLoop || judge.isGone || run.hasEnded
                || !log.refusals.isEmpty
            {
                return true
            }
            // What waits in a room for its time to come is not waited for: the broker's clock leaps.
            if judge.isAway, (try? await waits(in: judge.waitingRooms(but: queue))) ?? nil != nil {
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
        await inspection.until(orQuietFor: inspection.pace.answer) { log in
            let judge = RetryJudge(log: log, parked: [])
            return judge.isLoop || run.hasEnded || !log.refusals.isEmpty
                || judge.isAway && log.handed.contains { $0.body == Self.good && $0.isSettled }
        }
        // Some settle the job first and then send it on.
        if parked.isEmpty {
            parked = try await resting(in: RetryJudge(log: inspection.log, parked: []).restingPlaces(but: queue))
        }
        var judge = RetryJudge(
            log: inspection.log, parked: parked, shortestSleep: inspection.pace.shortestSleep,
            shortestRest: inspection.pace.shortestRest)
        if judge.allParked.isEmpty {
            // This job, that is: the other one may wait there too.
            judge.waitsIn = try await resting(in: [queue] + judge.waitingRooms(but: queue)).first?.queue
        }
        return judge.findings
    }

    /// The queue that a program works on; it may also look through what was given up.
    static func workQueue(_ inspection: Inspection) async -> String {
        func isDead(_ log: WireLog) -> Bool { log.workQueue.map(RetryJudge.isDead) ?? true }
        await inspection.until(inspection.pace.moment) { !isDead($0) }
        return inspection.log.workQueue ?? ""
    }

    /// The first of these queues in which something lies.
    private func waits(in queues: [String]) async throws -> String? {
        for queue in queues where (try await inspection.messages(in: queue) ?? 0) > 0 { return queue }
        return nil
    }

    /// The queues in which a message lies, and what it says.
    private func resting(in queues: [String]) async throws -> [RetryJudge.Parked] {
        var full: [RetryJudge.Parked] = []
        for queue in queues where (try await inspection.messages(in: queue) ?? 0) > 0 {
            // The other job may lie there too: that is another finding.
            let texts = (try await inspection.take(queue) ?? []).map(\.text).filter { $0 != Self.good }
            if let text = texts.first { full.append(.init(queue: queue, text: text)) }
        }
        return full
    }
}
