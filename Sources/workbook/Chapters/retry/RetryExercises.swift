import AMQPClient
import AMQPWire

/// The exercise of chapter 9 that a program can tell.
enum RetryExercises {
    /// 9.2: dead jobs get another three attempts.
    @Sendable static func bringsBack(_ inspection: Inspection) async throws -> [Finding] {
        let channel = try await inspection.openChannel()
        for queue in ["jobs", "jobs.retry", "jobs.dead"] {
            try await channel.declareQueue(queue, durable: true, arguments: arguments(of: queue))
        }
        let death: FieldTable = ["queue": "jobs", "reason": "rejected", "count": .int64(2)]
        try await inspection.publish(
            "Boom!", key: "jobs.dead",
            properties: BasicProperties(headers: ["x-death": .array([.table(death)]), "attempts": .int32(3)]))
        let run = try await inspection.start()
        defer { run.kill() }
        await inspection.until(inspection.pace.begin) { log in run.hasEnded || !log.published.isEmpty }
        await inspection.until(inspection.pace.answer) { log in
            run.hasEnded || log.handed.contains { !$0.settlements.isEmpty }
        }
        let left = try await inspection.take("jobs.dead")?.count ?? 0
        // What was seen on its way to a queue is there a moment later.
        var jobs: [Delivery] = []
        try await eventually(inspection.pace.answer) {
            jobs += try await inspection.take("jobs") ?? []
            return !jobs.isEmpty || run.hasEnded
        }
        let back = jobs.first
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
