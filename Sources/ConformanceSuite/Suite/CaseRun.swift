import AMQPTransport
import AMQPWire
import ConformanceReport
import Synchronization
import Testing

/// One case while it runs: its broker, what its connections said, and what was found.
final class CaseRun: Sendable {
    struct Finding: Sendable {
        var verdict: Verdict
        /// What would have been right, where the case can put it in a word; otherwise `seen` says it all.
        var expected: String?
        var seen: String
        var place: SourceLocation?

        var text: String { expected.map { "expected \($0), got \(seen)" } ?? seen }
    }

    private struct State: Sendable {
        var findings: [Finding] = []
        /// What was as the specification has it where RabbitMQ does otherwise.
        var departures: [Finding] = []
        var taps: [Tap] = []
        var answers: [String] = []
        var virtualHosts: [String] = []
        var users: [String] = []
        var policies: Set<String> = []
        var killedNodes: Set<Int> = []
        var isTracing = false
        /// It has failed, and nobody wants to know more.
        var isOver = false
        /// The whole run was interrupted, so that what it found counts for nothing.
        var isBrokenOff = false
    }

    @TaskLocal static var current: CaseRun?

    /// The run that the calling test is part of. Throws for a test without `.proves`, and for a detached task.
    static func active() throws -> CaseRun {
        guard let current else { throw SuiteError("this test has no .proves(…), so there is no broker for it") }
        return current
    }

    let id: String
    let peer: any Peer
    let patience: Patience
    private let state = Mutex(State())

    init(id: String, peer: any Peer, patience: Patience? = nil) {
        self.id = id
        self.peer = peer
        self.patience = patience ?? (peer.isShared ? .ordinary : .inProcess)
    }

    /// What the worst of its findings makes of it.
    var verdict: Verdict { findings.map(\.verdict).max { $0.severity < $1.severity } ?? .conforms }
    /// A broker that follows RabbitMQ does so throughout: if one part of a case went RabbitMQ's way, a part that went the
    /// specification's is a fault, which the verdict of the whole would hide.
    var findings: [Finding] {
        state.withLock { state in
            let followsHere = peer.followsRabbitMQ && state.findings.contains { $0.verdict == .conformsAsRabbitMQ }
            return state.findings + (followsHere ? state.departures : [])
        }
    }
    var taps: [Tap] { state.withLock { $0.taps } }

    /// It was as the specification has it, and RabbitMQ does otherwise.
    func noteDeparture(fromRabbitMQ expected: String, _ seen: String, at place: SourceLocation?) {
        state.withLock { state in
            state.departures.append(
                Finding(verdict: .failed, expected: "\(expected), as elsewhere RabbitMQ's", seen: seen, place: place))
        }
    }

    func note(_ verdict: Verdict, expected: String? = nil, _ seen: String, at place: SourceLocation?) {
        let taps = state.withLock { state in
            state.findings.append(Finding(verdict: verdict, expected: expected, seen: seen, place: place))
            guard patience.endsAtFailure, verdict == .failed else { return [Tap]() }
            state.isOver = true
            return state.taps
        }
        for tap in taps { tap.stream.abort() }
    }

    /// What the broker has last answered, for people: `#expect(try await …)` says what should have held, and not what was
    /// there instead. A publish begins anew, because what counts is what became of it.
    var answers: [String] { state.withLock { $0.answers } }
    private static let mostAnswers = 12

    func noteAnswer(_ answer: String) {
        state.withLock { state in
            if state.answers.count == Self.mostAnswers { state.answers.removeFirst() }
            state.answers.append(answer)
        }
    }

    func forgetAnswers() { state.withLock { $0.answers.removeAll() } }

    func remember(virtualHost: String) { state.withLock { $0.virtualHosts.append(virtualHost) } }
    func remember(user: String) { state.withLock { $0.users.append(user) } }
    func remember(policy: String) { state.withLock { _ = $0.policies.insert(policy) } }
    func forget(policy: String) { state.withLock { _ = $0.policies.remove(policy) } }

    /// Tracing outlives the case that has failed with it on, and other cases would see it.
    func remember(order words: [String]) {
        guard let word = words.first, ["trace_on", "trace_off"].contains(word) else { return }
        state.withLock { $0.isTracing = word == "trace_on" }
    }

    func remember(killedNodes: [Int]) { state.withLock { $0.killedNodes.formUnion(killedNodes) } }

    /// Cuts its connections and lets it make no others, which ends it soon. What it has declared is still deleted.
    func breakOff() {
        let taps = state.withLock { state in
            (state.isOver, state.isBrokenOff) = (true, true)
            return state.taps
        }
        for tap in taps { tap.stream.abort() }
    }

    var isBrokenOff: Bool { state.withLock { $0.isBrokenOff } }

    /// A new connection to the broker, recorded; to one of its nodes, if it is a cluster.
    func connect(node: Int? = nil) async throws -> Tap {
        if state.withLock({ $0.isOver }) { throw SuiteError("the case has failed already") }
        let stream = if let node { try await peer.connect(node: node) } else { try await peer.connect() }
        let tap = state.withLock { state in
            // A, B, C… in the transcript; a case with more than 26 connections starts over with AA.
            let number = state.taps.count
            let letter = String(UnicodeScalar(UInt8(65 + number % 26)))
            let tap = Tap(stream, name: String(repeating: letter, count: number / 26 + 1))
            state.taps.append(tap)
            return tap
        }
        // It was broken off while it connected.
        if isBrokenOff { tap.stream.abort() }
        return tap
    }

    /// Runs the test's body. No case may hang the suite: after a while its connections are cut, which ends every wait.
    func perform(_ body: @Sendable () async throws -> Void) async {
        let limit = Deadline.ofACase
        let watchdog = Task {
            try await Task.sleep(for: limit)
            note(.failed, "the case did not end within \(limit)", at: nil)
            for tap in taps { tap.stream.abort() }
        }
        defer { watchdog.cancel() }
        do {
            try await body()
        } catch is ExpectationFailedError {
            // `#require` has already recorded why.
        } catch {
            let known = error as? SuiteError
            note(.failed, expected: known?.expected, known?.seen ?? "\(error)", at: known?.place)
        }
    }

    /// Closes what is still open, and deletes from a broker that others use as well what the case left there.
    func cleanUp() async {
        let (taps, virtualHosts, users) = state.withLock { ($0.taps, $0.virtualHosts, $0.users) }
        for tap in taps { tap.stream.abort() }
        let nodes = state.withLock { $0.killedNodes.sorted() }
        if !nodes.isEmpty { try? await peer.start(nodes: nodes) }
        // A broker that each case gets anew has nobody who could stumble over them, and may not even answer any more.
        guard peer.isShared, !Environment.current.wantsFreshBroker else { return }
        let isCutShort = isBrokenOff
        let leftovers = taps.reduce(into: Leftovers()) {
            $0.collect(from: $1.transcript, includingUnanswered: isCutShort)
        }
        await leftovers.delete(from: peer)
        for host in virtualHosts { try? await peer.deleteVirtualHost(host) }
        for user in users { try? await peer.deleteUser(user) }
        for policy in state.withLock({ $0.policies }).sorted() { try? await peer.clearPolicy(policy) }
        if state.withLock({ $0.isTracing }) { try? await peer.administer(["trace_off"]) }
    }
}

/// A reason why a case cannot go on, in a sentence.
struct SuiteError: Error, CustomStringConvertible {
    /// What would have been right, where there is a word for it.
    var expected: String?
    var seen: String
    var place: SourceLocation?

    init(expected: String? = nil, _ seen: String, at place: SourceLocation? = nil) {
        self.expected = expected
        self.seen = seen
        self.place = place
    }

    var description: String { expected.map { "expected \($0), got \(seen)" } ?? seen }
}
