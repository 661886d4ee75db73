/// A broker's file in Baselines, as results have it: the lines on record that still hold, and drafts of those that are
/// missing. What a draft gives as the reason is what was seen; a person writes why.
public struct BaselineDraft: Sendable {
    public private(set) var lines: [String] = []

    /// Each report is a run: of the same case they may say different things, and all of it goes on record.
    public init(_ runs: [Report]) {
        let results = runs.flatMap { run in run.brokers.flatMap { run.results(of: $0) } }
        for (broker, results) in Dictionary(grouping: results, by: \.broker).sorted(by: { $0.key < $1.key }) {
            lines.append("# \(broker)")
            for (id, results) in Dictionary(grouping: results, by: \.id).sorted(by: { $0.key < $1.key }) {
                lines += Self.lines(id, results)
            }
        }
    }

    /// What the runs made of one case.
    private static func lines(_ id: String, _ results: [CaseResult]) -> [String] {
        let recorded = results.compactMap(\.baseline).first
        if results.allSatisfy(\.isAsRecorded) { return recorded.map { ["\(id)\t\($0)"] } ?? [] }
        let told = results.filter { $0.verdict != .informational && $0.verdict != .skipped }
        // The worst first.
        let verdicts = Set(told.map(\.verdict)).sorted { $0.severity > $1.severity }
        let before = recorded.map { ["# \(id) was recorded as \($0.replacing("\t", with: ": "))"] } ?? []
        if verdicts == [.conforms], recorded != nil { return before + ["# \(id) conforms now: it needs no line"] }
        let worst = told.max { $0.verdict.severity < $1.verdict.severity }
        let seen = (worst?.reason ?? "").split { $0.isNewline || $0 == "\t" }.joined(separator: " ")
        // Nothing is said of what is right; where it was to be as RabbitMQ is not, the case says what that does.
        let reason = seen.isEmpty ? "RabbitMQ differs: \(worst?.recordedReason ?? "")" : seen
        return before + ["\(id)\t\(verdicts.map(\.rawValue).joined(separator: " or "))\t\(reason)"]
    }
}
