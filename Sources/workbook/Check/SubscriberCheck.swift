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
        await awaitConsumer(first)
        let second = try await inspection.start()
        defer { second.kill() }
        await inspection.until(inspection.pace.begin) { log in
            !log.consumptions(of: second.number).isEmpty || second.hasEnded || log.isRefused(second.number)
        }
        await awaitConsumer(second)
        let log = inspection.log
        let exchange = log.subscriptions(to: type).first?.exchange ?? log.exchanges.first?.name ?? ""
        let sent = probes(log)
        let marker = marker(log)
        func publish(_ probe: Probe) async throws {
            try await inspection.publish(
                probe.body, exchange: exchange, key: probe.key, properties: BasicProperties(headers: probe.headers))
        }
        for probe in sent + [marker].compactMap({ $0 }) { try await publish(probe) }
        if let marker { await awaitMarker(marker, at: [first.number, second.number]) }
        // A program that acknowledges has done so for all but the last, or does it when it has done its work.
        if log.consumptions.contains(where: { !$0.method.noAck }) {
            await inspection.until(orQuietFor: inspection.pace.answer) { log in
                !log.refusals.isEmpty || log.handed.allSatisfy(\.isSettled)
            }
        } else {
            await inspection.until(inspection.pace.moment) { !$0.refusals.isEmpty }
        }
        if let marker {
            try await inspection.sendMore(to: first) { _ in try await publish(marker) }
        }
        first.kill()
        second.kill()
        let seen = inspection.log
        let queue = seen.listening(to: type)?.queue ?? ""
        var isLeft = false
        try await inspection.eventually(inspection.pace.answer) {
            let count = try await inspection.consumers(of: queue)
            isLeft = count != nil
            return (count ?? 0) == 0
        }
        return SubscriberJudge(type: type, log: seen, exchange: exchange, sent: sent, isQueueLeft: isLeft)
    }

    /// Waits until the last message has come to both, or to one of them where they share a queue.
    private func awaitMarker(_ marker: Probe, at runs: [Int]) async {
        await inspection.until(orQuietFor: inspection.pace.answer, { $0.deeds + $0.handed.count }) { log in
            let shown = runs.filter { run in
                log.handed(to: run).contains { $0.body == marker.body } || log.isAway(run) || log.isRefused(run)
            }
            let isShared = Set(log.consumptions.map(\.queue)).count < log.consumptions.count
            return shown.count >= (isShared ? 1 : 2)
        }
    }

    /// Goes to the first queue last: what was sent to it before has come before it, or not at all.
    private func marker(_ log: WireLog) -> Probe? {
        log.subscriptions(to: type).first.map { binding in
            let headers = binding.method.arguments.fields.filter { !$0.name.text.hasPrefix("x-") }
            let type = log.declaration(ofExchange: binding.exchange)?.method.type.text
            return Probe(
                key: type == "topic" || binding.exchange == "amq.topic"
                    ? TopicCheck.key(for: binding.key) : binding.key,
                body: "Check: the last",
                headers: headers.isEmpty ? nil : FieldTable(headers))
        }
    }

    /// Waits until the broker has granted what the program asked for, or not.
    private func awaitConsumer(_ run: Subject.Run) async {
        let number = run.number
        await inspection.until(inspection.pace.answer) { log in
            log.isRefused(number) || run.hasEnded || log.consumptions(of: number).contains(where: \.isGranted)
        }
        // Some bind too late, and of some the broker says nothing.
        await inspection.until(inspection.pace.moment) { log in
            let bindings = log.bindings(of: number)
            return log.isRefused(number)
                || !bindings.isEmpty && bindings.allSatisfy { $0.isGranted && !$0.method.noWait }
        }
    }
}

struct SubscriberJudge {
    let type: String
    let log: WireLog
    let exchange: String
    let sent: [SubscriberCheck.Probe]
    /// The queue was still there when both copies had gone.
    let isQueueLeft: Bool

    func findings(_ see: Paragraph) -> [Finding] {
        guard let consumption = log.listening(to: type) else { return [] }
        return [
            log.declares(
                exchange: exchange, type: type,
                before: log.subscriptions(to: type).first?.place ?? consumption.place, see),
            bound(consumption), own(consumption), vanishes(consumption), log.settlesOnce(consumption),
        ] + [log.fails(1)].compactMap(\.self)
    }

    private func bound(_ consumption: WireLog.Consumption) -> Finding {
        let point = Point(
            "binds its queue before it consumes",
            why:
                "A queue gets what comes after it is bound, and nothing without a binding. A program that says it is "
                + "waiting before it has bound its queue misses messages.", see: .pubsubRead)
        guard let binding = log.bindings(of: 1).first(where: { $0.queue == consumption.queue })
        else {
            return point.finding(
                false,
                "\(consumption.verb) of '\(consumption.queue)' at \(consumption.place.time) ms, and no queue.bind of it."
            )
        }
        return point.finding(
            binding.place < consumption.place,
            "queue.bind at \(binding.place.time) ms, \(consumption.verb) at \(consumption.place.time) ms.")
    }

    private func own(_ consumption: WireLog.Consumption) -> Finding {
        let point = Point(
            "has a queue of its own",
            why:
                "A message in a queue goes to one consumer: two that share a queue share its messages. Leave "
                + "the name to the broker, and each copy has its own.", see: .pubsubPicture)
        let name = consumption.queue
        let exchange = log.subscriptions(to: type).first?.exchange
        let others = log.consumptions(of: 2)
        let theirs = Set(log.bindings(of: 2).filter { $0.exchange == exchange }.map(\.queue))
        guard let second = others.first(where: { theirs.contains($0.queue) }) ?? others.first, !log.isRefused(2) else {
            return point.finding(
                log.isRefused(2) && !log.isRefused(1) || log.life(2)?.status != nil ? .no : log.missing,
                "It consumes from '\(name)'; a second copy of it could not consume\(log.refusal(of: 2))."
                    + Subject.printed(log.life(2)?.lines ?? []))
        }
        return point.finding(
            second.queue != name,
            second.queue == name
                ? "Two copies of it both consume from '\(name)', so each message went to one of them."
                : "Two copies of it consume from '\(name)' and '\(second.queue)'.")
    }

    private func vanishes(_ consumption: WireLog.Consumption) -> Finding {
        let declared = log.declaration(of: consumption.queue)?.method
        let point = Point(
            "its queue vanishes with it",
            why: "A queue that no program reads fills up forever. An exclusive queue is deleted with its connection.",
            see: .pubsubRead)
        if isQueueLeft, let after = declared?.arguments["x-expires"]?.integer {
            return point.finding(
                true, "Queue '\(consumption.queue)' is deleted when it has not been used for \(after) ms (x-expires).")
        }
        let kind = declared.map { $0.exclusive ? ", exclusive" : $0.autoDelete ? ", auto-delete" : ", not exclusive" }
        return point.finding(
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
                missing.isEmpty ? .yes : log.mayAskAgain(1) ? .notSeen : log.missing,
                missing.first.map { "A message with \(described($0)) was emitted, and did not arrive." }
                    ?? "\(counted(sent.count(where: \.isWanted), "message")) that it asked for, and each arrived."),
            Point(
                "lets the exchange choose",
                why:
                    "Messages that the program throws away were delivered all the same. The exchange can skip them.",
                see: see
            ).finding(
                unwanted.isEmpty,
                unwanted.first.map { "A message with \(described($0)), for which it never asked, was delivered to it." }
                    ?? "\(counted(sent.count { !$0.isWanted }, "message")) for others, and none arrived."),
        ]
    }
}
