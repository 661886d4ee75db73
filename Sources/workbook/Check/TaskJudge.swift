/// Judges a program that hands out tasks.
struct TaskJudge {
    let log: WireLog

    var findings: [Finding] {
        guard let first = log.errand else { return [] }
        let tasks = log.errands
        let bad = tasks.first { $0.properties.deliveryMode != 2 }
        let persistent = Point(
            "makes its tasks persistent",
            why: "A durable queue comes back after a restart of the broker, but empty.", see: .workerRead
        ).finding(
            bad == nil,
            bad.map {
                "A message at \($0.place.time) ms with delivery-mode "
                    + ($0.properties.deliveryMode.map { "\($0)." } ?? "not set.")
            } ?? "\(counted(tasks.count, "message")) with delivery-mode 2.")
        return [durable(first), persistent, log.saysGoodbye(first.place.run)]
            + [log.fails(first.place.run)].compactMap(\.self)
    }

    /// By its name, or through an exchange of its own that a queue is bound to.
    private func durable(_ first: WireLog.Published) -> Finding {
        let queues = log.destinations(exchange: first.exchange, key: first.key)
        if let queue = queues?.sorted().first {
            return dropped(by: queue) ?? Self.durable(log, queue, before: first.place)
        }
        // Which queues its workers bind is not seen here.
        return Point(Self.title, why: "", see: .workerRead).finding(.notSeen, log.unknownWay(first))
    }

    /// A task that was published before there was its queue, and not again. nil: there is none.
    private func dropped(by queue: String) -> Finding? {
        guard let declared = log.declaration(of: queue)?.place else { return nil }
        let early = log.errands.first { task in
            task.place < declared && log.destinations(exchange: task.exchange, key: task.key)?.contains(queue) == true
                && !log.published.contains { declared < $0.place && $0.body == task.body }
        }
        return early.map { task in
            Point(
                "declares its queue before it publishes",
                why: "A message for a queue that doesn't exist is dropped without an error.", see: .helloRead
            ).finding(
                false,
                "basic.publish at \(task.place.time) ms, and queue.declare of '\(queue)' at \(declared.time) ms.")
        }
    }

    private static let title = "declares its queue durable"

    static func durable(_ log: WireLog, _ queue: String, before place: WireLog.Place) -> Finding {
        guard let declared = log.declaration(of: queue) else {
            return Point(
                title,
                why:
                    "The first program creates the queue. Without it, a task is dropped, and consuming is an error.",
                see: .helloRead
            ).finding(
                false,
                log.queues.contains { $0.name == queue }
                    ? "It used '\(queue)' at \(place.time) ms, and had only asked whether it is there (a passive queue.declare)."
                    : "No queue.declare of '\(queue)' was seen, but the program used it at \(place.time) ms.")
        }
        let isDurable = declared.method.durable
        return Point(
            title, why: "When the broker restarts, the queue is gone, and every task in it.", see: .workerRead
        ).finding(
            isDurable,
            "queue.declare of '\(queue)' at \(declared.place.time) ms, durable: \(isDurable ? "yes" : "no").")
    }
}
