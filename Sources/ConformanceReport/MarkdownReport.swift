extension Report {
    /// The report as Markdown: totals, the matrix, and every verdict that needs words.
    public var markdown: String {
        let heads = brokers.map(escaped)
        var lines = ["# AMQP 0-9-1 conformance", ""]
        lines += table(
            head: [""] + heads,
            rows: Verdict.allCases.map { verdict in
                ["\(verdict.mark) \(verdict.rawValue)"] + brokers.map { "\(count(verdict, of: $0))" }
            })
        lines += [""] + Verdict.allCases.map { "- \($0.mark) *\($0.rawValue)*: \($0.meaning)" }
        if !changes.isEmpty {
            lines += ["", "## Differs from the baseline", ""]
            lines += changes.map {
                "- `\($0.id)` on \(escaped($0.broker)): \($0.verdict.rawValue) (baseline: \($0.recordedText)). "
                    + escaped($0.reason)
            }
        }
        for (name, rows) in areas {
            lines += ["", "## \(name)", ""]
            lines += table(
                head: ["case"] + heads,
                rows: rows.map { row in
                    ["`\(row.id)` \(escaped(row.title))"] + brokers.map { row.results[$0]?.verdict.mark ?? "" }
                })
        }
        return (lines + deviations).joined(separator: "\n") + "\n"
    }

    private var deviations: [String] {
        brokers.flatMap { broker in
            let told = results(of: broker).filter { $0.verdict != .conforms && $0.verdict != .skipped }
            let skipped = Dictionary(grouping: results(of: broker).filter { $0.verdict == .skipped }, by: \.reason)
            guard !told.isEmpty || !skipped.isEmpty else { return [String]() }
            var lines = ["", "## Where \(escaped(broker)) differs", ""]
            lines += told.map { result in
                let why = result.recordedReason.isEmpty ? "" : " " + escaped(result.recordedReason)
                return "- `\(result.id)`: \(result.verdict.rawValue).\(why) Seen: \(escaped(result.reason))"
            }
            lines += skipped.sorted { $0.key < $1.key }.map { "- skipped, \($0.value.count): \(escaped($0.key))" }
            return lines
        }
    }

    private func table(head: [String], rows: [[String]]) -> [String] {
        let rule = head.map { $0 == head.first ? "---" : ":---:" }
        return ([head, rule] + rows).map { "| " + $0.joined(separator: " | ") + " |" }
    }

    /// Text of a broker's own must not end a table or a list.
    private func escaped(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ").replacing("|", with: "\\|")
            .replacing("<", with: "&lt;")
    }
}
