import AMQPClient

/// Chapter 7: a publisher whose confirms come late, are refusals, or never come, because the connection is cut.
struct ConfirmsCheck: ProgramCheck {
    let inspection: Inspection

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        let findings = try await HelloCheck(inspection: inspection).consumer(run)
        guard let consumption = inspection.log.consumptions.first else { return findings }
        return findings + [TaskJudge.durable(inspection.log, consumption.queue, before: consumption.place)]
    }

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        // The first run meets the broker as it is: no queue, unless the program declares one.
        let first = await inspection.producerEnded(run)
        await inspection.until(inspection.pace.answer) { _ in run.hasEnded }
        guard let published = first.published.first else { return [] }
        let alone = ConfirmsJudge.Act(run, inspection.log, connection: 0)
        run.kill()
        let channel = try await inspection.openChannel()
        if published.exchange.isEmpty, try await inspection.consumers(of: published.key) == nil {
            try await channel.declareQueue(published.key, durable: true)
        }
        var findings = [ConfirmsJudge.selects(alone), ConfirmsJudge.noticesReturn(alone)]
        // Without having asked it has nothing to wait for; without waiting it has ended before anything can go wrong.
        guard findings[0].isGood else { return findings }
        findings.append(ConfirmsJudge.waits(try await delay()))
        guard findings[2].isGood else { return findings }
        findings.append(ConfirmsJudge.noticesRefusal(try await refuse()))
        findings.append(ConfirmsJudge.survivesCut(try await cut()))
        return findings
    }

    private func next() async throws -> (Subject.Run, connection: Int) {
        let connection = inspection.log.connected.count
        let run = try await inspection.start()
        await inspection.until(inspection.pace.begin) { log in
            run.hasEnded || log.published.contains { $0.place.connection > connection }
        }
        return (run, connection)
    }

    /// A program that waits is still there a moment after its last publish.
    private func delay() async throws -> ConfirmsJudge.Act {
        inspection.watch.interference.set(.hold)
        let (run, connection) = try await next()
        await inspection.until(inspection.pace.moment) { log in
            run.hasEnded || log.farewells.contains { $0.connection > connection }
        }
        let act = ConfirmsJudge.Act(run, inspection.log, connection: connection)
        inspection.watch.interference.release()
        await inspection.until(inspection.pace.answer) { _ in run.hasEnded }
        run.kill()
        return act
    }

    private func refuse() async throws -> ConfirmsJudge.Act {
        inspection.watch.interference.set(.refuseOne)
        let (run, connection) = try await next()
        await inspection.until(inspection.pace.answer) { _ in run.hasEnded }
        defer { run.kill() }
        return ConfirmsJudge.Act(run, inspection.log, connection: connection)
    }

    private func cut() async throws -> ConfirmsJudge.Act {
        inspection.watch.interference.set(.hold)
        let (run, connection) = try await next()
        inspection.watch.interference.cut()
        await inspection.until(inspection.pace.answer) { _ in run.hasEnded }
        defer { run.kill() }
        return ConfirmsJudge.Act(run, inspection.log, connection: connection)
    }
}

/// Judges a publisher, one thing at a time.
enum ConfirmsJudge {
    /// One run of the program, and what was seen of it.
    struct Act: Sendable {
        var published: [WireLog.Published]
        var log: WireLog
        var status: Int32?
        var printed: [String]
        /// Its connections have greater numbers than this.
        var connection: Int

        init(_ run: Subject.Run, _ log: WireLog, connection: Int) {
            published = log.published.filter { $0.place.connection > connection }
            (self.log, self.connection) = (log, connection)
            (status, printed) = (run.status(), run.lastLines())
        }

        var farewell: WireLog.Place? { log.farewells.first { $0.connection > connection } }
        var bodies: [String] { published.map(\.body) }
        /// It failed, or said that something was wrong.
        func says(_ words: [String]) -> Bool {
            if let status, status != 0 { return true }
            return printed.contains { line in words.contains { line.lowercased().contains($0) } }
        }
        var end: String {
            let text = status.map { "It ended with status \($0)" } ?? "It did not end"
            return printed.isEmpty ? "\(text)." : "\(text), and printed: \(printed.joined(separator: " | "))"
        }
    }

    static func selects(_ act: Act) -> Finding {
        let point = Point(
            "asks for confirms before it publishes",
            why:
                "basic.publish has no answer. Only after confirm.select does the broker say of each message that it has it.",
            see: .confirmsRead)
        guard let select = act.log.confirmSelects.first, let first = act.published.first else {
            return point.finding(false, "No confirm.select was seen.")
        }
        return point.finding(
            select < first.place, "confirm.select at \(select.time) ms, basic.publish at \(first.place.time) ms.")
    }

    static func noticesReturn(_ act: Act) -> Finding {
        let point = Point(
            "notices when no queue takes its message",
            why:
                "A message that no queue takes is confirmed all the same: the broker has dealt with it. Only a "
                + "mandatory one comes back.", see: .confirmsBreak)
        if let first = act.published.first(where: { !$0.method.mandatory }) {
            return point.finding(false, "basic.publish at \(first.place.time) ms, not mandatory.")
        }
        guard let back = act.log.returned.first else {
            return point.finding(true, "\(act.published.count) messages, all mandatory.")
        }
        return point.finding(
            act.says(["return", "no_route", "unrout", "312"]),
            "basic.return of a message with routing key '\(back.key)' at \(back.place.time) ms. \(act.end)")
    }

    static func waits(_ act: Act) -> Finding {
        Point(
            "waits for its confirms before it ends",
            why:
                "Until the confirm arrives, you can't know whether the broker has the message. A program that ends "
                + "earlier has asked for nothing.", see: .confirmsRead
        ).finding(
            act.farewell == nil && act.status == nil && !act.published.isEmpty,
            "\(act.published.count) published, and the confirms held back: "
                + (act.farewell.map { "connection.close at \($0.time) ms." }
                    ?? (act.status == nil ? "it waited." : act.end)))
    }

    static func noticesRefusal(_ act: Act) -> Finding {
        let again = Set(act.bodies).count < act.bodies.count
        return Point(
            "notices a refusal",
            why:
                "basic.nack says that the broker has not taken the message over: it has to be sent again, or somebody told.",
            see: .confirmsRead
        ).finding(
            again || act.says(["nack", "refus", "reject", "not confirmed", "not taken"]),
            "One confirm was a basic.nack. "
                + (again ? "It published the message again." : "It did not publish the message again. \(act.end)"))
    }

    static func survivesCut(_ act: Act) -> Finding {
        let lost = act.published.first?.place.connection ?? 0
        let before = Set(act.published.filter { $0.place.connection == lost }.map(\.body))
        let after = Set(act.published.filter { $0.place.connection > lost }.map(\.body))
        let isAgain = !before.isEmpty && before.isSubset(of: after)
        let failed = act.status.map { $0 != 0 } ?? false
        return Point(
            "loses nothing when its connection is cut",
            why:
                "A message that is unconfirmed when the connection is lost may or may not have arrived. Send it again: "
                + "twice than never.", see: .confirmsBreak
        ).finding(
            isAgain || failed,
            "The connection was cut with \(before.count) unconfirmed. "
                + (isAgain ? "It published them again, on another one." : "It did not publish them again. \(act.end)"))
    }
}
