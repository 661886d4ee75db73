import AMQPWire

/// The exercise of chapter 10 that a program can tell.
enum QuorumExercises {
    /// 10.1: says so before the last attempt.
    @Sendable static func warnsOnce(_ inspection: Inspection) async throws -> [Finding] {
        let run = try await inspection.start()
        let shift = Shift(run, inspection)
        defer { shift.kill() }
        await inspection.until(inspection.pace.begin) { log in
            run.hasEnded || log.consumptions.contains(where: \.isGranted)
        }
        if inspection.log.consumptions.isEmpty { throw Inspection.CannotJudge.silent(run) }
        let payment = "Pay the bonus!"
        try await inspection.publish(payment, key: "payments")
        await inspection.until(inspection.pace.answer) { _ in
            await shift.relieve()
            return ((try? await inspection.messages(in: "payments.dead")) ?? 0) > 0
        }
        // What it printed before that arrives in its own time.
        await inspection.until(inspection.pace.answer) { _ in shift.lines.count { $0.contains(payment) } >= 3 }
        let lines = shift.lines.filter { $0.contains(payment) || $0 == warning }
        let warnings = lines.indices.filter { lines[$0] == warning }
        let seen = "It printed: \(Subject.shown(shift.lines))"
        return [
            Point(
                "prints ' [!] Last attempt' before the third attempt",
                why: "The queue says in x-delivery-count how often the payment failed. With a limit of 2, the third "
                    + "failure is the last.", see: .quorumRead
            ).finding(warnings.first.map { $0 >= 2 } ?? false, seen),
            Point(
                "and before no other", why: "A line that always comes says nothing.", see: .quorumRead
            ).finding(warnings.count <= 1, seen),
        ]
    }

    private static let warning = " [!] Last attempt"
}
