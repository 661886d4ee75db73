import AMQPClient

/// Chapter 13: a consumer that gets the same order again and again, before and after it was killed, and a producer that is
/// killed before its order is confirmed.
struct InboxCheck: ProgramCheck {
    let inspection: Inspection
    /// Other ids in each check: a program may remember what it got in another.
    private let salt = UInt64.random(in: 1_000_000_000 ... .max)

    init(inspection: Inspection) { self.inspection = inspection }

    // MARK: The consumer

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        guard let queue = await inspection.awaitConsumer() else { return [] }
        let banner = await feed(queue, ["a", "a", "a", "a", "b"], run)
        if try await inspection.sendMore(to: run, { _ in await send("b", to: queue) }) {
            await inspection.until(inspection.pace.moment) { _ in false }
        }
        var judge = InboxJudge(log: inspection.log)
        judge.first = Array(run.lastLines().dropFirst(banner))
        run.kill()
        // With its consumer gone, what it did not acknowledge is in the queue again.
        try await inspection.eventually(inspection.pace.answer) {
            try await (inspection.consumers(of: queue) ?? 0) == 0
        }
        try await inspection.purge(queue)
        let second = try await inspection.start()
        defer { second.kill() }
        await inspection.until(inspection.pace.begin) { log in
            second.hasEnded || log.consumptions(of: second.number).contains(where: \.isGranted)
        }
        let again = await feed(queue, ["a", "a", "a", "a", "c", "d"], second)
        judge.second = Array(second.lastLines().dropFirst(again))
        judge.log = inspection.log
        judge.isSecondThere = judge.log.handed(to: second.number).count == 6
        if !judge.work.isEmpty {
            let last = await feed(queue, ["e"], second)
            judge.last = Array(second.lastLines().dropFirst(last))
            judge.isLastThere = inspection.log.handed(to: second.number).count { $0.isSettled } == 7
        }
        return judge.findings
    }

    /// An order by its letter, by which its id is made too.
    private func send(_ letter: String, to queue: String) async {
        _ = try? await inspection.publish(
            InboxJudge.text(letter), key: queue,
            properties: BasicProperties(messageID: try? ShortString("check-\(letter)-\(salt)")))
    }

    /// One order after the other, by their letters. Returns when the last is settled, and a moment later: how many lines it
    /// had printed before the first.
    private func feed(_ queue: String, _ letters: [String], _ run: Subject.Run) async -> Int {
        // That it waits for orders it may say behind its consume.
        await inspection.until(inspection.pace.moment) { _ in run.hasEnded }
        let banner = run.lastLines().count
        let before = inspection.log.handed(to: run.number).count { $0.isSettled }
        for letter in letters { await send(letter, to: queue) }
        await inspection.until(orQuietFor: inspection.pace.answer) { log in
            run.hasEnded || log.isRefused(run.number)
                || log.handed(to: run.number).count { $0.isSettled } >= before + letters.count
        }
        // What it prints of the last may come behind its ack.
        await inspection.until(inspection.pace.moment) { _ in false }
        return banner
    }

    // MARK: The producer

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        let log = await inspection.producerEnded(run)
        run.kill()
        let tasks = TaskJudge(log: log).findings
        let selects = ConfirmsJudge.selects(ConfirmsJudge.Act(run, log))
        let words = inspection.subject.words
        guard selects.isGood else { return tasks + [selects, InboxJudge(log: log, words: words).givesIDs] }
        // Killed between its publish and the confirm: it can't know whether the broker has the order.
        inspection.watch.interference.set(.holdConfirms)
        let killed = try await inspection.start()
        await inspection.until(inspection.pace.begin) { log in
            killed.hasEnded || !log.published(by: killed.number).isEmpty
        }
        await inspection.until(inspection.pace.hold) { _ in killed.hasEnded }
        killed.kill()
        await inspection.until(inspection.pace.answer) { $0.isAway(killed.number) }
        inspection.watch.interference.release()
        let next = try await inspection.start()
        defer { next.kill() }
        await inspection.until(inspection.pace.answer) { log in
            next.hasEnded || InboxJudge(log: log).isSentAgain
        }
        let judge = InboxJudge(log: inspection.log, words: words)
        return tasks + [selects, judge.givesIDs, judge.sendsAgain]
    }
}
