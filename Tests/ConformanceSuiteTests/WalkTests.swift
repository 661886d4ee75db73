import Testing

@testable import ConformanceSuite

@Suite("Random walks") struct WalkTests {
    @Test("A seed decides all steps of a walk, and another seed others", arguments: WalkTheme.allCases)
    func seeds(theme: WalkTheme) {
        let steps = WalkPlan(theme, seed: 7, length: 60).steps
        #expect(steps == WalkPlan(theme, seed: 7, length: 60).steps)
        #expect(steps != WalkPlan(theme, seed: 8, length: 60).steps)
        #expect(steps.count >= 60)
    }

    @Test("A few walks do all that a walk about something may do", arguments: WalkTheme.allCases)
    func everyDeed(theme: WalkTheme) {
        let deeds = (1...40).flatMap { WalkPlan(theme, seed: $0, length: 60).steps }.map { step in
            String("\(step.deed)".prefix { $0 != " " })
        }
        var wanted: Set = ["declare", "delete", "bind", "unbind", "publish", "fetch"]
        if theme != .routing {
            wanted.formUnion(["get", "ack", "nack", "reject", "recover", "consume", "cancel", "purge", "close"])
        }
        switch theme {
        case .transactions: wanted.formUnion(["commit", "roll"])
        case .time: wanted.insert("wait")
        case .restarts: wanted.insert("restart")
        default: break
        }
        #expect(Set(deeds).isSuperset(of: wanted), "\(wanted.subtracting(deeds))")
    }

    @Test("Words of a key against the words of a pattern")
    func topics() {
        var model = WalkModel(.routing)
        func matches(_ key: String, _ pattern: String) -> Bool {
            model = WalkModel(.routing)
            for deed in [
                .declareExchange("e", .init(type: "topic")), .declareQueue("q", .init()),
                .bind(.init(source: "e", destination: .queue("q"), key: pattern)),
            ] as [WalkStep.Deed] { _ = model.take(WalkStep(channel: 0, deed: deed)) }
            return model.route("e", .init(text: "m1", exchange: "e", key: key)) == ["q"]
        }
        for (key, pattern) in [
            ("", "#"), ("", ""), ("a", "*"), ("a..b", "a.*.b"), ("a", "a.#"), ("x.a", "#.a"), ("a.b", "#.#"),
        ] {
            #expect(matches(key, pattern), "'\(key)' and '\(pattern)'")
        }
        for (key, pattern) in [("", "*"), ("a.b", "*"), ("a", "a.*"), ("ab", "a*"), ("a.", "a"), ("#", "a")] {
            #expect(!matches(key, pattern), "'\(key)' and '\(pattern)'")
        }
    }

    #if DEBUG
        @Test("A walk that goes wrong is told in the fewest steps that still do")
        func shortened() async throws {
            let fault = try #require(Fault.all.first { $0.name == "queue.purge-dead-letters" })
            let peer = try InProcessPeer(overTCP: false, mind: FaultyMind(fault))
            let run = CaseRun(id: "walks.queues", peer: peer)
            await CaseRun.$current.withValue(run) { await run.perform { try await Walk.check(.queues) } }
            await peer.end()
            let finding = try #require(run.findings.first)
            let numbers = finding.seen.matches(of: /after (\d+) steps/).compactMap { Int($0.1) }
            #expect(try #require(numbers.first) <= 8, "\(finding.seen)")
            #expect(finding.seen.contains("1. channel"), "\(finding.seen)")
        }
    #endif
}
