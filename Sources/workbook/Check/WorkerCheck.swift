import AMQPClient

/// Chapter 2: a worker, killed in mid-task, and the program that hands out tasks.
struct WorkerCheck {
    let stage: Rehearsal

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        TaskJudge(log: await stage.producerEnded(run)).findings
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        guard let queue = stage.log.consumptions.first?.queue else { return [] }
        await stage.until(stage.pace.answer) { log in
            !log.refusals.isEmpty || log.consumptions.contains(where: \.isGranted)
        }
        let isThere = stage.log.refusals.isEmpty
        for number in 1...3 where isThere { try await stage.publish("Task \(number).", key: queue) }
        // The third is the marker: whoever acknowledges twice has done so with the first two.
        if isThere {
            await stage.until(stage.pace.longestDot * 6) { log in
                log.handed.count { !$0.acks.isEmpty } >= 3 || !log.refusals.isEmpty
            }
        }
        let findings = WorkerJudge(shortestTask: stage.pace.shortestDot, log: stage.log).findings
        run.kill()
        guard isThere else { return findings }
        let isEarly = findings.contains { !$0.isGood && $0.title == WorkerJudge.early }
        return findings + [try await killed(queue, isEarly: isEarly)]
    }

    /// - Parameter isEarly: it acknowledges first, so its ack is waited for
    private func killed(_ queue: String, isEarly: Bool) async throws -> Finding {
        let point = Point(
            "loses nothing when it is killed",
            why: "The broker forgot the task, because it was told so: by no-ack, or by an ack before the work.",
            see: .workerRun)
        // What the killed program had goes back to the queue before its consumer does, and must not be taken for what
        // comes.
        try await eventually(stage.pace.answer) { try await (stage.consumers(of: queue) ?? 0) == 0 }
        _ = try await stage.take(queue)
        let count = stage.log.connected.count
        let run = try await stage.start()
        defer { run.kill() }
        let task = "Task in which it dies" + String(repeating: ".", count: 60)
        guard
            await stage.until(
                stage.pace.begin, { $0.consumptions.contains { $0.place.connection > count && $0.isGranted } })
        else { return point.finding(false, "Started again, it did not consume.\(run.printed)") }
        try await stage.publish(task, key: queue)
        func delivery() -> WireLog.Handed? { stage.log.handed.first { $0.body == task } }
        guard await stage.until(stage.pace.answer, { _ in delivery() != nil }), let handed = delivery() else {
            return point.finding(false, "Started again, it took no task.")
        }
        await stage.until(isEarly ? stage.pace.answer : stage.pace.moment) { _ in delivery()?.acks.isEmpty == false }
        let killedAt = stage.watch.now
        run.kill()
        // With its consumer gone, what it had is in the queue again, or nowhere.
        try await eventually(stage.pace.answer) { try await (stage.consumers(of: queue) ?? 0) == 0 }
        let back = try await stage.take(queue)?.first { $0.text == task }
        let story = "A task was delivered at \(handed.place.time) ms, and the program was killed at \(killedAt) ms"
        return point.finding(
            back != nil,
            back.map { "\(story): it is in the queue again, redelivered: \($0.redelivered ? "yes" : "no")." }
                ?? "\(story): it is nowhere.")
    }
}

/// Judges a worker by what can be seen without killing it.
///
/// A program may only be judged by what it shows: a worker that acknowledges before the work looks like a very fast one.
/// So the tasks are given a length, and an acknowledgement that comes much too early is taken for what it is.
struct WorkerJudge {
    static let early = "acknowledges after the work"

    /// How long the shortest task must take, in milliseconds.
    let shortestTask: Int64
    let log: WireLog

    var findings: [Finding] {
        guard let consumption = log.consumptions.first else { return [] }
        let all = [
            durable(consumption), acknowledges(consumption), afterTheWork(consumption), once, prefetch(consumption),
        ]
        return all.compactMap { $0 }
    }

    private func durable(_ consumption: WireLog.Consumption) -> Finding {
        TaskJudge.durable(log, consumption.queue, before: consumption.place)
    }

    private func acknowledges(_ consumption: WireLog.Consumption) -> Finding {
        let title = "acknowledges its tasks"
        if consumption.method.noAck {
            return Point(
                title,
                why: "Each task counts as done the moment it is sent to the worker: if it dies, the task is lost.",
                see: .workerRun
            ).finding(false, "basic.consume at \(consumption.place.time) ms with no-ack.")
        }
        // On a channel that the broker has closed, it could not: why it was closed is another finding.
        let missing = log.handed.filter { $0.settlements.isEmpty && !log.isRefused($0.place.connection) }
        return Point(
            title,
            why: "The broker must keep what is unacknowledged, and hands all of it out again when the worker ends.",
            see: .workerBreak
        ).finding(
            missing.isEmpty,
            missing.first.map { "'\($0.body)' was delivered at \($0.place.time) ms, and no basic.ack came." }
                ?? "\(log.handed.count) deliveries, each with a basic.ack.")
    }

    private func afterTheWork(_ consumption: WireLog.Consumption) -> Finding? {
        func took(_ handed: WireLog.Handed) -> Int64 { (handed.acks.first?.place.time ?? .max) - handed.place.time }
        let quickest = log.handed.filter { !$0.acks.isEmpty }.min { took($0) < took($1) }
        guard !consumption.method.noAck, let quickest else { return nil }
        let isGood = took(quickest) >= shortestTask
        return Point(
            Self.early,
            why: "If the worker dies after the ack and before the end of the work, the task is lost.", see: .workerBreak
        ).finding(
            isGood,
            "basic.ack \(took(quickest)) ms after '\(quickest.body)' was delivered"
                + (isGood ? "." : ", which takes at least \(shortestTask) ms."))
    }

    private var once: Finding? {
        guard let twice = log.handed.first(where: { $0.acks.count > 1 }) else { return nil }
        return Point(
            "acknowledges each task once",
            why: "The second closes the channel, and a worker that doesn't notice just goes quiet.", see: .workerBreak
        ).finding(
            false,
            "Two basic.ack for delivery tag \(twice.tag), at \(twice.acks[0].place.time) and \(twice.acks[1].place.time) ms"
                + "\(log.refusal(on: twice.place.connection)).")
    }

    private func prefetch(_ consumption: WireLog.Consumption) -> Finding? {
        consumption.method.noAck ? nil : Self.prefetch(log, consumption)
    }

    /// Also what the server of chapter 6 should do, which is a worker.
    static func prefetch(_ log: WireLog, _ consumption: WireLog.Consumption) -> Finding {
        let point = Point(
            "limits its prefetch before it consumes",
            why:
                "Without a limit a worker gets every task by turn, and sits on them while others are idle. A limit set "
                + "later is for later consumers.", see: .workerPredict)
        guard let limit = log.limits.first(where: { $0.method.prefetchCount > 0 }) else {
            return point.finding(false, "No basic.qos with a prefetch-count was seen.")
        }
        let text = "basic.qos with prefetch-count \(limit.method.prefetchCount) at \(limit.place.time) ms"
        let isBefore = limit.place < consumption.place
        return point.finding(
            isBefore, "\(text), \(isBefore ? "before" : "after") basic.consume at \(consumption.place.time) ms.")
    }
}

/// Judges a program that hands out tasks.
struct TaskJudge {
    let log: WireLog

    var findings: [Finding] {
        guard let first = log.published.first else { return [] }
        let bad = log.published.first { $0.properties.deliveryMode != 2 }
        let persistent = Point(
            "makes its tasks persistent",
            why: "A durable queue comes back after a restart of the broker, but empty.", see: .workerRead
        ).finding(
            bad == nil,
            bad.map {
                "A message at \($0.place.time) ms with delivery-mode "
                    + ($0.properties.deliveryMode.map { "\($0)." } ?? "not set.")
            } ?? "\(log.published.count) with delivery-mode 2.")
        return [
            Self.durable(log, first.key, before: first.place), persistent, log.saysGoodbye(first.place.connection),
        ]
    }

    static func durable(_ log: WireLog, _ queue: String, before place: WireLog.Place) -> Finding {
        let title = "declares its queue durable"
        guard let declared = log.declaration(of: queue) else {
            return Point(
                title,
                why:
                    "Whoever comes first makes the queue; if nobody does, a task is dropped, and consuming is an error.",
                see: .helloRead
            ).finding(false, "No queue.declare of '\(queue)' was seen, which it used at \(place.time) ms.")
        }
        let isDurable = declared.method.durable
        return Point(
            title, why: "When the broker restarts, the queue is gone, and every task in it.", see: .workerRead
        ).finding(
            isDurable,
            "queue.declare of '\(queue)' at \(declared.place.time) ms, durable: \(isDurable ? "yes" : "no").")
    }
}
