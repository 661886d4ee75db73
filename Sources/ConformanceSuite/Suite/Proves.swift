import ConformanceReport
import Testing

extension Trait where Self == Proves {
    /// Makes a test a case of the suite: it gets a broker, its verdict is compared with what is on record, and a failure
    /// tells the whole story.
    ///
    /// - Parameters:
    ///   - id: the case's name for good, `area.words-with-hyphens`. A literal, because the ledger reads the source.
    ///   - rules: the rules of Catalogue/rules.tsv that the case observes. Literals, likewise.
    ///   - needs: what the broker must offer beyond AMQP for the case to run; otherwise it is skipped, and counted.
    ///   - rabbitmq: what RabbitMQ does instead of what the specification says, in one sentence, where they differ.
    static func proves(
        _ id: String, _ rules: [String], needs: Set<Need> = [], rabbitmq: String? = nil,
        at place: SourceLocation = #_sourceLocation
    ) -> Proves {
        Proves(id: id, rules: rules, needs: needs, rabbitmq: rabbitmq, place: place)
    }
}

struct Proves: TestTrait, TestScoping {
    var id: String
    var rules: [String]
    var needs: Set<Need>
    var rabbitmq: String?
    var place: SourceLocation

    func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
    ) async throws {
        let environment = Environment.current
        if let only = environment.only, !id.hasPrefix(only) { try Test.cancel("not selected by CONFORMANCE_ONLY") }
        if let faults = FaultRuns.selected {
            return try await FaultRuns.run(self, faults.get(), test, testCase, body)
        }
        let title = test.displayName ?? test.name
        let judge = Judge(case: self, title: title, test: test)
        let peer: any Peer
        do {
            peer = try await Peers.makePeer(needs: needs)
        } catch {
            Issue.record("\(id): no broker to test: \(error)", sourceLocation: place)
            return
        }
        for need in needs.sorted() {
            guard let reason = peer.lacks(need) else { continue }
            judge.skip(reason, on: peer)
            await peer.end()
            try Test.cancel("needs \(need): \(reason)")
        }
        let run = CaseRun(id: id, peer: peer)
        await Gate.shared.enter(alone: needs.contains(where: \.wantsBrokerToItself) && peer.isShared)
        if environment.wantsFreshBroker, peer.isShared {
            do { try await peer.startAnew() } catch { run.note(.failed, "no fresh broker: \(error)", at: place) }
        }
        let started = ContinuousClock.now
        // Issues are held back until the case is over: only then is its verdict known, and whether it is on record.
        let collector = IssueHandlingTrait.compactMapIssues { issue in
            let (expected, seen) = issue.finding(run.answers)
            run.note(.failed, expected: expected, seen, at: issue.sourceLocation)
            return nil
        }
        try await collector.provideScope(for: test, testCase: testCase) {
            await CaseRun.$current.withValue(run) { await run.perform(body) }
        }
        let elapsed = started.duration(to: .now)
        await run.cleanUp()
        await peer.end()
        await Gate.shared.leave()
        judge.pronounce(on: run, elapsed: elapsed)
    }
}

extension Issue {
    /// What was expected and what was seen, of `Expectation failed: try await channel.drain(queue) == ["1"] (error)`.
    ///
    /// Swift Testing shows the values in an expression, `(count → 2) == 3`, unless it waits for them; then the broker's
    /// last answers have to do.
    fileprivate func finding(_ answers: [String]) -> (expected: String?, seen: String) {
        let start = "Expectation failed: "
        let text = "\(self)".replacing(" (error)", with: "")
        guard text.hasPrefix(start) else { return (nil, text) }
        let expression = String(text.dropFirst(start.count))
        if expression.contains(" → ") { return (expression, "what stands behind the arrow") }
        return (expression, answers.isEmpty ? "something else" : answers.joined(separator: ", "))
    }
}
