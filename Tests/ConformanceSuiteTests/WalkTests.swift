import AMQPTransport
import AMQPWire
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

    @Test("The model says what a step takes away, and who hears of it")
    func gone() {
        var model = WalkModel(.consumers)
        func take(_ channel: Int, _ deed: WalkStep.Deed) -> WalkModel.Answer {
            model.take(WalkStep(channel: channel, deed: deed))
        }
        var shape = WalkStep.QueueShape()
        shape.isAutoDelete = true
        for name in ["q1", "q2"] { _ = take(0, .declareQueue(name, shape)) }
        _ = take(0, .declareExchange("e1", .init(type: "fanout", isAutoDelete: true)))
        _ = take(0, .bind(.init(source: "e1", destination: .queue("q1"), key: "")))
        for (channel, tag) in [(1, "c2"), (1, "c1"), (2, "c1")] {
            _ = take(channel, .consume("q1", .init(tag: tag, prefetch: 1)))
        }
        _ = take(1, .consume("q2", .init(tag: "c3", prefetch: 1)))
        #expect(take(1, .cancel("c3")).gone == .init(queues: ["q2"]))
        let deleted = take(0, .deleteQueue("q1", ifUnused: false, ifEmpty: false))
        #expect(deleted.gone == .init(exchanges: ["e1"], queues: ["q1"]))
        #expect(deleted.cancels == [1: ["c1", "c2"], 2: ["c1"]])
        #expect(take(0, .close).gone == .init())
    }

    @Test("A walk goes on when what is gone can't be seen any more, and not before")
    func looksUntilGone() async throws {
        // On some brokers a queue that loses its last consumer is there for a moment more.
        let lingers = Fault.request("queue.lingers") { (declare: inout QueueDeclare, memory) in
            if declare.passive, memory.count < 3 {
                memory.count += 1
                declare.queue = "another"
            }
        }
        let peer = SharedPeer(try InProcessPeer(overTCP: false, mind: FaultyMind(lingers)))
        let run = CaseRun(id: "walks.consumers", peer: peer)
        await CaseRun.$current.withValue(run) {
            await run.perform {
                let another = try await Probe.openChannel()
                try await another.declareQueue("another", exclusive: false)
                let walker = try await Walker(.consumers)
                #expect(try await walker.leftOver(.init(exchanges: ["e1"], queues: ["q1"])) == nil)
                await walker.end()
            }
        }
        await peer.end()
        #expect(run.findings.isEmpty, "\(run.findings)")
        let looks = Transcript.lines(of: run.taps).filter { $0.contains("->") && $0.contains(".q1") }
        #expect(looks.count == 4, "\(looks)")
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

/// Our broker as one that others use as well, and that takes its time.
private struct SharedPeer: Peer {
    private let peer: InProcessPeer
    let isShared = true

    init(_ peer: InProcessPeer) { self.peer = peer }

    var label: String { peer.label }
    var baseline: Baseline { peer.baseline }
    var release: Release? { peer.release }
    var login: Login { peer.login }

    func connect() async throws -> any ByteStream { try await peer.connect() }
    func advance(milliseconds: Int) async throws -> Bool { try await peer.advance(milliseconds: milliseconds) }
    func lacks(_ need: Need) -> String? { peer.lacks(need) }
    func end() async { await peer.end() }
}
