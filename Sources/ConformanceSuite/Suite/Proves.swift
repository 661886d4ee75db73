import BrokerCore
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
    ///   - rabbitmq: what RabbitMQ does instead of what the rule says, in one sentence, where they differ; with the
    ///     releases that do so, `.from("4.0", "…")`, if it is not all of them.
    static func proves(
        _ id: String, _ rules: [String], needs: Set<Need> = [], rabbitmq: OtherTruth? = nil,
        at place: SourceLocation = #_sourceLocation
    ) -> Proves {
        Proves(id: id, rules: rules, needs: needs, rabbitmq: rabbitmq, place: place)
    }
}

struct Proves: TestTrait, TestScoping {
    var id: String
    var rules: [String]
    var needs: Set<Need>
    var rabbitmq: OtherTruth?
    var place: SourceLocation

    func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
    ) async throws {
        if let only = Environment.current.only, !id.hasPrefix(only) {
            try Test.cancel("not selected by CONFORMANCE_ONLY")
        }
        if let faults = FaultRuns.selected {
            return try await FaultRuns.run(self, faults.get(), test, testCase, body)
        }
        let title = test.displayName ?? test.name
        let judge = Judge(case: self, title: title, test: test)
        if Environment.current.listsOnly {
            judge.list()
            try Test.cancel("only listed")
        }
        let peer: any Peer
        do {
            peer = try await Peers.makePeer(for: id, needs: needs)
        } catch {
            Issue.record("\(id): no broker to test: \(error)", sourceLocation: place)
            return
        }
        if let reason = reasonToSkip(on: peer) {
            judge.skip(reason, on: peer)
            await peer.end()
            try Test.cancel("\(reason)")
        }
        let (run, elapsed) = try await CaseRun.attempt(self, on: peer, test, testCase, body)
        judge.pronounce(on: run, elapsed: elapsed)
        guard rabbitmq?.hasVersions == true, Environment.current.speaksEveryDialect else { return }
        for dialect in Dialect.allCases where dialect != .v3_10 {
            let peer = try InProcessPeer(for: id, overTCP: false, needs: needs, dialect: dialect)
            let (run, _) = try await CaseRun.attempt(self, on: peer, test, testCase, body)
            judge.pronounce(on: run, elapsed: nil)
        }
    }

    /// The person who runs the suite has said so, or the broker lacks what is needed.
    private func reasonToSkip(on peer: any Peer) -> String? {
        if let said = Environment.current.skipped.first(where: { id.hasPrefix($0.prefix) }) { return said.why }
        return needs.sorted().lazy.compactMap { need in peer.lacks(need).map { "needs \(need): \($0)" } }.first
    }
}
