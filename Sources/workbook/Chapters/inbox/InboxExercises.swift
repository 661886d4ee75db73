import AMQPClient

/// The exercise of chapter 13 that a program can tell.
enum InboxExercises {
    /// 13.1: an order without an id can't be recognised, so it is refused.
    @Sendable static func refusesTheNameless(_ inspection: Inspection) async throws -> [Finding] {
        let run = try await inspection.start()
        defer { run.kill() }
        guard let queue = await awaitConsumer(run, inspection) else { throw Inspection.CannotJudge.silent(run) }
        try await inspection.publish("An order without an id", key: queue)
        // Behind the other: when it is settled, the other has been.
        try await inspection.publish(
            "An order with an id", key: queue, properties: BasicProperties(messageID: "order-1"))
        await inspection.until(inspection.pace.answer) { log in
            run.hasEnded || log.handed.count { $0.isSettled } >= 2
        }
        func settlement(_ body: String) -> WireLog.Settlement? {
            inspection.log.handed.first { $0.body == body }?.settlements.first
        }
        let (bad, good) = (settlement("An order without an id"), settlement("An order with an id"))
        return [
            Point(
                "refuses an order without message-id, for good",
                why: "It can't tell whether it has shipped it, and if requeued, it would come back forever.",
                see: .inboxRead
            ).finding(bad?.kind == .dropped, bad.map { "It got \($0.verb)." } ?? "It was not settled."),
            Point(
                "and still acknowledges the others", why: "Otherwise they come again.", see: .inboxRead
            ).finding(good?.kind == .ack, good.map { "It got \($0.verb)." } ?? "It was not settled."),
        ]
    }

    private static func awaitConsumer(_ run: Subject.Run, _ inspection: Inspection) async -> String? {
        await inspection.until(inspection.pace.begin) { log in
            run.hasEnded || log.consumptions.contains(where: \.isGranted)
        }
        return run.hasEnded ? nil : inspection.log.consumptions.first?.queue
    }
}
