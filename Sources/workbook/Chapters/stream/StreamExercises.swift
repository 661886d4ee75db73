import AMQPWire

/// The exercise of chapter 11 that a program can tell.
enum StreamExercises {
    /// 11.1: goes on where it stopped.
    @Sendable static func remembers(_ inspection: Inspection) async throws -> [Finding] {
        let first = try await inspection.start()
        defer { first.kill() }
        await inspection.until(inspection.pace.begin) { log in
            first.hasEnded || log.consumptions.contains { $0.queue == "ticker" && $0.isGranted }
        }
        guard !inspection.log.consumptions.isEmpty else { throw Inspection.CannotJudge.silent(first) }
        for text in before { try await inspection.publish(text, key: "ticker") }
        // A program that notes how far it is behind the ack has a moment for it.
        await inspection.until(inspection.pace.answer) { log in
            first.hasEnded || log.handed(to: 1).contains { $0.body == before.last && $0.isSettled }
        }
        await inspection.until(inspection.pace.moment) { _ in first.hasEnded }
        first.kill()
        for text in after { try await inspection.publish(text, key: "ticker") }
        let second = try await inspection.start()
        defer { second.kill() }
        await inspection.until(inspection.pace.answer) { log in
            second.hasEnded || log.handed(to: second.number).contains { $0.body == after.last }
        }
        let handed = inspection.log.handed(to: second.number).filter { $0.queue == "ticker" }.map(\.body)
        let seen = "Started again, it got \(enumerated(handed.map { "'\($0)'" }))."
        let goesOn = Point(
            "goes on where it stopped",
            why: "A stream doesn't remember its readers. A reader notes its place, and goes on from there.",
            see: .streamRead)
        let leaves = Point(
            "and leaves nothing out", why: "Messages published while it was away are in the stream all the same.",
            see: .streamRead)
        if let known = StreamJudge.knownPlace(inspection.log) {
            return [goesOn.finding(.notSeen, known), leaves.finding(.notSeen, known)]
        }
        return [
            goesOn.finding(!handed.contains(where: before.contains), seen),
            leaves.finding(after.allSatisfy(handed.contains), seen),
        ]
    }

    private static let before = ["Kick-off", "One nil"]
    private static let after = ["One all", "Full time"]
}
