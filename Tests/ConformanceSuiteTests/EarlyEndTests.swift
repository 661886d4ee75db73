import AMQPTransport
import AMQPWire
import Synchronization
import Testing

@testable import ConformanceSuite

@Suite("Runs that end before their last case") struct EarlyEndTests {
    @Test("An interrupted case is cut off and connects no more, and no other begins")
    func interrupted() async throws {
        let gate = Gate(width: 2)
        let underway = Underway(gate)
        let run = CaseRun(id: "a.b", peer: RudeBroker())
        underway.begin(run)
        let probe = Probe(try await run.connect())
        await underway.interrupt(by: 2)
        #expect(try await probe.end() != nil)
        #expect(run.isBrokenOff)
        await #expect(throws: SuiteError.self) { _ = try await run.connect() }
        #expect(await !gate.enter(alone: false))
        underway.passOver()
        #expect(underway.end == .interrupted(by: 2))
        #expect(underway.sentence == "interrupted: 1 more case was not run; what the others had declared was deleted")
        // It was let in a moment before.
        let late = CaseRun(id: "a.c", peer: RudeBroker())
        underway.begin(late)
        #expect(late.isBrokenOff)
    }

    @Test("A broker that lets nobody in any more ends the run, and the cases that were being run are named")
    func brokerLost() async throws {
        let patience = Patience(answer: 0.01, wholeCase: 1)
        #expect(await !CaseRun(id: "a.b", peer: AbsentBroker(), patience: patience).reachesBroker())
        #expect(await CaseRun(id: "a.b", peer: RudeBroker()).reachesBroker())

        let gate = Gate(width: 2)
        let underway = Underway(gate)
        #expect(underway.sentence == nil)
        let runs = ["over.already", "b.x", "a.x"].map { CaseRun(id: $0, peer: RudeBroker()) }
        for run in runs { underway.begin(run) }
        underway.finish(runs[0])
        await underway.loseBroker()
        for _ in 1...2 { underway.passOver() }
        #expect(await !gate.enter(alone: true))
        #expect(runs.allSatisfy { !$0.isBrokenOff }, "their failures tell something")
        #expect(
            underway.sentence
                == "the broker lets nobody in any more: 2 more cases were not run. While it went, these were: a.x, b.x")
    }

    @Test("A queue that has the name of an exclusive one before it is deleted when its case is over")
    func nameUsedTwice() async throws {
        let peer = try InProcessPeer(overTCP: false)
        let run = CaseRun(id: "a.b", peer: peer)
        try await CaseRun.$current.withValue(run) {
            let channel = try await Probe.openChannel()
            let queue = try await channel.declareQueue()
            _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self)
            try await channel.declareQueue(queue, exclusive: false)
            var leftovers = Leftovers()
            for tap in run.taps { leftovers.collect(from: tap.transcript) }
            await leftovers.delete(from: peer)
            #expect(try await !channel.exists(queue: queue))
        }
        await peer.end()
    }

    @Test("A queue whose declaration was not answered yet is deleted, too, where the run was interrupted")
    func unanswered() async throws {
        let peer = try InProcessPeer(overTCP: false)
        try await CaseRun.$current.withValue(CaseRun(id: "a.b", peer: peer)) {
            let channel = try await Probe.openChannel()
            let queue = try await channel.declareQueue(exclusive: false)
            var writer = FrameWriter()
            writer.method(QueueDeclare(queue: queue), channel: 1)
            let transcript = Transcript(name: "A")
            transcript.append(writer.octets, from: .client)
            for isInterrupted in [false, true] {
                var leftovers = Leftovers()
                leftovers.collect(from: transcript, includingUnanswered: isInterrupted)
                await leftovers.delete(from: peer)
                #expect(try await channel.exists(queue: queue) != isInterrupted)
            }
        }
        await peer.end()
    }

    @Test("Tracing that a case has left on is switched off when it is over", arguments: [false, true])
    func tracing(isOff: Bool) async throws {
        let peer = AdministeredBroker()
        let run = CaseRun(id: "a.b", peer: peer)
        try await CaseRun.$current.withValue(run) {
            try await administer("trace_on")
            if isOff { try await administer("trace_off") }
        }
        await run.cleanUp()
        #expect(peer.orders == ["trace_on", "trace_off"])
    }
}

/// A broker of others' that does as it is told, and remembers what that was.
private final class AdministeredBroker: Peer {
    let label = "an administered broker"
    let baseline = Baseline()
    let release: Release? = nil
    let isShared = true
    let login = Login()
    private let told = Mutex<[String]>([])

    var orders: [String] { told.withLock { $0 } }

    func connect() async throws -> any ByteStream { throw SuiteError("nobody is there") }
    func advance(milliseconds: Int) async throws -> Bool { true }
    func lacks(_ need: Need) -> String? { nil }
    func administer(_ words: [String]) async throws { told.withLock { $0 += words } }
}

/// A broker that nobody reaches.
private struct AbsentBroker: Peer {
    let label = "an absent broker"
    let baseline = Baseline()
    let release: Release? = nil
    let isShared = false
    let login = Login()

    func connect() async throws -> any ByteStream { throw SuiteError("nobody is there") }
    func advance(milliseconds: Int) async throws -> Bool { true }
    func lacks(_ need: Need) -> String? { nil }
}
