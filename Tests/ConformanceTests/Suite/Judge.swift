import ConformanceReport
import Testing

/// Compares what a case found with what is on record for the broker, and speaks up when they differ.
struct Judge: Sendable {
    var `case`: Proves
    var title: String
    var test: Test

    func skip(_ reason: String, on peer: any Peer) {
        let recorded = peer.recorded(`case`)
        write(
            .skipped, recorded: Baseline.Entry(verdict: .skipped, reason: recorded.reason), reason: reason,
            elapsed: .zero, wire: [], broker: peer.label)
    }

    func pronounce(on run: CaseRun, elapsed: Duration) {
        let findings = run.findings
        let worst = findings.max { $0.verdict.severity < $1.verdict.severity }
        let verdict = worst?.verdict ?? .conforms
        let recorded = run.peer.recorded(`case`)
        let reason = findings.map(\.text).joined(separator: "; ")
        let isSatisfied = Self.isOnRecord(
            verdict, recorded: recorded.verdict, followsRabbitMQ: run.peer.followsRabbitMQ)
        write(
            verdict, recorded: isSatisfied ? Baseline.Entry(verdict: verdict, reason: recorded.reason) : recorded,
            reason: reason, elapsed: elapsed, wire: Transcript.lines(of: run.taps), broker: run.peer.label)
        let place = worst?.place ?? `case`.place
        if !isSatisfied {
            Issue.record("\(explain(verdict, recorded, findings, run))", sourceLocation: place)
        } else if verdict.severity >= Verdict.nonStrict.severity {
            withKnownIssue("\(recorded.reason)") {
                Issue.record("\(`case`.id): \(verdict.rawValue): \(reason)", sourceLocation: place)
            }
        }
    }

    /// False for a regression and for an unexpected pass: both need somebody to look.
    static func isOnRecord(_ verdict: Verdict, recorded: Verdict, followsRabbitMQ: Bool) -> Bool {
        if verdict == recorded || verdict == .informational { return true }
        // Both truths are known to the case, and a broker that is nobody's follower may keep to either.
        return verdict == .conforms && recorded == .conformsAsRabbitMQ && !followsRabbitMQ
    }

    private var rerun: String {
        let path = test.id.description.split(separator: "/").prefix(2).joined(separator: "/")
        let name = path.split(separator: ".").dropFirst().joined(separator: ".").replacing("()", with: "\\(\\)")
        return "\(Environment.current.prefix)swift test --filter '\(name)'"
    }

    private func write(
        _ verdict: Verdict, recorded: Baseline.Entry, reason: String, elapsed: Duration, wire: [String],
        broker: String
    ) {
        let milliseconds = elapsed / .milliseconds(1)
        ResultsFile.append(
            CaseResult(
                id: `case`.id, title: title,
                rules: `case`.rules.map { .init(id: $0, meaning: rule($0)?.meaning ?? "") }, verdict: verdict,
                recorded: recorded.verdict, reason: reason, recordedReason: recorded.reason,
                milliseconds: milliseconds, broker: broker, rerun: rerun, wire: wire))
    }

    private func rule(_ id: String) -> Rule? { (try? Catalogue.current.get())?[id] }

    /// All that a reader needs who sees this case fail for the first time.
    private func explain(
        _ verdict: Verdict, _ recorded: Baseline.Entry, _ findings: [CaseRun.Finding], _ run: CaseRun
    ) -> String {
        var lines = [
            "\(`case`.id) on \(run.peer.label): \(verdict.rawValue); on record is: \(recorded.verdict.rawValue)"
        ]
        if !recorded.reason.isEmpty { lines.append("recorded  \(recorded.reason)") }
        if verdict.severity < recorded.verdict.severity {
            lines.append("better    than on record: remove or correct its line in Baselines, or its rabbitmq: text")
        }
        for id in `case`.rules {
            lines.append("rule      \(id): \(rule(id)?.meaning ?? "not in the catalogue")")
            if let rabbitmq = rule(id)?.rabbitmq, !rabbitmq.isEmpty { lines.append("          RabbitMQ: \(rabbitmq)") }
        }
        for finding in findings {
            let place = finding.place.map { " (\($0.fileName):\($0.line))" } ?? ""
            lines.append("seen      \(finding.text)\(place)")
        }
        lines.append("taught    \(Chapter.of(`case`.id))")
        lines.append("again     \(rerun)")
        let wire = Transcript.lines(of: run.taps)
        // The end is where it went wrong; a results file (CONFORMANCE_RESULTS) has all of it.
        if wire.count > 60 { lines.append("wire      (\(wire.count - 60) earlier lines)") }
        lines += wire.suffix(60).map { "wire      \($0)" }
        return lines.joined(separator: "\n")
    }
}
