import ConformanceReport
import Platform
import Testing

/// Compares what a case found with what is on record for the broker, and speaks up when they differ.
struct Judge: Sendable {
    var `case`: Proves
    var title: String
    var test: Test

    /// Says that there is such a case.
    func list() { Results.list(ListedCase(`case`, title: title, rules: rules)) }

    func skip(_ reason: String, on peer: any Peer) {
        let recorded = peer.recorded(`case`)
        write(
            .skipped, recorded: Baseline.Entry(verdict: .skipped, reason: recorded.reason), reason: reason,
            elapsed: .zero, wire: [], on: peer)
    }

    /// `elapsed` is nil for a run that the results do not have: one more of the same case.
    func pronounce(on run: CaseRun, elapsed: Duration?) {
        let findings = run.findings
        let worst = findings.max { $0.verdict.severity < $1.verdict.severity }
        let verdict = run.verdict
        let recorded = run.peer.recorded(`case`)
        let reason = findings.map(\.text).joined(separator: "; ")
        let isSatisfied = isOnRecord(run)
        if let elapsed {
            write(
                verdict, recorded: isSatisfied ? Self.naming(verdict, recorded) : recorded, reason: reason,
                elapsed: elapsed, wire: Transcript.lines(of: run.taps), on: run.peer)
        }
        let place = worst?.place ?? `case`.place
        if !isSatisfied {
            Issue.record("\(explain(verdict, recorded, findings, run))", sourceLocation: place)
        } else if verdict.severity >= Verdict.nonStrict.severity {
            // On record, with its reason: the run stays green and shows it. What is not on record, or not any more, is red above.
            withKnownIssue("\(recorded.reason)") {
                Issue.record("\(`case`.id): \(verdict.rawValue): \(reason)", sourceLocation: place)
            }
        }
    }

    private func isOnRecord(_ run: CaseRun) -> Bool {
        run.peer.recorded(`case`).verdicts.contains {
            Self.isOnRecord(run.verdict, recorded: $0, followsRabbitMQ: run.peer.followsRabbitMQ)
        }
    }

    /// What is on record, for a result that agrees with it by another verdict.
    private static func naming(_ verdict: Verdict, _ recorded: Baseline.Entry) -> Baseline.Entry {
        recorded.verdicts.contains(verdict) ? recorded : Baseline.Entry(verdict: verdict, reason: recorded.reason)
    }

    /// False for a regression and for an unexpected pass: both need somebody to look.
    static func isOnRecord(_ verdict: Verdict, recorded: Verdict, followsRabbitMQ: Bool) -> Bool {
        if verdict == recorded || verdict == .informational { return true }
        // Both truths are known to the case, and a broker that is nobody's follower may keep to either.
        return verdict == .conforms && recorded == .conformsAsRabbitMQ && !followsRabbitMQ
    }

    private var rerun: String {
        // AMQP_URL, which stands before it, is what the program looks for.
        if SourceTree.isReleased { return "\(Environment.current.prefix)conformance --only \(`case`.id)" }
        let path = test.id.description.split(separator: "/").prefix(2).joined(separator: "/")
        let name = path.split(separator: ".").dropFirst().joined(separator: ".").replacing("()", with: "\\(\\)")
        return "\(Environment.current.prefix)swift test --filter '\(name)'"
    }

    private func write(
        _ verdict: Verdict, recorded: Baseline.Entry, reason: String, elapsed: Duration,
        wire: @autoclosure () -> [String], on peer: any Peer
    ) {
        // To put the wire into words takes longer than most cases do.
        guard Results.areRead else { return }
        var result = result(verdict, recorded: recorded, reason: reason, on: peer)
        (result.milliseconds, result.wire) = (elapsed / .milliseconds(1), wire())
        Results.append(result)
    }

    /// What the results file says, without the time that it took and the wire.
    func result(_ verdict: Verdict, recorded: Baseline.Entry, reason: String, on peer: any Peer) -> CaseResult {
        CaseResult(
            id: `case`.id, title: title, rules: rules, verdict: verdict, recorded: recorded.verdicts, reason: reason,
            recordedReason: recorded.reason,
            baseline: peer.baseline.entries[`case`.id].map { "\($0.verdictsText)\t\($0.reason)" }, milliseconds: 0,
            broker: peer.label, chapter: Teaching.current.place(for: `case`.id), rerun: rerun, wire: [])
    }

    private var rules: [CaseResult.Rule] { `case`.rules.map { .init(id: $0, meaning: rule($0)?.meaning ?? "") } }

    private func rule(_ id: String) -> Rule? { (try? Catalogue.current.get())?[id] }

    /// All that a reader needs who sees this case fail for the first time.
    func explain(
        _ verdict: Verdict, _ recorded: Baseline.Entry, _ findings: [CaseRun.Finding], _ run: CaseRun
    ) -> String {
        var text = Explanation(heading: "\(`case`.id): \(verdict.rawValue), on \(run.peer.label)")
        text.add("case", title)
        for id in `case`.rules {
            text.add("rule", "\(rule(id)?.meaning ?? "not in the catalogue") [\(id)]")
            if let rabbitmq = rule(id)?.rabbitmq, !rabbitmq.isEmpty { text.add("", "RabbitMQ: \(rabbitmq)") }
        }
        for finding in findings {
            let place = finding.place.map { "  (\($0.fileName):\($0.line))" } ?? ""
            if let expected = finding.expected { text.add("expected", expected) }
            text.add("seen", finding.seen + place)
        }
        text.add("baseline", recorded.verdictsText + (recorded.reason.isEmpty ? "" : ": \(recorded.reason)"))
        if recorded.verdicts.allSatisfy({ verdict.severity < $0.severity }) {
            text.add("", "It is better than that: correct its line in Baselines, or the case's rabbitmq: text.")
        }
        text.add("taught in", Teaching.current.place(for: `case`.id))
        text.add("run again", rerun)
        text.add(wire: Transcript.lines(of: run.taps))
        return text.text
    }
}

/// The story of a failure: labels on the left, and the wire below.
private struct Explanation {
    private(set) var text: String

    init(heading: String) { text = heading }

    mutating func add(_ label: String, _ words: String) {
        let margin = label + String(repeating: " ", count: 11 - label.count)
        // What is longer than a line, a diff of Swift Testing's for instance, stays in its column.
        text += "\n  " + margin + words.split(separator: "\n").joined(separator: "\n             ")
    }

    /// The end of it: that is where it went wrong, and a results file (CONFORMANCE_RESULTS) has it all.
    mutating func add(wire: [String]) {
        guard !wire.isEmpty else { return add("the wire", "no connection was made") }
        let most = 60
        add("the wire", "-> what the suite sent, <- what the broker sent; A, B… are connections, ch is the channel")
        if wire.count > most { text += "\n    … \(wire.count - most) earlier lines are left out" }
        for line in wire.suffix(most) { text += "\n    " + line }
    }
}
