import AMQPClient

/// Chapter 11: a reader that comes late, and gets more than fits its prefetch.
struct StreamCheck: ProgramCheck {
    /// Published before the reader comes.
    static let early = (0..<3).map { "Early \($0)" }

    let inspection: Inspection

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        let log = await inspection.producerEnded(run)
        guard let first = log.errand else { return [] }
        return StreamJudge.keeps(log, first)
            + [log.saysGoodbye(first.place.run)] + [log.fails(first.place.run)].compactMap(\.self)
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        guard let queue = await inspection.awaitConsumer() else { return [] }
        let number = run.number
        if inspection.log.refusals.isEmpty {
            // The first run has made the stream, and now it is gone.
            run.kill()
            await inspection.until(inspection.pace.answer) { $0.isAway(number) }
            for text in Self.early { try await inspection.publish(text, key: queue) }
            try await comeLate(queue)
        }
        return StreamJudge(log: inspection.log, queue: queue, words: inspection.subject.words).findings
    }

    /// The second run: what was published before it came, and then more than its prefetch.
    private func comeLate(_ queue: String) async throws {
        let late = try await inspection.start()
        defer { late.kill() }
        await inspection.until(inspection.pace.begin) { log in
            late.hasEnded || !log.refusals.isEmpty || log.consumptions(of: late.number).contains(where: \.isGranted)
        }
        let limit = inspection.log.limits.last { $0.place.run == late.number }?.method.prefetchCount ?? 0
        let more = (0..<min(Int(limit) + 5, 2000)).map { "More \($0)" }
        for text in more { try await inspection.publish(text, key: queue) }
        func isAtEnd(_ log: WireLog) -> Bool {
            late.hasEnded || !log.refusals.isEmpty
                || log.handed(to: late.number).contains { $0.body == more.last && $0.isSettled }
        }
        func settles(_ log: WireLog) -> Bool { log.handed(to: late.number).contains(where: \.isSettled) }
        // A reader that acknowledges nothing stops when its room is used up.
        await inspection.until(inspection.pace.answer) { log in
            isAtEnd(log) || log.handed(to: late.number).count >= limit && !settles(log)
        }
        // It may take its time for each.
        await inspection.until(inspection.pace.answer) { isAtEnd($0) || settles($0) }
        if settles(inspection.log) { await inspection.until(inspection.pace.answer) { isAtEnd($0) } }
    }
}
