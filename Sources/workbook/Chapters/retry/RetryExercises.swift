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
            properties: BasicProperties(
                contentType: "text/plain",
                headers: ["x-death": .array([.table(death)]), "shop": "42"],
                deliveryMode: 2, messageID: "job-1"))
        let run = try await inspection.start()
        defer { run.kill() }
        await inspection.until(inspection.pace.begin) { log in run.hasEnded || !log.published.isEmpty }
        await inspection.until(inspection.pace.answer) { log in
            run.hasEnded || log.handed.contains { !$0.settlements.isEmpty }
        }
        let left = try await inspection.take("jobs.dead")?.count ?? 0
        // What was seen on its way to a queue is there a moment later.
        var jobs: [Delivery] = []
        try await inspection.eventually(inspection.pace.answer) {
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
                why: "With it the worker counts on from where it stopped, and parks the job at once.",
                see: .retryRead
            ).finding(
                back != nil && back?.properties.headers?["x-death"] == nil,
                back?.properties.headers?["x-death"] == nil ? "No x-death." : "x-death is still there."),
            Point(
                "and takes it away from 'jobs.dead'", why: "Otherwise it comes back each time.", see: .retryRead
            ).finding(left == 0, "\(left) in 'jobs.dead'."),
        ] + (back.map { [keepsAll($0), losesNothing(inspection.log)] } ?? [])
    }

    /// All but `x-death` is the job's own.
    private static func keepsAll(_ job: Delivery) -> Finding {
        let properties = job.properties
        let lost = [
            (properties.deliveryMode == 2, "delivery-mode 2"), (properties.messageID == "job-1", "message-id"),
            (properties.contentType == "text/plain", "content-type"),
            (properties.headers?["shop"] == "42", "the header 'shop'"),
        ].filter { !$0.0 }.map(\.1)
        return Point(
            "keeps the job's other properties, and that it is persistent",
            why: "The worker needs them, and a broker that restarts forgets what is not persistent.",
            see: .retryRead
        ).finding(lost.isEmpty, lost.isEmpty ? "All are there." : "Lost: \(enumerated(lost)).")
    }

    /// First the job is safe in one queue, then it leaves the other.
    static func losesNothing(_ log: WireLog) -> Finding {
        let point = Point(
            "acknowledges when the broker has confirmed the job, and not before",
            why: "If it is killed in between, the job is nowhere. Twice is better than never.", see: .retryRead)
        if log.handed.contains(where: \.isNoAck) {
            return point.finding(false, "It took the job with no-ack: it was gone before it was published.")
        }
        guard let publish = log.published.first, let ack = log.handed.first?.settlements.first?.place else {
            return point.finding(false, "It has not acknowledged anything.")
        }
        // A transaction is another way: it ends with both, or with neither.
        let commit = log.others.first { $0.method.id == TxCommit.id && publish.place < $0.place }?.place
        if let commit, commit < ack || ack.isBeside(publish.place) {
            return point.finding(true, "tx.commit at \(commit.time) ms.")
        }
        let confirm = log.confirms.first { $0.place.isBeside(publish.place) && !$0.isNack }?.place
        let seen =
            "basic.publish at \(publish.place.time) ms, "
            + (confirm.map { "its confirm at \($0.time) ms, " } ?? "no confirm, ") + "basic.ack at \(ack.time) ms."
        return point.finding(confirm.map { $0 < ack } ?? false, seen)
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
