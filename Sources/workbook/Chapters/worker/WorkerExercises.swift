import AMQPWire

/// The exercises of chapter 2.
enum WorkerExercises {
    /// 2.2: says so when a task comes again.
    @Sendable static func again(_ inspection: Inspection) async throws -> [Finding] {
        // A minute of work: it is killed in the middle of it, however slow the machine.
        let task = "A very long task" + String(repeating: ".", count: 60)
        let first = try await inspection.start()
        defer { first.kill() }
        guard await inspection.until(inspection.pace.begin, { !$0.consumptions.isEmpty || first.hasEnded }),
            !first.hasEnded
        else {
            throw Inspection.CannotJudge.silent(first)
        }
        try await inspection.publish(task, key: "task_queue")
        await inspection.until(inspection.pace.answer) { _ in first.lastLines().contains { $0.contains(task) } }
        first.kill()

        let second = try await inspection.start()
        defer { second.kill() }
        await inspection.until(inspection.pace.begin) { _ in second.lastLines().contains { $0.contains(task) } }
        let isAgain = { (line: String) in line == " [x] Again" }
        let says = Point(
            "prints ' [x] Again' for a task that is redelivered",
            why: "Another worker may have begun it already. Doing it twice must do no harm, or be noticed.",
            see: .workerRun)
        let quiet = Point(
            "and not for one that is new", why: "A line that always comes says nothing.", see: .workerRun)
        return [
            says.finding(
                second.lastLines().contains(where: isAgain),
                "The second worker printed: \(Subject.shown(second.lastLines()))"),
            quiet.finding(
                !first.lastLines().contains(where: isAgain),
                "The first worker printed: \(Subject.shown(first.lastLines()))"),
        ]
    }

    /// 2.3: what is bad is dropped, what is for later goes back.
    @Sendable static func refuses(_ inspection: Inspection) async throws -> [Finding] {
        let run = try await inspection.start()
        defer { run.kill() }
        guard await inspection.until(inspection.pace.begin, { !$0.consumptions.isEmpty || run.hasEnded }), !run.hasEnded
        else {
            throw Inspection.CannotJudge.silent(run)
        }
        // The good one comes behind the bad one; when it is settled, so is the other, or never.
        try await inspection.publish("a bad task", key: "task_queue")
        try await inspection.publish("a good task", key: "task_queue")
        await inspection.until(inspection.pace.answer) { log in
            log.handed.contains { $0.body == "a good task" && !$0.settlements.isEmpty } || run.hasEnded
        }
        let dropped = settlement(of: "a bad task", in: inspection.log)
        let good = settlement(of: "a good task", in: inspection.log)
        try await inspection.publish("do it later", key: "task_queue")
        await inspection.until(inspection.pace.answer) { log in
            let later = log.handed.filter { $0.body == "do it later" }
            return later.count > 1 || later.contains { $0.settlements.contains { $0.kind != .requeued } }
                || run.hasEnded
        }
        let later = settlement(of: "do it later", in: inspection.log)
        let drops = Point(
            "rejects a task with 'bad' for good", why: "If it is requeued, it comes back forever.", see: .workerRead)
        let returns = Point(
            "puts a task with 'later' back", why: "If it is acknowledged or dropped, it is never done.",
            see: .workerRead)
        let acks = Point("still acknowledges the others", why: "Otherwise they come again.", see: .workerBreak)
        return [
            drops.finding(dropped?.kind == .dropped, seen(dropped)),
            acks.finding(good?.kind == .ack, seen(good)),
            returns.finding(later?.kind == .requeued, seen(later)),
        ]
    }

    private static func settlement(of body: String, in log: WireLog) -> WireLog.Settlement? {
        log.handed.first { $0.body == body }?.settlements.first
    }

    private static func seen(_ settlement: WireLog.Settlement?) -> String {
        guard let settlement else { return "It was not settled." }
        let what =
            switch settlement.kind {
            case .ack: "basic.ack"
            case .dropped: "basic.reject or basic.nack, without requeue,"
            case .requeued: "basic.reject or basic.nack, with requeue,"
            }
        return "\(what) at \(settlement.place.time) ms."
    }
}
