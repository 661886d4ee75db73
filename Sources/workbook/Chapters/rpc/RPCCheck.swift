import AMQPClient
import AMQPWire

/// Chapter 6: a server that gets good and bad questions, and a client that gets somebody else's answer before its own.
struct RPCCheck: ProgramCheck {
    let inspection: Inspection

    /// A client does both: it consumes from a queue of its own first, and then it publishes, with reply-to.
    static func role(of run: Subject.Run, _ inspection: Inspection) async -> Check.Role? {
        await inspection.until(inspection.pace.begin) { log in
            !log.published.isEmpty || !log.consumptions.isEmpty || log.isOver(run.number)
        }
        let begun = inspection.log
        if begun.work == nil && begun.published.isEmpty { return nil }
        // A client that is about to ask has a queue that comes and goes; a server may say first that it is there.
        await inspection.until(begun.isBrief ? inspection.pace.answer : inspection.pace.moment) { log in
            log.isAsking || log.work?.queue == "rpc_queue" || !log.consumptions.isEmpty && !log.published.isEmpty
                || log.isOver(run.number)
        }
        return inspection.log.rpcRole
    }

    /// A client may ask first whether there is a server's queue.
    static func needs(_ log: WireLog) -> [String] { Set(log.missed.map(\.queue)).sorted() }

    /// Its client need not wait for long.
    static func hurry(_ role: String) -> [String] { role == "call" ? ["--timeout", "1"] : [] }

    // MARK: The server

    /// The eighth Fibonacci number.
    private static let markersAnswer = "21"

    /// A question that is no number.
    static let rubbish = "abc"

    /// A question of the check's, and what became of it.
    struct Probe: Sendable {
        var question: String
        /// Empty: it has no correlation id, and no reply-to either.
        var correlationID: String
        var answer: String?
        /// By its type or its headers, the answer is of another kind than one to a good question.
        var isMarked = false
        /// A good question behind it was answered.
        var isSurvived = false
        /// The time was up before that could show.
        var isUnseen = false
        /// The server has got it. If not: it had not done with what came before, or was not there any more.
        var isAsked = true
        /// The program's last lines, where it did not survive.
        var printed = ""
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        guard let queue = await inspection.awaitConsumer() else { return [] }
        let channel = try await inspection.openChannel()
        let replies = try await channel.declareQueue(exclusive: true).name
        let questions = RPCServerJudge.questions
        for question in questions { try await ask(question.text, question.id, queue, replies) }
        await inspection.until(orQuietFor: inspection.pace.answer) { log in
            log.answers(to: questions.map(\.id), replies).count >= questions.count
                && log.handed.prefix(questions.count).allSatisfy(\.isSettled)
                || !log.refusals.isEmpty || run.hasEnded
        }
        // The broker's answer to an ack too many comes a moment later.
        if inspection.log.handed.contains(where: { $0.isNoAck || $0.settlements.count > 1 }) {
            await inspection.until(inspection.pace.moment) { !$0.refusals.isEmpty || run.hasEnded }
        }
        try await inspection.sendMore(to: run) { try await ask("6", "check-more-\($0)", queue, replies) }
        let good = inspection.log
        var current = run
        var probes: [Probe] = []
        var isAsked = !RPCServerJudge(log: good, replies: replies, probes: []).isCutShort
        for (number, bad) in [(Self.rubbish, "check-rubbish"), ("-1", "check-negative"), ("7", "")].enumerated() {
            var probe = Probe(question: bad.0, correlationID: bad.1, isAsked: isAsked)
            defer { probes.append(probe) }
            guard isAsked else { continue }
            if current.hasEnded || inspection.log.isAway(current.number) || !(probes.last?.isSurvived ?? true) {
                current.kill()
                current = try await restart(queue)
            }
            probe = try await survives(probe, number, queue, replies, current)
            isAsked = probe.isAsked
        }
        current.kill()
        run.kill()
        return RPCServerJudge(log: good, replies: replies, probes: probes).findings
            + (queue == "rpc_queue"
                ? try await OtherRole(queue: queue, isDurable: false, inspection: inspection).findings : [])
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
        let count = inspection.log.published.count
        /// What it has answered since. It may publish other things too.
        func answers(_ log: WireLog) -> [WireLog.Published] {
            log.answers(to: [marker, probe.correlationID], replies, from: count)
        }
        try await ask(probe.question, probe.correlationID, queue, replies)
        try await ask("8", marker, queue, replies)
        // A server may take them in turn: when the second is answered, the first is done with. Or both at once.
        await inspection.until(orQuietFor: inspection.pace.answer) { log in
            answers(log).count >= 2 || answers(log).contains { $0.properties.correlationID?.text == marker }
                || run.hasEnded || log.isAway(run.number)
        }
        if !probe.correlationID.isEmpty {
            await inspection.until(inspection.pace.moment * 3) { log in
                answers(log).count >= 2 || run.hasEnded
            }
        }
        let log = inspection.log
        var (good, bad): (BasicProperties?, BasicProperties?)
        for reply in answers(log) {
            let id = reply.properties.correlationID?.text
            // A server that forgets the correlation id answers all the same.
            if id == marker || id == nil && reply.body == Self.markersAnswer {
                (probe.isSurvived, good) = (true, reply.properties)
            } else if id == probe.correlationID || id == nil {
                (probe.answer, bad) = (reply.body, reply.properties)
            }
        }
        if let good, let bad { probe.isMarked = good.type != bad.type || good.headers != bad.headers }
        let isYetToAsk = log.mayAskAgain(run.number) && !log.isGiven("8", marker, to: run.number)
        probe.isUnseen = (log.isOutOfTime || isYetToAsk) && !run.hasEnded
        // One that holds what it had before gets nothing else, and so shows nothing.
        probe.isAsked =
            run.hasEnded || log.isAway(run.number)
            || log.isGiven(probe.question, probe.correlationID, to: run.number)
            || log.handed(to: run.number).allSatisfy(\.isSettled)
        if !probe.isSurvived { probe.printed = run.printed }
        return probe
    }

    /// Another server, with nothing left to do for it.
    private func restart(_ queue: String) async throws -> Subject.Run {
        try await inspection.eventually(inspection.pace.answer) {
            try await (inspection.consumers(of: queue) ?? 0) == 0
        }
        _ = try await inspection.take(queue)
        let run = try await inspection.start()
        await inspection.until(inspection.pace.begin) { log in
            run.hasEnded || log.consumptions(of: run.number).contains(where: \.isGranted)
        }
        return run
    }

    // MARK: The client

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        // The first run only shows where it asks, and as what: nobody is there yet who would answer.
        guard inspection.log.question != nil else {
            let queue = inspection.log.consumptions.first?.queue ?? ""
            throw Inspection.CannotJudge(
                description:
                    "It consumes from '\(queue)', a queue of its own, and asked nothing: start it so that it asks a question."
            )
        }
        guard let first = inspection.log.question,
            let queue = first.exchange.isEmpty
                ? first.key : inspection.log.destinations(exchange: first.exchange, key: first.key)?.first
        else {
            return RPCClientJudge(log: inspection.log, printed: [], isOver: nil).findings
        }
        run.kill()
        await inspection.until(inspection.pace.answer) { $0.isAway(run.number) }
        let channel = try await inspection.openChannel()
        if try await inspection.consumers(of: queue) == nil { try await channel.declareQueue(queue) }
        _ = try await inspection.take(queue)

        let second = try await inspection.start()
        await inspection.until(inspection.pace.begin) { log in
            second.hasEnded || !log.published(by: second.number).isEmpty
        }
        try await answer(queue, second)
        let printed = second.lastLines()
        second.kill()

        // And now nobody answers.
        _ = try await inspection.take(queue)
        let third = try await inspection.start()
        let isOver = await inspection.until(inspection.pace.givesUp) { _ in third.hasEnded }
        third.kill()
        return RPCClientJudge(log: inspection.log, printed: printed, isOver: isOver).findings
    }

    /// Answers all that a client asks until it ends, and its first question with a foreign answer before that.
    private func answer(_ queue: String, _ run: Subject.Run) async throws {
        var isFirst = true
        try await inspection.eventually(inspection.pace.answer) {
            // As a server gets it: the broker puts the whole name into a direct reply-to.
            for asked in try await inspection.take(queue) ?? [] {
                guard let to = asked.properties.replyTo?.text else { continue }
                let own = asked.properties.correlationID
                if isFirst {
                    try await inspection.publish(
                        RPCClientJudge.foreign, key: to, properties: BasicProperties(correlationID: "workbook-check"))
                }
                try await inspection.publish(
                    RPCClientJudge.answer, key: to, properties: BasicProperties(correlationID: own))
                isFirst = false
            }
            return run.hasEnded
        }
    }
}
