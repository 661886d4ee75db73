import AMQPClient
import AMQPWire

/// Chapter 6: a server that gets good and bad questions, and a client that gets somebody else's answer before its own.
struct RPCCheck {
    let stage: Rehearsal

    // MARK: The server

    /// The eighth Fibonacci number.
    private static let markersAnswer = "21"

    /// A question of the check's, and what became of it.
    struct Probe: Sendable {
        var question: String
        /// Empty: it has no correlation id, and no reply-to either.
        var correlationID: String
        var answer: String?
        /// A good question behind it was answered.
        var isSurvived = false
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        guard let queue = stage.log.consumptions.first?.queue else { return [] }
        await stage.until(stage.pace.answer) { log in
            !log.refusals.isEmpty || log.consumptions.contains(where: \.isGranted)
        }
        let channel = try await stage.openChannel()
        let replies = try await channel.declareQueue(exclusive: true).name
        try await ask("5", "check-good", queue, replies)
        try await ask("6", "check-second", queue, replies)
        await stage.until(stage.pace.answer) { log in
            log.published.count(where: \.isWhole) >= 2 && log.handed.prefix(2).allSatisfy { !$0.settlements.isEmpty }
                || !log.refusals.isEmpty || run.hasEnded
        }
        let good = stage.log
        var current = run
        var probes: [Probe] = []
        for (number, probe) in [("abc", "check-rubbish"), ("-1", "check-negative"), ("7", "")].enumerated() {
            if current.hasEnded || stage.log.isDisconnected(stage.log.connected.count)
                || !(probes.last?.isSurvived ?? true)
            {
                current.kill()
                current = try await restart(queue)
            }
            probes.append(
                try await survives(
                    Probe(question: probe.0, correlationID: probe.1), number, queue, replies, current))
        }
        current.kill()
        run.kill()
        return RPCServerJudge(log: good, replies: replies, probes: probes).findings
    }

    private func ask(_ question: String, _ id: String, _ queue: String, _ replies: String) async throws {
        let properties =
            id.isEmpty
            ? BasicProperties() : BasicProperties(correlationID: try ShortString(id), replyTo: try ShortString(replies))
        try await stage.publish(question, key: queue, properties: properties)
    }

    private func survives(
        _ probe: Probe, _ number: Int, _ queue: String, _ replies: String, _ run: Subject.Run
    ) async throws -> Probe {
        var probe = probe
        let marker = "check-marker-\(number)"
        let before = stage.log.disconnected.count
        func answers() -> [WireLog.Published] { stage.log.published.filter(\.isWhole) }
        let count = answers().count
        try await ask(probe.question, probe.correlationID, queue, replies)
        try await ask("8", marker, queue, replies)
        // The server takes them in turn: when the second is answered, the first is done with.
        await stage.until(stage.pace.answer) { log in
            answers().count >= count + 2 || answers().contains { $0.properties.correlationID?.text == marker }
                || run.hasEnded
                || log.disconnected.count > before
        }
        for reply in answers()[count...] {
            let id = reply.properties.correlationID?.text
            // A server that forgets the correlation id answers all the same.
            if id == marker || id == nil && reply.body == Self.markersAnswer {
                probe.isSurvived = true
            } else if id == probe.correlationID || id == nil {
                probe.answer = reply.body
            }
        }
        return probe
    }

    /// Another server, with nothing left to do for it.
    private func restart(_ queue: String) async throws -> Subject.Run {
        try await eventually(stage.pace.answer) { try await (stage.consumers(of: queue) ?? 0) == 0 }
        _ = try await stage.take(queue)
        let count = stage.log.connected.count
        let run = try await stage.start()
        await stage.until(stage.pace.begin) { log in
            run.hasEnded || log.consumptions.contains { $0.place.connection > count && $0.isGranted }
        }
        return run
    }

    // MARK: The client

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        // The first run only shows where it asks, and as what: nobody is there yet who would answer.
        guard let first = stage.log.published.first, first.exchange.isEmpty else {
            return RPCClientJudge(log: stage.log, printed: [], isOver: nil).findings
        }
        await stage.until(stage.pace.answer) { $0.published.contains(where: \.isWhole) }
        run.kill()
        await stage.until(stage.pace.answer) { $0.isDisconnected(1) }
        let channel = try await stage.openChannel()
        if try await stage.consumers(of: first.key) == nil { try await channel.declareQueue(first.key) }
        _ = try await stage.take(first.key)

        let second = try await stage.start()
        await stage.until(stage.pace.begin) { log in
            second.hasEnded || log.published.contains { $0.place.connection > 1 && $0.isWhole }
        }
        // As a server gets it: the broker puts the whole name into a direct reply-to.
        var asked: Delivery?
        try await eventually(stage.pace.answer) {
            asked = try await stage.take(first.key)?.first
            return asked != nil || second.hasEnded
        }
        if let asked, let to = asked.properties.replyTo {
            let own = asked.properties.correlationID
            for (id, text) in [("workbook-check", RPCClientJudge.foreign), (own, RPCClientJudge.answer)] {
                try await stage.publish(text, key: to.text, properties: BasicProperties(correlationID: id))
            }
        }
        await stage.until(stage.pace.answer) { _ in second.hasEnded }
        let printed = second.lastLines()
        second.kill()

        // And now nobody answers.
        _ = try await stage.take(first.key)
        let third = try await stage.start()
        let isOver = await eventually(stage.pace.givesUp) { third.hasEnded }
        third.kill()
        return RPCClientJudge(log: stage.log, printed: printed, isOver: isOver).findings
    }
}

struct RPCServerJudge {
    /// Up to the two good questions.
    let log: WireLog
    let replies: String
    let probes: [RPCCheck.Probe]

    var findings: [Finding] {
        guard let consumption = log.consumptions.first else { return [] }
        return [
            log.declares(
                consumption.queue, before: consumption.place,
                Point(
                    "declares its queue first",
                    why: "A client can only ask where a queue is; a question to no queue is dropped.", see: .helloRead)),
            WorkerJudge.prefetch(log, consumption), repliesToReplyTo, sameID, acknowledgesAfterwards(consumption),
        ] + probes.map(survived)
    }

    private var repliesToReplyTo: Finding {
        let other = log.published.first { $0.key != replies || !$0.exchange.isEmpty }
        return Point(
            "sends its answers to reply-to",
            why:
                "reply-to names the queue of the one who asked. Through the default exchange the answer gets there, and "
                + "nowhere else.", see: .rpcRead
        ).finding(
            other == nil && log.published.count >= 2,
            log.published.isEmpty
                ? "Two questions with reply-to '\(replies)', and no answer."
                : other.map {
                    "Reply-to was '\(replies)'; basic.publish at \($0.place.time) ms to exchange '\($0.exchange)', routing "
                        + "key '\($0.key)'."
                } ?? "\(log.published.count) answers to '\(replies)', through the default exchange.")
    }

    private var sameID: Finding {
        let asked = log.handed.prefix(2).compactMap { $0.properties.correlationID?.text }
        let answered = log.published.map { $0.properties.correlationID?.text ?? "none" }
        return Point(
            "sends the correlation id back as it came",
            why: "By it the client knows which question this answers. Without it, the client passes the answer over.",
            see: .rpcRead
        ).finding(
            asked == answered,
            "Asked with \(asked.joined(separator: ", ")), answered with \(answered.joined(separator: ", ")).")
    }

    private func acknowledgesAfterwards(_ consumption: WireLog.Consumption) -> Finding {
        let point = Point(
            "acknowledges after it has answered",
            why:
                "If it dies between the ack and the answer, nobody answers. The other way round the question is asked again.",
            see: .rpcRead)
        if consumption.method.noAck {
            return point.finding(false, "basic.consume at \(consumption.place.time) ms with no-ack.")
        }
        guard let asked = log.handed.first, let ack = asked.settlements.first else {
            return point.finding(false, "No basic.ack was seen.")
        }
        let answer = log.published.first
        return point.finding(
            answer.map { $0.place < ack.place } ?? false,
            "Asked at \(asked.place.time) ms, answered at \(answer.map { "\($0.place.time) ms" } ?? "no time"), basic.ack at "
                + "\(ack.place.time) ms, \(answer.map { $0.place < ack.place } == true ? "after" : "before") the answer."
        )
    }

    private func survived(_ probe: RPCCheck.Probe) -> Finding {
        let isAnonymous = probe.correlationID.isEmpty
        let name = isAnonymous ? "a question without reply-to" : "the question '\(probe.question)'"
        let seen =
            isAnonymous ? "" : probe.answer.map { " It was answered with '\($0)'." } ?? " It was not answered itself."
        return Point(
            "survives \(name)",
            why:
                "A server that crashes leaves the question unacknowledged: it goes to the next server, and crashes that one. "
                + "A bad question gets an answer too, or its client waits for nothing.", see: .rpcRead
        ).finding(
            probe.isSurvived && (isAnonymous || probe.answer != nil),
            "The question behind it was \(probe.isSurvived ? "answered" : "not answered").\(seen)")
    }
}

struct RPCClientJudge {
    /// The answer to a question that somebody else asked.
    static let foreign = "424242424242"
    static let answer = "832040832040"

    let log: WireLog
    /// What it printed when it got a foreign answer, and its own behind it.
    let printed: [String]
    /// It ended when no answer came; nil when that was not tried.
    let isOver: Bool?

    var findings: [Finding] {
        guard let first = log.published.first else { return [] }
        let asked = Point(
            "asks through the default exchange",
            why: "The server reads a queue, and the default exchange knows it by its name.",
            see: .rpcRead
        ).finding(
            first.exchange.isEmpty,
            "basic.publish at \(first.place.time) ms to exchange '\(first.exchange)', routing key '\(first.key)'.")
        guard let isOver else { return [asked] }
        return [
            asked, ownQueue(first), uniqueID, ignoresOthers,
            Point(
                "gives up when no answer comes",
                why:
                    "A server may be down, or crash. Whoever calls over a network needs a timeout, and has to decide what to "
                    + "do then.", see: .rpcBreak
            ).finding(isOver, isOver ? "Nobody answered, and it ended." : "Nobody answered, and it was still waiting."),
        ]
    }

    private func ownQueue(_ first: WireLog.Published) -> Finding {
        let point = Point(
            "asks for the answer in a queue of its own",
            why: "What two clients read from one queue goes to either of them: one gets the other's answers.",
            see: .rpcRead)
        guard let name = first.properties.replyTo?.text else {
            return point.finding(false, "basic.publish at \(first.place.time) ms without reply-to.")
        }
        if name.hasPrefix("amq.rabbitmq.reply-to") {
            return point.finding(true, "reply-to '\(name)': direct reply-to, which needs no queue.")
        }
        let declared = log.queues.first { $0.name == name }
        let isOwn = declared?.method.exclusive == true
        return point.finding(
            isOwn,
            "reply-to '\(name)', "
                + (declared.map { "declared at \($0.place.time) ms, exclusive: \(isOwn ? "yes" : "no")." }
                    ?? "which it did not declare."))
    }

    private var uniqueID: Finding {
        let ids = log.published.filter(\.isWhole).map { $0.properties.correlationID?.text }
        let known = ids.compactMap { $0 }
        let shown = ids.map { $0 ?? "none" }.joined(separator: ", ")
        return Point(
            "uses a correlation id that nobody else has",
            why:
                "Answers may come late, and twice. Only an id of its own tells the answer to this question from another's.",
            see: .rpcRead
        ).finding(
            ids.count == known.count && Set(known).count == known.count && !known.isEmpty,
            "Started \(ids.count) times: \(shown).")
    }

    private var ignoresOthers: Finding {
        let text = printed.joined(separator: " | ")
        return Point(
            "passes over answers to other questions",
            why: "Anybody may write to its queue, and an answer may come late. Compare the correlation id.",
            see: .rpcRead
        ).finding(
            text.contains(Self.answer) && !text.contains(Self.foreign),
            "Answer \(Self.foreign) with a foreign id, then \(Self.answer) with its own. It printed: \(text)")
    }
}
