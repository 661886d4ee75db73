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
        if self.judge(inspection.log).isRest(queue) {
            return try await HelloCheck(inspection: inspection).consumer(run)
        }
        try await inspection.publish(Self.bad, key: queue)
        try await inspection.publish(Self.good, key: queue)
        await inspection.until(orQuietFor: inspection.pace.answer / 2) { log in
            log.handed.contains(where: \.isSettled) || !log.refusals.isEmpty || run.hasEnded
        }
        try await inspection.sendMore(to: run) { _ in try await inspection.publish(Self.good, key: queue) }
        var parked = try await watch(run, queue)
        // The other job is done with too, and this one: some send it on before they settle it.
        await inspection.until(orQuietFor: inspection.pace.answer) { log in
            let judge = self.judge(log)
            return judge.isLoop || run.hasEnded || !log.refusals.isEmpty
                || judge.isAway && log.handed.contains { $0.body == Self.good && $0.isSettled }
        }
        // Some settle the job first and then send it on.
        if parked.isEmpty { parked = try await resting(in: self.judge(inspection.log).restingPlaces(but: queue)) }
        var judge = self.judge(inspection.log, parked)
        if judge.allParked.isEmpty {
            // This job, that is: the other one may wait there too.
            judge.waitsIn = try await resting(in: [queue] + judge.waitingRooms(but: queue)).first?.queue
        }
        return judge.findings
    }

    private func judge(_ log: WireLog, _ parked: [RetryJudge.Parked] = []) -> RetryJudge {
        RetryJudge(
            log: log, parked: parked, shortestSleep: inspection.pace.shortestSleep,
            shortestRest: inspection.pace.shortestRest)
    }

    /// Until the failed job lies where it stays, or is gone, or goes round and round: where it lies.
    private func watch(_ run: Subject.Run, _ queue: String) async throws -> [RetryJudge.Parked] {
        var parked: [RetryJudge.Parked] = []
        var (leap, attempts): (Int64?, Int) = (nil, 0)
        var beat = ContinuousClock.now
        await inspection.until(inspection.pace.givesUp) { log in
            let judge = self.judge(log)
            parked = (try? await resting(in: judge.restingPlaces(but: queue))) ?? []
            // What seems to be gone may be sent on a moment later.
            let silence = log.silence(since: log.lastDeed ?? log.now)
            let isGone = judge.isGone && silence >= inspection.pace.moment.milliseconds
            if !parked.isEmpty || !judge.allParked.isEmpty || judge.isLoop || isGone || run.hasEnded
                || !log.refusals.isEmpty
            {
                return true
            }
            if attempts != judge.attempts.count { (leap, attempts) = (nil, judge.attempts.count) }
            // What waits in a room for its time to come is not waited for: the broker's clock leaps.
            if judge.isAway, let room = (try? await waits(in: judge.waitingRooms(but: queue))) ?? nil {
                // No further than it takes: a room may have an end too.
                let next = leap ?? judge.rest(in: room) ?? 1000
                inspection.time.leap(next)
                leap = min(next * 2, 1 << 32)
            }
            if .now - beat > .seconds(1) {
                inspection.watch.interference.beat()
                beat = .now
            }
            return false
        }
        return parked
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
