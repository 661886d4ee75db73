import ConformanceReport
import TestSupport
import Testing

@testable import ConformanceSuite

/// What the suite decides by itself, apart from any broker.
@Suite("How verdicts are judged") struct SuiteTests {
    @Test("A regression and an unexpected pass are both otherwise than on record")
    func changes() {
        func isOnRecord(_ verdict: Verdict, _ recorded: Verdict) -> Bool {
            Judge.isOnRecord(verdict, recorded: recorded, followsRabbitMQ: true)
        }
        #expect(isOnRecord(.conforms, .conforms))
        #expect(isOnRecord(.failed, .failed))
        #expect(isOnRecord(.informational, .conforms))
        #expect(!isOnRecord(.failed, .conforms))
        #expect(!isOnRecord(.conforms, .failed))
        #expect(!isOnRecord(.nonStrict, .failed))
        #expect(!isOnRecord(.conforms, .conformsAsRabbitMQ))
    }

    @Test("Where the case knows two truths, only a follower of RabbitMQ is held to the second")
    func twoTruths() {
        #expect(Judge.isOnRecord(.conforms, recorded: .conformsAsRabbitMQ, followsRabbitMQ: false))
        #expect(!Judge.isOnRecord(.failed, recorded: .conformsAsRabbitMQ, followsRabbitMQ: false))
    }

    @Test("A baseline is read with its reasons; a line without one is refused")
    func baseline() throws {
        let baseline = try Baseline("# a comment\ntopic.x\tfailed\tnot built yet\n")
        #expect(baseline.entries == ["topic.x": .init(verdict: .failed, reason: "not built yet")])
        let varying = try Baseline("topic.x\tfailed or conforms\tnow this, now that\n")
        #expect(varying.entries["topic.x"]?.verdicts == [.failed, .conforms])
        #expect(throws: Baseline.Malformed.self) { try Baseline("topic.x\tfailed or broken\twhy\n") }
        #expect(throws: Baseline.Malformed.self) { try Baseline("topic.x\tfailed\t\n") }
        #expect(throws: Baseline.Malformed.self) { try Baseline("topic.x\tbroken\twhy\n") }
    }

    @Test("Of the records of a broker the version's own counts, else that of any version, else the nearest")
    func recordOfAVersion() {
        let files = ["rabbitmq-3.10.8.tsv", "rabbitmq-4.0.5.tsv", "rabbitmq-4.3.6.tsv", "garagemq.tsv", "notes.md"]
        func stem(_ name: String, _ version: String) -> String? { Baseline.stem(for: name, version, among: files) }
        #expect(stem("RabbitMQ", "4.0.5") == "rabbitmq-4.0.5")
        #expect(stem("RabbitMQ", "4.0.9") == "rabbitmq-4.0.5")
        #expect(stem("RabbitMQ", "4.0.1") == "rabbitmq-4.0.5")
        #expect(stem("RabbitMQ", "4.1.0") == "rabbitmq-4.0.5")
        #expect(stem("RabbitMQ", "5.0.0") == "rabbitmq-4.3.6")
        #expect(stem("RabbitMQ", "3.9.0") == "rabbitmq-3.10.8")
        #expect(stem("GarageMQ", "0.1") == "garagemq")
        #expect(stem("LavinMQ", "2.9.1") == nil)
        #expect(stem("RabbitMQ", "none") == nil)
    }

    @Test("What RabbitMQ does is said of all releases, of those from one on, or of those before one")
    func truthsOfReleases() {
        let (old, middle, new): (Release, Release, Release) = ("3.10.8", "4.0.5", "4.3.6")
        #expect(old < middle && middle < new)
        // As text that comes from a broker, not as a literal.
        #expect(["4", "4.0.5-rc.1", "x", ""].map { text in Release(text)?.description } == ["4", "4.0.5", nil, nil])
        let always: OtherTruth = "always"
        #expect([old, middle, new].allSatisfy { always.sentence(for: $0) == "always" } && !always.hasVersions)
        let later = OtherTruth.from("4.0", "later")
        #expect([old, middle, new].map { later.sentence(for: $0) } == [nil, "later", "later"] && later.hasVersions)
        let both = OtherTruth.before("4.0", "once").from("4.3", "now")
        #expect([old, middle, new].map { both.sentence(for: $0) } == ["once", nil, "now"])
        // A broker that follows no release may do whatever one of them does.
        #expect(both.sentence(for: nil) == "once now")
    }

    @Test("A result has the case's line in the baseline, also when it does not agree with it")
    func baselineOfAResult() throws {
        let peer = RudeBroker(baseline: try Baseline("topic.x\tfailed or conforms\tnow this, now that\n"))
        func result(of id: String) throws -> CaseResult {
            let proves = Proves(id: id, rules: [], needs: [], rabbitmq: nil, place: #_sourceLocation)
            let judge = Judge(case: proves, title: "", test: try #require(Test.current))
            return judge.result(.nonStrict, recorded: peer.recorded(proves), reason: "", on: peer)
        }
        #expect(try result(of: "topic.x").baseline == "failed or conforms\tnow this, now that")
        #expect(try result(of: "topic.y").baseline == nil)
    }

    @Test("A failure tells the rule, what was expected and seen, the chapter, the command and the wire")
    func explanation() async throws {
        let peer = try InProcessPeer(overTCP: false)
        let run = CaseRun(id: "topic.x", peer: peer)
        try await CaseRun.$current.withValue(run) {
            let channel = try await Probe.openChannel()
            expect(try await channel.outcome(), .channelClose(.notFound, .accessRefused))
        }
        let test = try #require(Test.current)
        let proves = Proves(
            id: "topic.x", rules: ["spec/3.1.3.3/hash-is-any-words"], needs: [], rabbitmq: nil, place: #_sourceLocation)
        let text = Judge(case: proves, title: "what it is about", test: test)
            .explain(.failed, Baseline.Entry(verdict: .conforms, reason: ""), run.findings, run)
        await peer.end()
        for line in [
            "topic.x: failed, on Messaging Patterns, in memory", "case       what it is about",
            "rule       In a topic binding key, # stands for zero or more words. [spec/3.1.3.3/hash-is-any-words]",
            "expected   channel.close 404 NOT_FOUND or channel.close 403 ACCESS_REFUSED",
            "seen       taken  (SuiteTests",
            "baseline   conforms", "taught in  Tutorials/05-topic/README.md",
            "swift test --filter 'SuiteTests/explanation\\(\\)'", "A -> ch 1 channel.open",
            "A <- ch 1 exchange.declare-ok",
        ] {
            #expect(text.contains(line), "\(text)")
        }
    }

    @Test("A case that goes RabbitMQ's way must do so throughout, on a broker that follows it")
    func departures() async throws {
        for (peer, verdicts) in [
            (try InProcessPeer(overTCP: false) as any Peer, [Verdict.conformsAsRabbitMQ, .failed, .conforms]),
            (RudeBroker(baseline: try Baseline("")), [.conformsAsRabbitMQ, .conformsAsRabbitMQ, .conforms]),
        ] {
            let ways: [[Outcome]] = [
                [.channelClose(.notFound), .channelClose(.notFound)], [.channelClose(.notFound), .ok], [.ok, .ok],
            ]
            for (outcomes, verdict) in zip(ways, verdicts) {
                let run = CaseRun(id: "x", peer: peer)
                CaseRun.$current.withValue(run) {
                    for outcome in outcomes { expect(outcome, .ok, rabbitmq: .channelClose(.notFound)) }
                }
                #expect(run.verdict == verdict)
            }
            await peer.end()
        }
    }

    @Test("A word for a shell stays one word", arguments: ["plain", "", "two words", "it's", "a|b"])
    func quotedWord(_ word: String) async throws {
        try await Shell.run("set -- \(shellQuoted(word)) ; [ $# = 1 ] && [ ${#1} = \(word.count) ]")
    }

    @Test("Every fault has a name of its own, area.words-with-hyphens")
    func namesOfFaults() {
        let names = Fault.all.map(\.name)
        #expect(Set(names).count == names.count)
        let malformed = names.filter { $0.wholeMatch(of: /[a-z-]+\.[a-z0-9.-]+/) == nil }
        #expect(malformed == [])
    }

    @Test("At most `width` are inside the gate, and who wants to be alone is")
    func gate() async throws {
        let gate = Gate(width: 2)
        #expect(await gate.enter(alone: false))
        let alone = Task { await gate.enter(alone: true) }
        try await until { await gate.waiting == 1 }
        // Arrived later, so it waits as well, although there is room.
        let late = Task { await gate.enter(alone: false) }
        try await until { await gate.waiting == 2 }
        await gate.leave()
        #expect(await alone.value)
        #expect(await gate.waiting == 1)
        await gate.leave()
        #expect(await late.value)
        #expect(await gate.waiting == 0)
    }

    @Test("A gate that is shut sends away who waits, and who comes later")
    func shutGate() async throws {
        let gate = Gate(width: 1)
        #expect(await gate.enter(alone: false))
        let waiting = Task { await gate.enter(alone: false) }
        try await until { await gate.waiting == 1 }
        await gate.shut()
        #expect(await !waiting.value)
        await gate.leave()
        #expect(await !gate.enter(alone: false))
    }
}
