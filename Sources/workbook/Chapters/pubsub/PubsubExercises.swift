import AMQPClient
import AMQPWire

/// The exercises of chapter 3.
enum PubsubExercises {
    /// 3.1: gets what was emitted while it was away.
    @Sendable static func getsWhatItMissed(_ inspection: Inspection) async throws -> [Finding] {
        let first = try await inspection.start()
        defer { first.kill() }
        try await awaitConsumer(first, inspection)
        first.kill()
        await inspection.until(inspection.pace.answer) { !$0.disconnected.isEmpty }
        let queue = inspection.log.consumptions.first?.queue ?? ""
        try await inspection.publish("while you were away", exchange: "logs", key: "")

        let second = try await inspection.start()
        defer { second.kill() }
        try await awaitConsumer(second, inspection, count: 2)
        // What it missed stands in front of this one.
        try await inspection.publish("now", exchange: "logs", key: "")
        await inspection.until(inspection.pace.answer) { _ in second.lastLines().contains { $0.contains("now") } }
        let gets = Point(
            "gets what was emitted while it was away",
            why:
                "An exchange keeps nothing. Only a queue that exists and is bound while the program is away can keep it.",
            see: .pubsubPredict)
        return [
            gets.finding(
                second.lastLines().contains { $0.contains("while you were away") },
                "It consumed from '\(queue)', and printed when it came back: "
                    + Subject.shown(second.lastLines()))
        ]
    }

    /// 3.2: two copies share, a third program gets everything.
    @Sendable static func shares(_ inspection: Inspection) async throws -> [Finding] {
        let copies = [try await inspection.start(), try await inspection.start()]
        defer { for copy in copies { copy.kill() } }
        for (index, copy) in copies.enumerated() { try await awaitConsumer(copy, inspection, count: index + 1) }
        let channel = try await inspection.openChannel()
        let own = try await channel.declareQueue(exclusive: true)
        try await channel.bindQueue(own.name, to: "logs")
        let texts = (0..<4).map { "shared \($0)" }
        for text in texts { try await inspection.publish(text, exchange: "logs", key: "") }

        // All that was handed out has been printed; and that is all four at least.
        await inspection.until(inspection.pace.answer) { log in
            let handed = log.handed.count { $0.body.hasPrefix("shared") }
            return handed >= texts.count && copies.map { printed($0).count }.reduce(0, +) >= handed
        }
        let (one, two) = (printed(copies[0]), printed(copies[1]))
        let others = try await inspection.take(own.name)?.count ?? 0
        let seen = "One printed \(one.count), the other \(two.count) of \(texts.count) messages."
        let once = Point(
            "each message at one of the copies", why: "A queue for each copy means everything for each copy.",
            see: .pubsubPicture)
        let both = Point(
            "both take part", why: "Two consumers of one queue take turns.", see: .pubsubPicture)
        let all = Point(
            "another receiver gets everything", why: "It has a queue of its own, bound to the same exchange.",
            see: .pubsubPicture)
        return [
            once.finding(one.count + two.count == texts.count, seen), both.finding(!one.isEmpty && !two.isEmpty, seen),
            all.finding(others == texts.count, "A queue beside theirs got \(others)."),
        ]
    }

    private static func printed(_ run: Subject.Run) -> [String] { run.lastLines().filter { $0.contains("shared ") } }

    /// 3.3: emits to an exchange that passes on to `logs`.
    @Sendable static func throughAnotherExchange(_ inspection: Inspection) async throws -> [Finding] {
        let channel = try await inspection.openChannel()
        let logs = try await channel.declareExchange("logs", type: .fanout)
        let own = try await channel.declareQueue(exclusive: true)
        try await own.bind(to: logs)
        let run = try await inspection.start()
        defer { run.kill() }
        await inspection.until(inspection.pace.begin) { _ in run.hasEnded }
        let log = inspection.log
        guard let publish = log.published.first else { throw Inspection.CannotJudge.silent(run) }
        let bound = log.others.first { $0.method.id == ExchangeBind.id }
        let binds = Point(
            "binds an exchange to an exchange", why: "A binding may lead to an exchange as well as to a queue.",
            see: .pubsubPicture)
        let elsewhere = Point(
            "emits to the other one", why: "A program that emits to 'logs' itself needs no second exchange.",
            see: .pubsubPicture)
        let arrives = Point(
            "the receivers of 'logs' get it",
            why: "Destination first, then source: the other way round nothing arrives.",
            see: .pubsubPicture)
        let got = try await inspection.take(own.name)?.count ?? 0
        return [
            binds.finding(
                bound != nil, bound.map { "exchange.bind at \($0.place.time) ms." } ?? "No exchange.bind was seen."),
            elsewhere.finding(publish.exchange != "logs", "basic.publish to '\(publish.exchange)'."),
            arrives.finding(got > 0, "A queue bound to 'logs' got \(got)."),
        ]
    }

    /// Waits until it consumes.
    private static func awaitConsumer(_ run: Subject.Run, _ inspection: Inspection, count: Int = 1) async throws {
        await inspection.until(inspection.pace.begin) { log in
            log.consumptions.count { $0.isGranted } >= count || run.hasEnded
        }
        if run.hasEnded { throw Inspection.CannotJudge.silent(run) }
    }
}
