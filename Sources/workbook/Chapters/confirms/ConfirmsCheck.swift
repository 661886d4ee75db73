import AMQPClient

/// Chapter 7: a publisher whose messages come back, whose confirms come late and together, are refusals, or never come,
/// because the connection is cut.
struct ConfirmsCheck: ProgramCheck {
    let inspection: Inspection

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        let findings = try await HelloCheck(inspection: inspection).consumer(run)
        guard let consumption = inspection.log.work else { return findings }
        return findings + [TaskJudge.durable(inspection.log, consumption.queue, before: consumption.place)]
    }

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        // The first run meets the broker as it is: no queue, unless the program declares one.
        _ = await inspection.producerEnded(run)
        let alone = ConfirmsJudge.Act(run, inspection.log)
        guard !alone.published.isEmpty else { return [] }
        run.kill()
        var findings = [ConfirmsJudge.selects(alone)]
        // Without having asked it has nothing to wait for; without waiting it has ended before anything can go wrong.
        guard findings[0].isGood else {
            // What it says may be in any language: another run shows what it says when nothing comes back.
            let isTold = alone.isReturned && alone.status != nil && !alone.printed.isEmpty
            if isTold { try await provide(alone) }
            let usual = isTold ? await end(try await next()) : nil
            return findings + [ConfirmsJudge.noticesReturn(alone, usually: usual)]
        }
        try await provide(alone)
        let (waiting, after) = try await delay()
        // One that fails because one confirm is for all is known by a run in which nothing is done to it.
        let usual = after.hasFailed ? await end(try await next()) : after
        let canComeBack = alone.published.allSatisfy(\.method.mandatory) && !alone.isReturned
        let back = canComeBack ? try await comeBack(alone) : alone
        findings.append(
            try await heard(back, alone) { ConfirmsJudge.noticesReturn(back, usually: usual, and: $0) })
        // If the first run got its messages back, another shows what it says when all is well: in any language.
        let isEarly = waiting.status == 0 && !waiting.printed.isEmpty
        let plain = alone.isReturned ? isEarly ? await end(try await next()) : nil : alone
        findings.append(ConfirmsJudge.waits(waiting, usually: plain))
        findings += [
            ConfirmsJudge.fails(usual), ConfirmsJudge.hangs(back, usually: usual, patience: patience.milliseconds),
        ].compactMap(\.self)
        guard findings[2].isGood else { return findings }
        if !usual.hasFailed {
            findings += [ConfirmsJudge.takesSeveral(after, usually: alone)].compactMap(\.self)
        }
        try await provide(alone)
        let refused = try await refuse()
        findings.append(
            try await heard(refused, alone) { ConfirmsJudge.noticesRefusal(refused, usually: usual, and: $0) })
        findings.append(ConfirmsJudge.survivesCut(try await cut(), usually: usual))
        return findings
    }

    /// Before it is said that a program says nothing, one more run shows which of its numbers are the same when all is well.
    private func heard(
        _ act: ConfirmsJudge.Act, _ alone: ConfirmsJudge.Act, _ judge: (ConfirmsJudge.Act?) -> Finding
    ) async throws -> Finding {
        let finding = judge(nil)
        guard finding.isWrong, !act.printed.isEmpty, act.isNacked || act.isReturned else { return finding }
        try await provide(alone)
        return judge(await end(try await next()))
    }

    /// Where the program's messages go, one of each, and not more than a thousand.
    private func ways(_ act: ConfirmsJudge.Act) -> [WireLog.Published] {
        var seen: Set<[String]> = []
        return act.published.prefix(1000).filter { seen.insert([$0.exchange, $0.key]).inserted }
    }

    /// A queue for all that the program publishes, whichever way it does so.
    private func provide(_ act: ConfirmsJudge.Act) async throws {
        let channel = try await inspection.openChannel()
        for published in ways(act) {
            if published.exchange.isEmpty {
                if try await inspection.consumers(of: published.key) == nil {
                    try await channel.declareQueue(published.key, durable: true)
                }
            } else {
                let queue = try await channel.declareQueue(Self.own, durable: true)
                try await queue.bind(to: channel.exchange(published.exchange), routingKey: published.key)
            }
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

    /// What is silent for so long when a message came back comes to no end.
    private var patience: Duration { inspection.pace.answer * 3 / 2 }

    private func end(_ run: Subject.Run, _ patience: Duration? = nil) async -> ConfirmsJudge.Act {
        await inspection.until(
            orQuietFor: patience ?? inspection.pace.answer, { $0.published.count + $0.confirms.count }
        ) { _ in
            run.hasEnded
        }
        let act = ConfirmsJudge.Act(run, inspection.log)
        run.kill()
        return act
    }

    /// A program that waits is still there when its confirms are long in coming. Then it gets one confirm for all.
    private func delay() async throws -> (waiting: ConfirmsJudge.Act, after: ConfirmsJudge.Act) {
        inspection.watch.interference.set(.holdConfirms)
        let run = try await next()
        await inspection.until(inspection.pace.hold) { log in
            run.hasEnded || log.farewells.contains { $0.run == run.number }
        }
        let waiting = ConfirmsJudge.Act(run, inspection.log)
        inspection.watch.interference.release()
        return (waiting, await end(run))
    }

    /// The program finds its queue there, and then it is gone: what it publishes comes back.
    private func comeBack(_ alone: ConfirmsJudge.Act) async throws -> ConfirmsJudge.Act {
        let interference = inspection.watch.interference
        interference.set(.holdPublishes)
        let run = try await inspection.start()
        await inspection.until(inspection.pace.begin) { log in
            run.hasEnded || log.published.contains { $0.place.run == run.number }
        }
        let log = inspection.log
        let queues = ways(alone).reduce(into: Set([Self.own])) { queues, way in
            queues.formUnion(log.destinations(exchange: way.exchange, key: way.key) ?? [])
        }
        for queue in queues { try await inspection.delete(queue) }
        interference.release()
        return await end(run, patience * 4 / 3)
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
