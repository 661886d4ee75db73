import AMQPClient

/// Chapter 7: a publisher whose messages come back, whose confirms come late and together, are refusals, or never come,
/// because the connection is cut.
struct ConfirmsCheck: ProgramCheck {
    let inspection: Inspection

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        let findings = try await HelloCheck(inspection: inspection).consumer(run)
        guard let consumption = inspection.log.consumptions.first else { return findings }
        return findings + [TaskJudge.durable(inspection.log, consumption.queue, before: consumption.place)]
    }

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        // The first run meets the broker as it is: no queue, unless the program declares one.
        _ = await inspection.producerEnded(run)
        await inspection.until(inspection.pace.answer) { _ in run.hasEnded }
        let alone = ConfirmsJudge.Act(run, inspection.log)
        guard let published = alone.published.first else { return [] }
        run.kill()
        var findings = [ConfirmsJudge.selects(alone)]
        // Without having asked it has nothing to wait for; without waiting it has ended before anything can go wrong.
        guard findings[0].isGood else {
            return findings + [ConfirmsJudge.noticesReturn(alone, usually: nil)]
        }
        try await provide(published)
        let (waiting, after) = try await delay()
        let canComeBack = alone.published.allSatisfy(\.method.mandatory) && !alone.isReturned
        let back = canComeBack ? try await comeBack(published) : alone
        findings.append(ConfirmsJudge.noticesReturn(back, usually: after))
        findings.append(ConfirmsJudge.waits(waiting))
        guard findings[2].isGood else { return findings }
        findings += [ConfirmsJudge.takesSeveral(after)].compactMap(\.self)
        try await provide(published)
        findings.append(ConfirmsJudge.noticesRefusal(try await refuse(), usually: after))
        findings.append(ConfirmsJudge.survivesCut(try await cut()))
        return findings
    }

    /// A queue for what the program publishes, whichever way it does so.
    private func provide(_ published: WireLog.Published) async throws {
        let channel = try await inspection.openChannel()
        if published.exchange.isEmpty {
            if try await inspection.consumers(of: published.key) == nil {
                try await channel.declareQueue(published.key, durable: true)
            }
        } else {
            let queue = try await channel.declareQueue(Self.own, durable: true)
            try await queue.bind(to: channel.exchange(published.exchange), routingKey: published.key)
        }
    }

    /// Bound to the program's exchange.
    private static let own = "workbook-check"

    /// Starts it again, and waits until it has published something.
    private func next() async throws -> Subject.Run {
        let run = try await inspection.start()
        await inspection.until(inspection.pace.begin) { log in
            run.hasEnded || log.published.contains { $0.place.run == run.number }
        }
        return run
    }

    private func end(_ run: Subject.Run) async -> ConfirmsJudge.Act {
        await inspection.until(inspection.pace.answer) { _ in run.hasEnded }
        let act = ConfirmsJudge.Act(run, inspection.log)
        run.kill()
        return act
    }

    /// A program that waits is still there a moment after its last publish. Then it gets one confirm for all.
    private func delay() async throws -> (waiting: ConfirmsJudge.Act, after: ConfirmsJudge.Act) {
        inspection.watch.interference.set(.holdConfirms)
        let run = try await next()
        await inspection.until(inspection.pace.moment) { log in
            run.hasEnded || log.farewells.contains { $0.run == run.number }
        }
        let waiting = ConfirmsJudge.Act(run, inspection.log)
        inspection.watch.interference.release()
        return (waiting, await end(run))
    }

    /// The program finds its queue there, and then it is gone: what it publishes comes back.
    private func comeBack(_ published: WireLog.Published) async throws -> ConfirmsJudge.Act {
        let interference = inspection.watch.interference
        interference.set(.holdPublishes)
        let run = try await inspection.start()
        await inspection.until(inspection.pace.begin) { log in
            run.hasEnded || log.published.contains { $0.place.run == run.number }
        }
        let queues = inspection.log.destinations(exchange: published.exchange, key: published.key) ?? []
        for queue in queues.union([Self.own]) { try await inspection.delete(queue) }
        interference.release()
        return await end(run)
    }

    private func refuse() async throws -> ConfirmsJudge.Act {
        inspection.watch.interference.set(.refuseOne)
        return await end(try await next())
    }

    private func cut() async throws -> ConfirmsJudge.Act {
        inspection.watch.interference.set(.holdConfirms)
        let run = try await next()
        inspection.watch.interference.cut()
        // Many clients wait for five seconds before they connect again.
        await inspection.until(inspection.pace.givesUp) { log in
            run.hasEnded || ConfirmsJudge.isSentAgain(log.published(by: run.number))
        }
        return await end(run)
    }
}
