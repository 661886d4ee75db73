import AMQPClient

/// Chapter 10: a worker that loses its connection, and gets a payment that makes it fail each time.
struct QuorumCheck: ProgramCheck {
    static let bad = "A payment that fails forever!"
    static let good = "A payment that can be made"

    let inspection: Inspection

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        let log = await inspection.producerEnded(run)
        guard let first = log.errand else { return [] }
        let alone = ConfirmsJudge.Act(run, log)
        run.kill()
        let findings =
            [QuorumJudge.isQuorum(log, first), ConfirmsJudge.selects(alone)] + TaskJudge(log: log).findings
        // Without having asked it has nothing to wait for.
        guard findings[1].isGood else { return findings }
        inspection.watch.interference.set(.holdConfirms)
        let again = try await inspection.start()
        defer { again.kill() }
        await inspection.until(inspection.pace.begin) { log in
            again.hasEnded || !log.published(by: again.number).isEmpty
        }
        await inspection.until(inspection.pace.hold) { log in
            again.hasEnded || log.farewells.contains { $0.run == again.number }
        }
        return findings + [ConfirmsJudge.waits(ConfirmsJudge.Act(again, inspection.log), usually: alone)]
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        guard await inspection.awaitConsumer() != nil else { return [] }
        // The step's role that looks through what was put aside is no worker.
        let queue = await RetryCheck.workQueue(inspection)
        if RetryJudge(log: inspection.log, parked: []).isRest(queue) {
            return try await HelloCheck(inspection: inspection).consumer(run)
        }
        // What ends by itself at once is not made to by anything that is done to it.
        await inspection.until(inspection.pace.moment) { _ in run.hasEnded }
        if run.hasEnded {
            return QuorumJudge(log: inspection.log, queue: queue, parked: [], isBack: false, hasLeft: true).findings
        }
        let isBack = try await cutAndAwait(run)
        let shift = Shift(run, inspection)
        defer { shift.kill() }
        try await inspection.publish(Self.good, key: queue)
        await inspection.until(orQuietFor: inspection.pace.answer) { log in
            await shift.relieve()
            return log.handed.contains { $0.body == Self.good && $0.isSettled } || !log.refusals.isEmpty
        }
        if let last = shift.runs.last {
            try await inspection.sendMore(to: last) { _ in try await inspection.publish(Self.good, key: queue) }
        }
        // One that holds what it can do gets nothing else.
        let early = QuorumJudge(log: inspection.log, queue: queue, parked: [], isBack: isBack)
        if early.findings.contains(where: { $0.isWrong && $0.title == RetryJudge.paymentDone }) {
            return early.findings
        }
        try await inspection.publish(Self.bad, key: queue)
        var parked: [RetryJudge.Parked] = []
        // Each of its lives begins with the start of a program.
        await inspection.until(inspection.pace.begin + inspection.pace.givesUp) { log in
            await shift.relieve()
            parked = (try? await shift.parked(but: queue)) ?? []
            let judge = QuorumJudge(log: log, queue: queue, parked: [], isBack: isBack)
            return !judge.allParked.isEmpty || !parked.isEmpty || judge.isLoop || judge.isGone || !log.refusals.isEmpty
        }
        // Some settle the payment first and then send it on.
        if parked.isEmpty { parked = try await shift.parked(but: queue) }
        return QuorumJudge(log: inspection.log, queue: queue, parked: parked, isBack: isBack).findings
    }

    /// Pulls out the cable of a program that waits: does it consume again?
    private func cutAndAwait(_ run: Subject.Run) async throws -> Bool {
        let before = inspection.log.consumptions.count
        inspection.watch.interference.cut()
        return await inspection.until(inspection.pace.givesUp) { log in
            run.hasEnded || log.consumptions.dropFirst(before).contains(where: \.isGranted)
        } && !run.hasEnded
    }
}

/// A worker, and those that take its place: one that crashes is started again, as systemd would.
final class Shift {
    private let inspection: Inspection
    private(set) var runs: [Subject.Run]
    /// Why it could not be started again.
    private(set) var failure: (any Error)?

    init(_ run: Subject.Run, _ inspection: Inspection) { (runs, self.inspection) = ([run], inspection) }

    /// Starts it again if it has ended.
    func relieve() async {
        guard failure == nil, let last = runs.last, last.hasEnded, runs.count < 50 else { return }
        do { runs.append(try await inspection.start()) } catch { failure = error }
    }

    func kill() { for run in runs { run.kill() } }

    /// What all of them have printed.
    var lines: [String] { runs.flatMap { $0.lastLines() } }

    /// The other queues that it has declared in which a payment lies, and what the first says; all are taken out.
    func parked(but queue: String) async throws -> [RetryJudge.Parked] {
        var full: [RetryJudge.Parked] = []
        for other in Set(inspection.log.queues.map(\.name)).subtracting([queue, ""]).sorted()
        where (try await inspection.messages(in: other) ?? 0) > 0 {
            // The other payment may lie there too: that is another finding.
            let texts = (try await inspection.take(other) ?? []).map(\.text).filter { $0 != QuorumCheck.good }
            if let text = texts.first { full.append(.init(queue: other, text: text)) }
        }
        return full
    }
}
