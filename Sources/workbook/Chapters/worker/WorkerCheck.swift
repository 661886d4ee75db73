import AMQPClient

/// Chapter 2: a worker, killed in mid-task, and the program that hands out tasks.
struct WorkerCheck: ProgramCheck {
    let inspection: Inspection

    /// Of different lengths, and one that any byte can stand in. The third is the marker: a program that acknowledges twice
    /// has done so with the first two.
    static let tasks = ["Task 1.", "Task 2, für später..", "Task 3"]

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        TaskJudge(log: await inspection.producerEnded(run)).findings
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        guard let queue = await inspection.consumerBegan() else { return [] }
        let isThere = inspection.log.refusals.isEmpty
        if isThere {
            for task in Self.tasks { try await inspection.publish(task, key: queue) }
            await inspection.until(inspection.pace.longestDot * 6) { log in
                log.handed.count { !$0.settlements.isEmpty } >= Self.tasks.count || !log.refusals.isEmpty
                    || run.hasEnded
            }
        }
        let findings = WorkerJudge(shortestTask: inspection.pace.shortestDot, log: inspection.log).findings
        run.kill()
        guard isThere else { return findings }
        let isEarly = findings.contains { $0.isWrong && $0.title == WorkerJudge.early }
        return findings + [try await killAtTask(queue, isEarly: isEarly)]
    }

    /// - Parameter isEarly: it acknowledges first, so its ack is waited for
    private func killAtTask(_ queue: String, isEarly: Bool) async throws -> Finding {
        let point = Point(
            "loses nothing when it is killed",
            why: "The program told the broker to forget the task, by no-ack or by an ack before the work.",
            see: .workerRun)
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
        guard
            await inspection.until(
                inspection.pace.begin,
                { $0.consumptions(of: run.number).contains(where: \.isGranted) || run.hasEnded }), !run.hasEnded
        else { return point.finding(inspection.log.missing, "Started again, it did not consume.\(run.printed)") }
        try await inspection.publish(task, key: queue)
        func delivery() -> WireLog.Handed? { inspection.log.handed.first { $0.body == task } }
        guard await inspection.until(inspection.pace.begin, { _ in delivery() != nil }), let handed = delivery() else {
            return point.finding(inspection.log.missing, "Started again, it took no task.")
        }
        let isAcked = await inspection.until(isEarly ? inspection.pace.begin : inspection.pace.moment) { _ in
            delivery()?.acks.isEmpty == false
        }
        // Killed before its early ack it would lose nothing, and seem to be right.
        if isEarly, !isAcked { throw Inspection.CannotJudge.silent(run) }
        // The ack has been seen on its way to the broker: an answer of the broker's gives it the time to take it.
        if isEarly { _ = try await inspection.consumers(of: queue) }
        let killedAt = inspection.watch.now
        run.kill()
        // With its consumer gone, what it had is in the queue again, or nowhere.
        try await inspection.eventually(inspection.pace.begin) {
            try await (inspection.consumers(of: queue) ?? 0) == 0
        }
        let back = try await inspection.take(queue)?.first { $0.text == task }
        let story = "A task was delivered at \(handed.place.time) ms, and the program was killed at \(killedAt) ms"
        return point.finding(
            back != nil,
            back.map { "\(story): it is in the queue again, redelivered: \($0.redelivered ? "yes" : "no")." }
                ?? "\(story): it is nowhere.")
    }
}
