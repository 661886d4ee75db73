import AMQPClient
import AMQPWire

/// What chapters 3, 4, 5 and 8 ask of the program that listens: a queue of its own, bound before it consumes, that goes
/// when it goes. Two copies run at once: what the one gets, the other must get too.
struct SubscriberCheck {
    /// A message for the program.
    struct Probe: Sendable {
        var key: String
        var body: String
        var headers: FieldTable?
        /// The program asked for such messages.
        var isWanted = true
    }

    let inspection: Inspection
    let type: String

    /// - Parameter probes: what to send, by what the program has bound
    func run(_ first: Subject.Run, probes: (WireLog) -> [Probe]) async throws -> SubscriberJudge {
        await began(1)
        let second = try await inspection.start()
        defer { second.kill() }
        await inspection.until(inspection.pace.begin) { log in
            log.consumptions.contains { $0.place.connection > 1 } || second.hasEnded
                || log.refusals.contains { $0.place.connection > 1 }
        }
        let other = inspection.log.connected.map(\.connection).max() ?? 2
        await began(other)
        let log = inspection.log
        let exchange = log.bindings.first?.method.exchange.text ?? log.exchanges.first?.name ?? ""
        let sent = probes(log)
        for probe in sent + [marker(log)].compactMap({ $0 }) {
            try await inspection.publish(
                probe.body, exchange: exchange, key: probe.key, properties: BasicProperties(headers: probe.headers))
        }
        if let marker = marker(log) {
            await inspection.until(inspection.pace.answer) { log in
                let shown = [1, other].filter { connection in
                    log.handed(to: connection).contains { $0.body == marker.body } || log.isDisconnected(connection)
                        || log.isRefused(connection)
                }
                // A queue for both hands the marker to one of them.
                let isShared = Set(log.consumptions.map(\.queue)).count < log.consumptions.count
                return shown.count == (isShared ? 1 : 2)
            }
        }
        // A program that acknowledges has done so for all but the last, or does it now.
        await inspection.until(inspection.pace.moment) { log in
            !log.refusals.isEmpty
                || log.consumptions.first.map { consumption in
                    !consumption.method.noAck && log.handed.allSatisfy { !$0.acks.isEmpty }
                } == true
        }
        let seen = inspection.log
        first.kill()
        second.kill()
        let queue = seen.consumptions.first?.queue ?? ""
        var isLeft = false
        try await eventually(inspection.pace.answer) {
            let count = try await inspection.consumers(of: queue)
            isLeft = count != nil
            return (count ?? 0) == 0
        }
        return SubscriberJudge(type: type, log: seen, other: other, exchange: exchange, sent: sent, isQueueLeft: isLeft)
    }

    /// Goes to the first queue last: what was sent to it before has come before it, or not at all.
    private func marker(_ log: WireLog) -> Probe? {
        log.bindings.first { $0.place.connection == 1 }.map { binding in
            let headers = binding.method.arguments.fields.filter { !$0.name.text.hasPrefix("x-") }
            return Probe(
                key: log.exchanges.first?.method.type == "topic" ? TopicCheck.key(for: binding.key) : binding.key,
                body: "Check: the last",
                headers: headers.isEmpty ? nil : FieldTable(headers))
        }
    }

    /// Waits until the broker has granted what the program of this connection asked for, or not.
    private func began(_ connection: Int) async {
        await inspection.until(inspection.pace.answer) { log in
            log.isRefused(connection) || log.isDisconnected(connection)
                || log.consumptions.contains { $0.place.connection == connection && $0.isGranted }
        }
        // Some bind too late.
        await inspection.until(inspection.pace.moment) { log in
            let bindings = log.bindings.filter { $0.place.connection == connection }
            return log.isRefused(connection) || !bindings.isEmpty && bindings.allSatisfy(\.isGranted)
        }
    }
}

struct SubscriberJudge {
    let type: String
    let log: WireLog
    /// The connection of the second copy.
    let other: Int
    let exchange: String
    let sent: [SubscriberCheck.Probe]
    /// The queue was still there when both copies had gone.
    let isQueueLeft: Bool

    func findings(_ see: Paragraph) -> [Finding] {
        guard let consumption = log.consumptions.first else { return [] }
        return [
            log.declares(
                exchange: exchange, type: type,
                before: log.bindings.first { $0.place.connection == 1 }?.place ?? consumption.place, see),
            bound(consumption), own(consumption), vanishes(consumption), log.settlesOnce(consumption),
        ]
    }

    private func bound(_ consumption: WireLog.Consumption) -> Finding {
        let point = Point(
            "binds its queue before it consumes",
            why:
                "A queue gets what comes after it is bound, and nothing without a binding. A program that says it is "
                + "waiting before it has bound its queue misses messages.", see: .pubsubRead)
        guard let binding = log.bindings.first(where: { $0.place.connection == 1 && $0.queue == consumption.queue })
        else {
            return point.finding(
                false,
                "basic.consume of '\(consumption.queue)' at \(consumption.place.time) ms, and no queue.bind of it.")
        }
        return point.finding(
            binding.place < consumption.place,
            "queue.bind at \(binding.place.time) ms, basic.consume at \(consumption.place.time) ms.")
    }

    private func own(_ consumption: WireLog.Consumption) -> Finding {
        let point = Point(
            "has a queue of its own",
            why:
                "A message in a queue goes to one consumer: two that share a queue share its messages. Leave "
                + "the name to the broker, and each copy has its own.", see: .pubsubPicture)
        let name = consumption.queue
        let second = log.consumptions.first { $0.place.connection == other }
        if log.isRefused(other) || second == nil, !log.isRefused(1) {
            return point.finding(
                false, "It consumes from '\(name)'; a second copy of it could not consume\(log.refusal(on: other)).")
        }
        return point.finding(
            second?.queue != name,
            second?.queue == name
                ? "Two copies of it both consume from '\(name)', so each message went to one of them."
                : "Two copies of it consume from '\(name)' and '\(second?.queue ?? "")'.")
    }

    private func vanishes(_ consumption: WireLog.Consumption) -> Finding {
        let declared = log.declaration(of: consumption.queue)
        let kind = declared.map {
            $0.method.exclusive ? ", exclusive" : $0.method.autoDelete ? ", auto-delete" : ", not exclusive"
        }
        return Point(
            "its queue vanishes with it",
            why: "A queue that no program reads fills up for ever. An exclusive queue is deleted with its connection.",
            see: .pubsubRead
        ).finding(
            !isQueueLeft,
            "Queue '\(consumption.queue)'\(kind ?? ""): "
                + (isQueueLeft ? "after both copies were killed it was still there." : "gone after it was killed."))
    }

    /// Nothing comes that was not asked for, and all that was.
    func selects(_ see: Paragraph) -> [Finding] {
        let bodies = Set(log.handed(to: 1).map(\.body))
        let unwanted = sent.filter { !$0.isWanted && bodies.contains($0.body) }
        let missing = sent.filter { $0.isWanted && !log.handed.map(\.body).contains($0.body) }
        func described(_ probe: SubscriberCheck.Probe) -> String {
            probe.headers.map { "headers \($0)" } ?? "routing key '\(probe.key)'"
        }
        return [
            Point(
                "gets what it asked for", why: "A message that matches no binding is dropped without an error.",
                see: see
            ).finding(
                missing.isEmpty,
                missing.first.map { "A message with \(described($0)) was emitted, and did not come." }
                    ?? "\(sent.count { $0.isWanted }) messages that it asked for, and each came."),
            Point(
                "lets the exchange choose",
                why:
                    "Messages that the program throws away were delivered all the same. The exchange can skip them.",
                see: see
            ).finding(
                unwanted.isEmpty,
                unwanted.first.map { "A message with \(described($0)), for which it never asked, was delivered to it." }
                    ?? "\(sent.count { !$0.isWanted }) messages for others, and none came."),
        ]
    }
}
