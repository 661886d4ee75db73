import AMQPClient
import AMQPWire

/// Chapter 6: a server that gets good and bad questions, and a client that gets somebody else's answer before its own.
struct RPCCheck: ProgramCheck {
    let inspection: Inspection

    /// A client does both: it consumes from a queue of its own first, and then it publishes.
    static func role(of run: Subject.Run, _ inspection: Inspection) async -> Check.Role? {
        var role: Check.Role?
        await inspection.until(inspection.pace.begin) { log in
            if log.consumptions.first?.queue == "rpc_queue" {
                role = .consumer
            } else if !log.published.isEmpty {
                role = .producer
            }
            return role != nil || !log.consumptions.isEmpty || log.isOver(run)
        }
        if role == nil, !inspection.log.consumptions.isEmpty {
            // A client that is about to ask has a queue of its own; all else is a server, of another queue.
            let asks = inspection.log.hasOwnQueue
            let patience = asks ? inspection.pace.answer : inspection.pace.moment
            role = await inspection.until(patience) { !$0.published.isEmpty } || asks ? .producer : .consumer
        }
        return role
    }

    /// Its client need not wait for long.
    static func hurry(_ role: String) -> [String] { role == "call" ? ["--timeout", "1"] : [] }

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
        guard let queue = await inspection.consumerBegan() else { return [] }
        let channel = try await inspection.openChannel()
        let replies = try await channel.declareQueue(exclusive: true).name
        try await ask("5", "check-good", queue, replies)
        try await ask("6", "check-second", queue, replies)
        await inspection.until(inspection.pace.answer) { log in
            log.published.count >= 2 && log.handed.prefix(2).allSatisfy { !$0.settlements.isEmpty }
                || !log.refusals.isEmpty || run.hasEnded
        }
        let good = inspection.log
        var current = run
        var probes: [Probe] = []
        for (number, probe) in [("abc", "check-rubbish"), ("-1", "check-negative"), ("7", "")].enumerated() {
            if current.hasEnded || inspection.log.isDisconnected(inspection.log.connected.count)
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
        try await inspection.publish(question, key: queue, properties: properties)
    }

    private func survives(
        _ probe: Probe, _ number: Int, _ queue: String, _ replies: String, _ run: Subject.Run
    ) async throws -> Probe {
        var probe = probe
        let marker = "check-marker-\(number)"
        let before = inspection.log.disconnected.count
        func answers() -> [WireLog.Published] { inspection.log.published }
        let count = answers().count
        try await ask(probe.question, probe.correlationID, queue, replies)
        try await ask("8", marker, queue, replies)
        // The server takes them in turn: when the second is answered, the first is done with.
        await inspection.until(inspection.pace.answer) { log in
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
        try await eventually(inspection.pace.answer) { try await (inspection.consumers(of: queue) ?? 0) == 0 }
        _ = try await inspection.take(queue)
        let count = inspection.log.connected.count
        let run = try await inspection.start()
        await inspection.until(inspection.pace.begin) { log in
            run.hasEnded || log.consumptions.contains { $0.place.connection > count && $0.isGranted }
        }
        return run
    }

    // MARK: The client

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        // The first run only shows where it asks, and as what: nobody is there yet who would answer.
        guard let first = inspection.log.published.first, first.exchange.isEmpty else {
            return RPCClientJudge(log: inspection.log, printed: [], isOver: nil).findings
        }
        await inspection.until(inspection.pace.answer) { !$0.published.isEmpty }
        run.kill()
        await inspection.until(inspection.pace.answer) { $0.isDisconnected(1) }
        let channel = try await inspection.openChannel()
        if try await inspection.consumers(of: first.key) == nil { try await channel.declareQueue(first.key) }
        _ = try await inspection.take(first.key)

        let second = try await inspection.start()
        await inspection.until(inspection.pace.begin) { log in
            second.hasEnded || log.published.contains { $0.place.connection > 1 }
        }
        // As a server gets it: the broker puts the whole name into a direct reply-to.
        var asked: Delivery?
        try await eventually(inspection.pace.answer) {
            asked = try await inspection.take(first.key)?.first
            return asked != nil || second.hasEnded
        }
        if let asked, let to = asked.properties.replyTo {
            let own = asked.properties.correlationID
            for (id, text) in [("workbook-check", RPCClientJudge.foreign), (own, RPCClientJudge.answer)] {
                try await inspection.publish(text, key: to.text, properties: BasicProperties(correlationID: id))
            }
        }
        await inspection.until(inspection.pace.answer) { _ in second.hasEnded }
        let printed = second.lastLines()
        second.kill()

        // And now nobody answers.
        _ = try await inspection.take(first.key)
        let third = try await inspection.start()
        let isOver = await eventually(inspection.pace.givesUp) { third.hasEnded }
        third.kill()
        return RPCClientJudge(log: inspection.log, printed: printed, isOver: isOver).findings
    }
}
