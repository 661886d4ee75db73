import BrokerCore
import ConformanceReport
import Synchronization
import Testing

/// Runs a case on one broken broker after the other, in place of its ordinary run (`CONFORMANCE_FAULT`).
///
/// All faults in one process: what differs between two broken brokers is a closure, and a process for each would spend
/// its time starting. Results go to the file that CONFORMANCE_RESULTS names, a line each, separated by tabs:
/// fault, case, what became of it (caught, missed, skipped), milliseconds, and what was seen. Each fault has a line first,
/// listed, that says whether it is a quirk of the broker's.
enum FaultRuns {
    /// The faults that were asked for; nil: none was, and the suite is the suite.
    static let selected: Result<[Fault], SuiteError>? = Environment.current.fault.map { text in
        let chosen = choose(text)
        // Also those that no case will be run with: that nobody notices them must not go unnoticed.
        for fault in (try? chosen.get()) ?? [] {
            append("\(fault.name)\t-\tlisted\t0\t\(fault.quirk == nil ? "" : "quirk")")
        }
        return chosen
    }

    private static func choose(_ text: String) -> Result<[Fault], SuiteError> {
        if text == "all" { return .success(Fault.all) }
        var faults: [Fault] = []
        for name in text.split(separator: ",").map(String.init) {
            let matching = Fault.all.filter { $0.name == name || name.hasSuffix(".") && $0.name.hasPrefix(name) }
            if matching.isEmpty { return .failure(SuiteError("CONFORMANCE_FAULT: no fault is called \(name)")) }
            faults += matching
        }
        return .success(faults)
    }

    private static let lock = Mutex(())

    static func run(
        _ case: Proves, _ faults: [Fault], _ test: Test, _ testCase: Test.Case?,
        _ body: @Sendable () async throws -> Void
    ) async throws {
        // A sound broker first, with the same machinery. It must be missed, however slow the machine is.
        guard let sound = try await attempt(`case`, .none, .v3_10, .inProcess, test, testCase, body) else { return }
        var missed: [Fault] = []
        for fault in faults {
            let run =
                sound.rehearsal.isSpoilt(by: fault)
                ? try await attempt(
                    `case`, fault, .v3_10, .withABrokenBroker(sound: sound.elapsed), test, testCase, body) : nil
            if run?.isCaught != true, fault.quirk != nil { missed.append(fault) }
        }
        guard `case`.rabbitmq?.hasVersions == true, !missed.isEmpty else { return }
        // What 3.10 does not come by, or what makes no difference there, another release may.
        for dialect in Dialect.allCases where dialect != .v3_10 {
            guard let sound = try await attempt(`case`, .none, dialect, .inProcess, test, testCase, body) else {
                continue
            }
            for (place, fault) in missed.enumerated().reversed() where sound.rehearsal.isSpoilt(by: fault) {
                let run = try await attempt(
                    `case`, fault, dialect, .withABrokenBroker(sound: sound.elapsed), test, testCase, body)
                if run?.isCaught == true { missed.remove(at: place) }
            }
        }
    }

    /// Nil: the case cannot be run on the broker in process.
    private static func attempt(
        _ case: Proves, _ fault: Fault, _ dialect: Dialect, _ patience: Patience, _ test: Test, _ testCase: Test.Case?,
        _ body: @Sendable () async throws -> Void
    ) async throws -> (rehearsal: Rehearsal, isCaught: Bool, elapsed: Duration)? {
        let mind = FaultyMind(fault, isRehearsing: fault.name == Fault.none.name)
        let peer = try InProcessPeer(
            for: `case`.id, overTCP: false, needs: `case`.needs, dialect: dialect, mind: mind)
        if let reason = `case`.needs.sorted().lazy.compactMap({ peer.lacks($0) }).first {
            write(fault, `case`, "skipped", .zero, reason)
            await peer.end()
            return nil
        }
        let (run, elapsed) = try await CaseRun.attempt(`case`, on: peer, patience: patience, test, testCase, body)
        let verdict = run.findings.map(\.verdict).max { $0.severity < $1.severity } ?? .conforms
        let isCaught = !peer.recorded(`case`).verdicts.contains {
            Judge.isOnRecord(verdict, recorded: $0, followsRabbitMQ: peer.followsRabbitMQ)
        }
        // The first is what the fault did; those behind it are what the case made of it.
        let seen = run.findings.first { $0.verdict == verdict }?.text ?? "\(verdict.rawValue)"
        write(fault, `case`, isCaught ? "caught" : "missed", elapsed, isCaught ? seen : "")
        return (mind.rehearsal, isCaught, elapsed)
    }

    private static func write(
        _ fault: Fault, _ case: Proves, _ outcome: String, _ elapsed: Duration, _ seen: String
    ) {
        let text = seen.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(300)
        let milliseconds = Int(elapsed / .milliseconds(1))
        append("\(fault.name)\t\(`case`.id)\t\(outcome)\t\(milliseconds)\t\(text)")
    }

    private static func append(_ line: String) { lock.withLock { _ in Results.appendToFile(line.utf8) } }
}
