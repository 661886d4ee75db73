import AMQPWire

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
        guard let consumption = log.work else { return [] }
        let all = [
            durable(consumption), acknowledges(consumption), afterTheWork(consumption), once, prefetch(consumption),
            besideOthers(consumption), longer, log.fails(consumption.place.run),
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
        if let refused = log.handed.first(where: { !$0.settlements.isEmpty && $0.acks.isEmpty }) {
            return Point(
                title, why: "A task that is refused for good is dropped, and one that is requeued comes back at once.",
                see: .workerRead
            ).finding(
                false,
                "'\(refused.body)' got \(refused.settlements[0].verb) at \(refused.settlements[0].place.time) ms.")
        }
        // On a channel that the broker has closed, it could not: why it was closed is another finding.
        let missing = log.handed.filter { !$0.isSettled && !log.isRefused($0.place.run) && !log.isBack($0) }
        if log.handed.isEmpty {
            return Point(title, why: "", see: .workerBreak).finding(.notSeen, "No task was delivered to it.")
        }
        if let unseen = log.settledNothing(consumption) {
            return Point(title, why: "", see: .workerBreak).finding(.notSeen, unseen)
        }
        return Point(
            title,
            why: "The broker keeps unacknowledged tasks, and hands all of them out again when the worker ends.",
            see: .workerBreak
        ).finding(
            missing.isEmpty ? .yes : log.unsettled(by: consumption.place.run),
            missing.first.map {
                "'\($0.body)' was delivered at \($0.place.time) ms, and no basic.ack came"
                    + "\(log.ending(of: consumption.place.run))."
            }
                ?? "\(counted(log.handed.count, "delivery", "deliveries")), each with a basic.ack.")
    }

    private func afterTheWork(_ consumption: WireLog.Consumption) -> Finding? {
        guard !consumption.method.noAck, let quickest else { return nil }
        let point = Point(
            Self.early,
            why: "If the worker dies after the ack and before the end of the work, the task is lost.", see: .workerBreak
        )
        let text = "basic.ack \(took(quickest)) ms after '\(quickest.body)' was delivered"
        if isEarly {
            return point.finding(
                false, text + ", which should take at least \(shortestTask) ms: a dot stands for work.")
        }
        if let rest = restOfWork {
            return point.finding(
                false,
                "'\(rest.none.body)' has no dots, and took \(took(rest.none)) ms; '\(rest.one.body)', one dot, took "
                    + "\(took(rest.one)) ms: the rest of a task was done after its ack.")
        }
        return point.finding(true, text + ".")
    }

    /// A task without a dot is no work.
    private var quickest: WireLog.Handed? {
        log.handed.filter { !$0.acks.isEmpty && dots($0) > 0 }.min { took($0) < took($1) }
    }

    /// It acknowledges a task before it can have done it.
    var isEarly: Bool { quickest.map { took($0) < shortestTask && !isInProportion } ?? false }

    /// With one task at a time the next comes with the ack, and its time begins with what is left of the work before it. After
    /// a part f of a dot's work w, one dot takes f·w, two take (1 + f)·w, and none takes the 2·(1 - f)·w that are left.
    private var restOfWork: (none: WireLog.Handed, one: WireLog.Handed)? {
        guard let (none, one, two) = byDots else { return nil }
        let work = took(two) - took(one)
        // Kept waiting by the machine for as long, a right one may look like it.
        guard work >= shortestTask, log.lost < work / 5 else { return nil }
        let part = Double(took(one)) / Double(work)
        let rest = 2 * (1 - part) * Double(work)
        return part < 0.8 && abs(Double(took(none)) - rest) < Double(work) / 5 ? (none, one) : nil
    }

    /// Of the tasks that came one at a time, those with no dot, one, and two.
    private var byDots: (none: WireLog.Handed, one: WireLog.Handed, two: WireLog.Handed)? {
        let done = log.handed.filter { $0.acks.count == 1 && !$0.redelivered && isAlone($0) }
        guard log.limits.contains(where: { $0.method.prefetchCount == 1 }),
            let one = done.first(where: { dots($0) == 1 }), let two = done.first(where: { dots($0) == 2 }),
            let none = done.first(where: { dots($0) == 0 })
        else { return nil }
        return (none, one, two)
    }

    /// Why a task is nowhere when its worker was killed.
    static func whyLost(_ declared: QueueDeclare?, _ isQueueThere: Bool) -> String {
        if !isQueueThere, let declared, declared.autoDelete || declared.exclusive {
            return declared.exclusive
                ? "The queue is exclusive: it was deleted with the program's connection, and everything in it with it."
                : "The queue is auto-delete: it was deleted with its last consumer, and everything in it with it."
        }
        return "The program told the broker to forget the task, by no-ack or by an ack before the work."
    }

    private func took(_ handed: WireLog.Handed) -> Int64 {
        (handed.acks.first?.place.time ?? .max) - handed.place.time
    }

    private func dots(_ handed: WireLog.Handed) -> Int { handed.body.count { $0 == "." } }

    /// The same, if it does one task after the other, whichever of them it has in hand.
    private func tookAlone(_ handed: WireLog.Handed) -> Int64 {
        guard let end = handed.acks.first?.place else { return .max }
        let before = log.handed.compactMap { $0.acks.first?.place }.filter { $0 < end }.map(\.time).max()
        return end.time - max(handed.place.time, before ?? 0)
    }

    /// A worker may be quick: what takes twice as long for two dots, and hardly any time for none, is the work.
    private var isInProportion: Bool { isInProportion(took) || isInProportion(tookAlone) }

    private func isInProportion(_ took: (WireLog.Handed) -> Int64) -> Bool {
        func first(_ count: Int) -> Int64? {
            log.handed.first { !$0.acks.isEmpty && dots($0) == count && !$0.redelivered }.map(took)
        }
        guard let none = first(0), let one = first(1), let two = first(2) else { return false }
        return one >= shortestTask / 8 && none < one / 2 && (one * 3 / 2...one * 4).contains(two)
    }

    /// Where tasks come one at a time, one of two dots takes longer than one of none. nil: so it did, or it did not show.
    private var longer: Finding? {
        guard let (none, one, two) = byDots else { return nil }
        // All three as long, and that is no accident: a slow machine makes some of them longer, and none shorter.
        let times = [none, one, two].map(took)
        guard let least = times.min(), let most = times.max(), least >= shortestTask, most < least * 5 / 4,
            log.lost < least / 2
        else { return nil }
        return Point(
            "works longer on a longer task", why: "A dot stands for a second of work.", see: .workerRun
        ).finding(
            false,
            "It took \(times[0]) ms for '\(none.body)', \(times[1]) ms for '\(one.body)' and \(times[2]) ms for "
                + "'\(two.body)'.")
    }

    /// It came when the worker had nothing else in hand: who has several at once is only seen to be done with them.
    private func isAlone(_ handed: WireLog.Handed) -> Bool {
        !log.handed.contains { other in
            other.tag != handed.tag && other.place.time <= handed.place.time
                && other.settlements.first?.place.time ?? .max > handed.place.time
        }
    }

    /// nil: it does.
    private func besideOthers(_ consumption: WireLog.Consumption) -> Finding? {
        let point = Point(
            "works beside other workers", why: "Tasks are shared out so that more workers do more of them.",
            see: .workerRun)
        if consumption.method.exclusive {
            return point.finding(
                false,
                "basic.consume at \(consumption.place.time) ms is exclusive: the broker refuses another worker, with 403."
            )
        }
        if let emptied = log.empties(consumption.queue) {
            return point.finding(
                false,
                "\(emptied.verb) of '\(consumption.queue)' at \(emptied.place.time) ms: a worker that is started beside "
                    + "others throws away what they have not taken yet.")
        }
        guard let declared = log.declaration(of: consumption.queue) else { return nil }
        if declared.method.arguments["x-single-active-consumer"]?.bool == true {
            return point.finding(
                false,
                "queue.declare of '\(declared.name)' at \(declared.place.time) ms with x-single-active-consumer: as long as "
                    + "one worker is there, all others are idle.")
        }
        guard declared.method.exclusive else { return nil }
        return point.finding(
            false,
            "queue.declare of '\(declared.name)' at \(declared.place.time) ms is exclusive: the broker refuses every other "
                + "connection, with 405.")
    }

    private var once: Finding? {
        guard let twice = log.handed.first(where: { $0.settlements.count > 1 }) else { return nil }
        return Point(
            "acknowledges each task once",
            why: "The second closes the channel, and a worker that doesn't notice just goes quiet.", see: .workerBreak
        ).finding(
            false,
            "Delivery tag \(twice.tag) was settled twice, at \(twice.settlements[0].place.time) and "
                + "\(twice.settlements[1].place.time) ms\(log.refusal(of: twice.place.run)).")
    }

    private func prefetch(_ consumption: WireLog.Consumption) -> Finding? {
        consumption.method.noAck || consumption.isGet ? nil : Self.prefetch(log, consumption)
    }

    /// Also what the server of chapter 6 should do, which is a worker.
    static func prefetch(_ log: WireLog, _ consumption: WireLog.Consumption) -> Finding {
        let point = Point(
            "limits its prefetch before it consumes",
            why:
                "Without a limit a worker gets its share of all tasks at once, and sits on them while others are idle. A "
                + "limit that is set later applies to later consumers.", see: .workerPredict)
        let limits = log.limits.filter { $0.method.prefetchCount > 0 }
        guard let limit = limits.first(where: { $0.place.isBeside(consumption.place) }) ?? limits.first else {
            return point.finding(
                false,
                log.limits.first.map {
                    "basic.qos at \($0.place.time) ms with prefetch-count 0, which means no limit."
                } ?? "No basic.qos with a prefetch-count was seen.")
        }
        if !limit.place.isBeside(consumption.place) {
            return point.finding(
                false,
                "basic.qos at \(limit.place.time) ms on channel \(limit.place.channel), basic.consume at "
                    + "\(consumption.place.time) ms on channel \(consumption.place.channel): a limit counts on its own channel only."
            )
        }
        let text = "basic.qos with prefetch-count \(limit.method.prefetchCount) at \(limit.place.time) ms"
        let isBefore = limit.place < consumption.place
        // One for the channel as a whole counts from the moment it is set.
        return point.finding(
            isBefore || limit.method.global,
            "\(text), \(isBefore ? "before" : "after") basic.consume at \(consumption.place.time) ms.")
    }
}
