import AMQPClient
import AMQPWire

/// The exercises of chapter 7.
enum ConfirmsExercises {
    /// 7.1: an order that comes twice is taken once.
    @Sendable static func takesOnce(_ inspection: Inspection) async throws -> [Finding] {
        let run = try await inspection.start()
        defer { run.kill() }
        await inspection.until(inspection.pace.begin) { log in
            log.consumptions.contains { $0.isGranted } || run.hasEnded
        }
        if run.hasEnded { throw Inspection.CannotJudge.silent(run) }
        // The last one comes behind the others: when it is printed, all has been.
        for (text, id) in [
            ("A chair", "order-1"), ("A chair", "order-1"), ("A chair", "order-2"), ("A table", "order-3"),
        ] {
            try await inspection.publish(
                text, key: "orders", properties: BasicProperties(messageID: try ShortString(id)))
        }
        await inspection.until(inspection.pace.answer) { _ in
            run.lastLines().contains { $0.contains("A table") } || run.hasEnded
        }
        // A line and an ack come by different ways: the ack may be the later one.
        await inspection.until(inspection.pace.answer) { log in
            run.hasEnded || log.handed.allSatisfy { !$0.settlements.isEmpty || $0.body != "A chair" }
        }
        let chairs = timesTaken(run.lastLines(), "A chair", of: 3)
        let seen = "It printed: \(Subject.shown(run.lastLines()))"
        let unsettled = inspection.log.handed.first { $0.settlements.isEmpty && $0.body == "A chair" }
        return [
            Point(
                "prints an order with the same message-id once",
                why: "A producer sends unconfirmed orders again: at least once means sometimes twice.",
                see: .confirmsRead
            ).finding(chairs <= 2, seen),
            Point(
                "tells orders apart by their ids, not by their texts",
                why: "Two customers may want the same chair.", see: .confirmsRead
            ).finding(chairs >= 2, seen),
            Point(
                "and another one too", why: "An order that it ignores by mistake is lost.", see: .confirmsRead
            ).finding(run.lastLines().contains { $0.contains("A table") }, seen),
            Point(
                "acknowledges the orders that it ignores, too", why: "Otherwise the broker hands them out again.",
                see: .workerBreak
            ).finding(unsettled == nil, "\(inspection.log.handed.count) deliveries."),
        ]
    }

    /// How often it took an order, by the lines with the order's text. What it prints for each delivery does not tell, and
    /// what it prints otherwise later may be what it says of one that it has seen.
    static func timesTaken(_ lines: [String], _ text: String, of deliveries: Int) -> Int {
        let shapes = lines.filter { $0.contains(text) }.map(PrintedShape.of)
        for shape in shapes {
            let count = shapes.count { $0 == shape }
            if count < deliveries { return count }
        }
        return shapes.isEmpty ? 0 : deliveries
    }

    /// 7.4: a queue that refuses what it has no room for.
    @Sendable static func refusesTheSixth(_ inspection: Inspection) async throws -> [Finding] {
        let run = try await inspection.start()
        defer { run.kill() }
        await inspection.until(inspection.pace.begin) { log in
            run.hasEnded || !log.consumptions.isEmpty || log.declaration(of: "orders") != nil
        }
        let log = inspection.log
        guard let declared = log.declaration(of: "orders") else { throw Inspection.CannotJudge.silent(run) }
        let limits = Point(
            "declares room for five orders, and refuses the sixth",
            why: "Without x-overflow the broker drops the oldest, which it has already confirmed.", see: .confirmsRead)
        let arguments = declared.method.arguments
        guard arguments["x-max-length"]?.integer == 5, arguments["x-overflow"]?.text == "reject-publish" else {
            return [
                limits.finding(
                    false, "queue.declare of 'orders' at \(declared.place.time) ms, without these two arguments.")
            ]
        }
        let channel = try await inspection.openChannel()
        try await channel.selectConfirms()
        var answers: [String] = []
        // The declaration may be on its way still; a passive one is answered behind it.
        await inspection.until(inspection.pace.answer) { _ in (try? await inspection.consumers(of: "orders")) != nil }
        for number in 1...6 {
            do throws(AMQPError) {
                try await channel.publishAndConfirm(Message("order \(number)"), routingKey: "orders", mandatory: true)
                answers.append("confirmed")
            } catch { answers.append(error.kind == .nacked ? "refused" : "returned") }
        }
        return [
            limits.finding(true, "queue.declare of 'orders' at \(declared.place.time) ms."),
            Point(
                "takes nothing from it", why: "A queue that is emptied is never full.", see: .confirmsRead
            ).finding(
                answers == Array(repeating: "confirmed", count: 5) + ["refused"],
                "Of six orders: \(answers.joined(separator: ", "))."),
        ]
    }
}
