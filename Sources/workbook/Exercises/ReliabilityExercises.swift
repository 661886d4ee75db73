import AMQPClient
import AMQPWire

/// The exercises of chapters 7 and 9: what comes twice, what is refused, what is tried again.
enum ReliabilityExercises {
    /// 7.1: an order that comes twice is taken once.
    @Sendable static func takesOnce(_ stage: Rehearsal) async throws -> [Finding] {
        let run = try await stage.start()
        defer { run.kill() }
        await stage.until(stage.pace.begin) { log in log.consumptions.contains { $0.isGranted } || run.hasEnded }
        if run.hasEnded { throw Rehearsal.CannotJudge.silent(run) }
        // The last one comes behind the others: when it is printed, all has been.
        for (text, id) in [("A chair", "order-1"), ("A chair", "order-1"), ("A table", "order-2")] {
            try await stage.publish(text, key: "orders", properties: BasicProperties(messageID: try ShortString(id)))
        }
        await stage.until(stage.pace.answer) { _ in run.lastLines().contains { $0.contains("A table") } || run.hasEnded
        }
        let chairs = run.lastLines().count { $0.contains("A chair") }
        let seen = "It printed: \(run.lastLines().joined(separator: " | "))"
        let unsettled = stage.log.handed.first { $0.settlements.isEmpty && $0.body == "A chair" }
        return [
            Point(
                "prints an order with the same message-id once",
                why: "What was unconfirmed is sent again: at least once means sometimes twice.", see: .confirmsRead
            ).finding(chairs == 1, seen),
            Point(
                "and another one too", why: "An order passed over by mistake is lost.", see: .confirmsRead
            ).finding(run.lastLines().contains { $0.contains("A table") }, seen),
            Point(
                "acknowledges also what it passes over", why: "The broker would hand it out again.", see: .workerBreak
            ).finding(unsettled == nil, "\(stage.log.handed.count) deliveries."),
        ]
    }

    /// 7.4: a queue that refuses what it has no room for.
    @Sendable static func refusesTheSixth(_ stage: Rehearsal) async throws -> [Finding] {
        let run = try await stage.start()
        defer { run.kill() }
        await stage.until(stage.pace.begin) { log in
            run.hasEnded || !log.consumptions.isEmpty || log.declaration(of: "orders") != nil
        }
        let log = stage.log
        guard let declared = log.declaration(of: "orders") else { throw Rehearsal.CannotJudge.silent(run) }
        let limits = Point(
            "declares room for five orders, and refuses the sixth",
            why: "Without x-overflow the oldest is dropped, and its producer has a confirm for it.", see: .confirmsRead)
        let arguments = declared.method.arguments
        guard arguments["x-max-length"]?.integer == 5, arguments["x-overflow"]?.text == "reject-publish" else {
            return [
                limits.finding(
                    false, "queue.declare of 'orders' at \(declared.place.time) ms, without these two arguments.")
            ]
        }
        let channel = try await stage.openChannel()
        try await channel.selectConfirms()
        var answers: [String] = []
        // The declaration may be on its way still; a passive one is answered behind it.
        await stage.until(stage.pace.answer) { _ in (try? await stage.consumers(of: "orders")) != nil }
        for number in 1...6 {
            do throws(AMQPError) {
                try await channel.publishAndConfirm(Message("order \(number)"), routingKey: "orders", mandatory: true)
                answers.append("confirmed")
            } catch { answers.append(error.kind == .nacked ? "refused" : "returned") }
        }
        return [
            limits.finding(true, "queue.declare of 'orders' at \(declared.place.time) ms."),
            Point(
                "takes nothing from it", why: "A queue that is emptied is never full.", see: .confirmsRead
            ).finding(
                answers == Array(repeating: "confirmed", count: 5) + ["refused"],
                "Of six orders: \(answers.joined(separator: ", "))."),
        ]
    }

    /// 9.2: dead jobs get another three attempts.
    @Sendable static func bringsBack(_ stage: Rehearsal) async throws -> [Finding] {
        let channel = try await stage.openChannel()
        for queue in ["jobs", "jobs.retry", "jobs.dead"] {
            try await channel.declareQueue(queue, durable: true, arguments: arguments(of: queue))
        }
        let death: FieldTable = ["queue": "jobs", "reason": "rejected", "count": .int64(2)]
        try await stage.publish(
            "Boom!", key: "jobs.dead",
            properties: BasicProperties(headers: ["x-death": .array([.table(death)]), "attempts": .int32(3)]))
        let run = try await stage.start()
        defer { run.kill() }
        await stage.until(stage.pace.begin) { log in run.hasEnded || log.published.contains { $0.isWhole } }
        await stage.until(stage.pace.answer) { log in run.hasEnded || log.handed.contains { !$0.settlements.isEmpty } }
        let left = try await stage.take("jobs.dead")?.count ?? 0
        let back = try await stage.take("jobs")?.first
        return [
            Point(
                "brings the job back to 'jobs'", why: "There the worker finds it.", see: .retryRead
            ).finding(
                back != nil,
                back == nil ? "'jobs' is empty. \(run.printed)" : "'\(back?.text ?? "")' is in 'jobs'."),
            Point(
                "without the header x-death",
                why: "With it the worker counts on where it stopped, and parks it at once.",
                see: .retryRead
            ).finding(
                back != nil && back?.properties.headers?["x-death"] == nil,
                back?.properties.headers?["x-death"] == nil ? "No x-death." : "x-death is still there."),
            Point(
                "and takes it away from 'jobs.dead'", why: "Else it comes back each time.", see: .retryRead
            ).finding(left == 0, "\(left) in 'jobs.dead'."),
        ]
    }

    /// As the step's own programs declare them.
    private static func arguments(of queue: String) -> FieldTable {
        switch queue {
        case "jobs": ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs.retry"]
        case "jobs.retry":
            ["x-message-ttl": 1000, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs"]
        default: [:]
        }
    }
}
