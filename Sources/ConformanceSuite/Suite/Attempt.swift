import Testing

extension CaseRun {
    /// Tries a case on a broker, from the gate to the clean-up: the one way in, for the suite and for broken brokers.
    ///
    /// Issues are held back and become findings: only when the case is over is its verdict known, and whether it is on
    /// record. The peer has ended afterwards. Throws ``EndedEarly`` when the whole run is over before the case is.
    static func attempt(
        _ case: Proves, on peer: any Peer, patience: Patience? = nil, _ test: Test, _ testCase: Test.Case?,
        _ body: @Sendable () async throws -> Void
    ) async throws -> (run: CaseRun, elapsed: Duration) {
        let needed = `case`.needs.contains(.cluster) ? Patience.cluster : nil
        let run = CaseRun(id: `case`.id, peer: peer, patience: patience ?? needed)
        let isAlone = peer.isShared && `case`.needs.contains(where: \.wantsBrokerToItself)
        guard await Gate.shared.enter(alone: isAlone) else {
            Underway.shared.passOver()
            await peer.end()
            throw EndedEarly(id: run.id, why: Underway.shared.sentence)
        }
        Underway.shared.begin(run)
        if peer.isShared, Environment.current.wantsFreshBroker {
            do {
                try await peer.startAnew()
            } catch {
                run.note(.failed, "no fresh broker: \(error)", at: `case`.place)
            }
        }
        let started = ContinuousClock.now
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
        if run.verdict == .failed, !run.isBrokenOff, peer.isShared, !Environment.current.wantsFreshBroker,
            await !run.reachesBroker()
        {
            await Underway.shared.loseBroker()
        }
        await peer.end()
        Underway.shared.finish(run)
        await Gate.shared.leave()
        if run.isBrokenOff {
            Underway.shared.passOver()
            throw EndedEarly(id: run.id, why: Underway.shared.sentence)
        }
        return (run, elapsed)
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
        if expression.contains(" → ") { return (expression, "what comes after the arrow") }
        return (expression, answers.isEmpty ? "something else" : answers.joined(separator: ", "))
    }
}
