import AMQPWire

/// The exercises of chapter 1.
enum HelloExercises {
    /// 1.1: a message that no queue takes comes back, and is noticed.
    @Sendable static func returned(_ inspection: Inspection) async throws -> [Finding] {
        let run = try await inspection.start()
        defer { run.kill() }
        await inspection.until(inspection.pace.begin) { _ in
            run.hasEnded || run.lastLines().contains { $0.contains("NO_ROUTE") }
        }
        guard !inspection.log.published.isEmpty else { throw Inspection.CannotJudge.silent(run) }
        await inspection.until(inspection.pace.answer) { _ in run.hasEnded }
        let log = inspection.log
        guard let publish = log.published.first else { throw Inspection.CannotJudge.silent(run) }
        let mandatory = Point(
            "publishes with mandatory", why: "Without it a message that no queue takes is dropped without a word.",
            see: .helloBreak)
        guard publish.method.mandatory else {
            return [mandatory.finding(false, "basic.publish at \(publish.place.time) ms, without mandatory.")]
        }
        let misspelt = Point(
            "to a key that no queue has as its name", why: "Only what reaches no queue comes back.", see: .helloBreak)
        let prints = Point(
            "prints why it came back", why: "Only the program that sent it can do something about it.",
            see: .helloBreak)
        return [
            mandatory.finding(true, "basic.publish at \(publish.place.time) ms, key '\(publish.key)'."),
            misspelt.finding(
                !log.returned.isEmpty,
                log.returned.first.map { "basic.return at \($0.place.time) ms." }
                    ?? "The broker returned nothing: a queue took the message with the key '\(publish.key)'."),
            prints.finding(
                run.lastLines().contains { $0.contains("NO_ROUTE") },
                "It printed: \(Subject.shown(run.lastLines()))"),
            Point(
                "and ends", why: "One message was sent, and one answer can come: there is nothing to wait for.",
                see: .helloBreak
            ).finding(run.hasEnded, run.hasEnded ? "It has ended." : "It is still running."),
        ]
    }

    /// 1.2: takes one message and ends.
    @Sendable static func takesOne(_ inspection: Inspection) async throws -> [Finding] {
        let text = "Just this one"
        try await inspection.openChannel().declareQueue("hello")
        try await inspection.publish(text, key: "hello")
        let run = try await inspection.start()
        defer { run.kill() }
        func waits(_ log: WireLog) -> WireLog.Consumption? { log.consumptions.first { !$0.isGet } }
        await inspection.until(inspection.pace.begin) { log in
            run.hasEnded || waits(log) != nil || !log.handed.isEmpty
        }
        if waits(inspection.log) != nil {
            await inspection.until(inspection.pace.answer) { !$0.handed.isEmpty }
        } else {
            await inspection.until(inspection.pace.answer) { _ in run.hasEnded }
        }
        let log = inspection.log
        guard !log.connected.isEmpty else { throw Inspection.CannotJudge.silent(run) }
        return tookOne(log, text, printed: run.lastLines(), hasEnded: run.hasEnded)
    }

    static func tookOne(_ log: WireLog, _ text: String, printed: [String], hasEnded: Bool) -> [Finding] {
        let asks = Point(
            "asks, and does not wait", why: "A consumer gets all there is and all that comes, until it ends.",
            see: .helloRead)
        if let consumption = log.consumptions.first(where: { !$0.isGet }) {
            return [asks.finding(false, "basic.consume at \(consumption.place.time) ms.")]
        }
        let gets = log.others.filter { $0.method.id == BasicGet.id }
        let prints = Point(
            "prints the message", why: "It has been taken out of the queue: nobody else sees it.", see: .helloRead)
        return [
            asks.finding(
                gets.count == 1,
                gets.first.map { "\(gets.count) basic.get, the first at \($0.place.time) ms." }
                    ?? "No basic.get was seen."),
            prints.finding(
                printed.contains { $0.contains(text) }, "It printed: \(Subject.shown(printed))"),
            Point(
                "takes it out of the queue",
                why: "Without no-ack, and without an ack, the broker puts it back when the program ends.",
                see: .helloRead
            ).finding(
                log.handed.contains { $0.isNoAck || !$0.acks.isEmpty },
                log.handed.first.map { handed in
                    handed.isNoAck
                        ? "basic.get with no-ack."
                        : handed.settlements.first.map { "It got \($0.verb)." } ?? "It got no basic.ack."
                } ?? "It got no message."),
            Point(
                "and ends", why: "It has what it asked for: there is nothing to wait for.", see: .helloRead
            ).finding(hasEnded, hasEnded ? "It has ended." : "It is still running."),
        ]
    }
}
