import AMQPClient

/// Chapter 2: a worker, killed in mid-task, and the program that hands out tasks.
struct WorkerCheck: ProgramCheck {
    static let declares = true

    let inspection: Inspection

    /// Of different lengths, and one that any byte can stand in. The third is the marker: a program that acknowledges twice
    /// has done so with the first two.
    static let tasks = ["Task 1.", "Task 2, für später..", "Task 3"]

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        TaskJudge(log: await inspection.producerEnded(run)).findings
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        guard let queue = await inspection.awaitConsumer() else { return [] }
        let isThere = inspection.log.refusals.isEmpty
        if isThere {
            for task in Self.tasks { try await inspection.publish(task, key: queue) }
            await inspection.until(orQuietFor: inspection.pace.longestDot * 6) { log in
                log.handed.count { !$0.settlements.isEmpty } >= Self.tasks.count || !log.refusals.isEmpty
                    || run.hasEnded
            }
            try await inspection.sendMore(to: run) { number in
                try await inspection.publish("Task \(Self.tasks.count + number)", key: queue)
            }
        }
        let judge = WorkerJudge(shortestTask: inspection.pace.shortestDot, log: inspection.log)
        let findings = judge.findings
        run.kill()
        guard isThere else { return findings }
        await inspection.until(inspection.pace.begin) { $0.isAway(run.number) }
        // One that doesn't stay has a point of its own.
        let stays = inspection.log.leaves(run.number) == nil
        return findings + [try await killAtTask(queue, isEarly: judge.isEarly, stays: stays)]
    }

    /// Why it gets no task, now that it was started again; nil: it consumes.
    private func absence(
        of run: Subject.Run, stays: Bool, _ point: (_ why: String) -> Point
    ) async -> Finding? {
        func hasConsumed(_ log: WireLog) -> Bool { log.consumptions(of: run.number).contains(where: \.isGranted) }
        await inspection.until(inspection.pace.begin) { hasConsumed($0) || run.hasEnded }
        if hasConsumed(inspection.log), !run.hasEnded { return nil }
        return point("A worker that does not come back does no more work.").finding(
            stays ? inspection.log.missing : .notSeen,
            "Started again, it did not consume, or not for long.\(run.printed)")
    }

    /// - Parameters:
    ///   - isEarly: it acknowledges first, so its ack is waited for
    ///   - stays: it did not end by itself when it was started first
    private func killAtTask(_ queue: String, isEarly: Bool, stays: Bool) async throws -> Finding {
        func point(_ why: String = "") -> Point {
            Point("loses nothing when it is killed", why: why, see: .workerRun)
        }
        // What the killed program had goes back to the queue before its consumer does, and must not be taken for what
        // comes.
        try await inspection.eventually(inspection.pace.begin) {
            try await (inspection.consumers(of: queue) ?? 0) == 0
        }
        _ = try await inspection.take(queue)
        let run = try await inspection.start()
        defer { run.kill() }
        // Longer than anything below is waited for: on a busy machine a moment may take seconds, and with its work done
        // in the meantime the program would seem to have lost the task.
        let task = "Task in which it dies" + String(repeating: ".", count: 600)
        if let finding = await absence(of: run, stays: stays, point) { return finding }
        try await inspection.publish(task, key: queue)
        func delivery() -> WireLog.Handed? { inspection.log.handed.first { $0.body == task } }
        await inspection.until(inspection.pace.begin) { _ in delivery() != nil || run.hasEnded }
        guard let handed = delivery() else {
            return point("A worker that takes nothing does no more work.").finding(
                stays && !inspection.log.mayAskAgain(run.number) ? inspection.log.missing : .notSeen,
                "Started again, it took no task.\(run.printed)")
        }
        let isAcked = await inspection.until(isEarly ? inspection.pace.begin : inspection.pace.moment) { _ in
            delivery()?.acks.isEmpty == false
        }
        // Killed before its early ack it would lose nothing, and seem to be right.
        if isEarly, !isAcked { return point().finding(.notSeen, "Started again, it did not acknowledge early.") }
        // The ack has been seen on its way to the broker: an answer of the broker's gives it the time to take it.
        if isEarly { _ = try await inspection.consumers(of: queue) }
        let killedAt = inspection.watch.now
        run.kill()
        // With its consumer gone, what it had is in the queue again, or nowhere.
        await inspection.until(inspection.pace.begin) { $0.isAway(run.number) }
        try await inspection.eventually(inspection.pace.begin) {
            try await (inspection.consumers(of: queue) ?? 0) == 0
        }
        var back = try await inspection.take(queue)?.first { $0.text == task }
        // One that asks with basic.get is no consumer: nothing but the task itself tells that the broker has it back.
        if back == nil, !handed.isNoAck, !isAcked, inspection.log.consumptions(of: run.number).contains(where: \.isGet)
        {
            try await inspection.eventually(inspection.pace.answer) {
                back = try await inspection.take(queue)?.first { $0.text == task }
                return back != nil
            }
        }
        let isQueueThere = try await inspection.consumers(of: queue) != nil
        let story = "A task was delivered at \(handed.place.time) ms, and the program was killed at \(killedAt) ms"
        return point(WorkerJudge.whyLost(inspection.log.declaration(of: queue)?.method, isQueueThere)).finding(
            back != nil,
            back.map { "\(story): it is in the queue again, redelivered: \($0.redelivered ? "yes" : "no")." }
                ?? "\(story): afterwards it was in no queue.")
    }
}
