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
            why: "The broker keeps unacknowledged tasks, and hands all of them out again when the worker ends.",
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
                "Without a limit a worker takes every task in its turn, and sits on them while others are idle. A "
                + "limit that is set later applies to later consumers.", see: .workerPredict)
        guard let limit = log.limits.first(where: { $0.method.prefetchCount > 0 }) else {
            return point.finding(false, "No basic.qos with a prefetch-count was seen.")
        }
        let text = "basic.qos with prefetch-count \(limit.method.prefetchCount) at \(limit.place.time) ms"
        let isBefore = limit.place < consumption.place
        return point.finding(
            isBefore, "\(text), \(isBefore ? "before" : "after") basic.consume at \(consumption.place.time) ms.")
    }
}
