import AMQPClient

/// Chapter 12: a worker that has a second copy of itself beside it and is killed, and a program that sends twice.
struct OrderCheck: ProgramCheck {
    let inspection: Inspection

    /// The first come while both copies are there, the others when the first copy has gone.
    static let (early, late) = (["Check 1", "Check 2", "Check 3", "Check 4"], ["Check 5", "Check 6"])

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        let first = await inspection.producerEnded(run)
        let again = try await inspection.start()
        defer { again.kill() }
        await inspection.until(inspection.pace.begin) { log in
            again.hasEnded || !log.published(by: again.number).isEmpty
        }
        return try await EmitterJudge(type: "x-consistent-hash", see: .orderRead, log: first).findings
            + [OrderJudge(log: inspection.log).namesAccount].compactMap(\.self)
            + OtherRole.findings(exchange: "accounts", type: "x-consistent-hash", durable: true, inspection)
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        guard let queue = await inspection.awaitConsumer() else { return [] }
        let second = try await inspection.start()
        defer { second.kill() }
        await inspection.until(inspection.pace.begin) { log in
            second.hasEnded || log.isRefused(second.number)
                || log.consumptions(of: second.number).contains(where: \.isGranted)
        }
        for body in Self.early { try await inspection.publish(body, key: queue) }
        await inspection.until(orQuietFor: inspection.pace.answer) { log in
            run.hasEnded || log.isRefused(run.number)
                || Self.early.allSatisfy { body in log.handed.contains { $0.body == body && $0.isSettled } }
        }
        try await inspection.sendMore(to: run) { number in
            try await inspection.publish("Check 4.\(number)", key: queue)
        }
        // Killed before its ack, it would leave more to the second than the check has sent.
        let seen = inspection.log
        run.kill()
        await inspection.until(inspection.pace.answer) { $0.isAway(run.number) }
        for body in Self.late { try await inspection.publish(body, key: queue) }
        await inspection.until(inspection.pace.answer) { log in
            second.hasEnded || log.refusals.contains { $0.place.run == second.number && !log.isStandby($0) }
                || log.handed(to: second.number).contains { $0.body == Self.late.last }
        }
        return OrderJudge(log: inspection.log, whileBoth: seen).findings
    }
}
