extension Report {
    /// The report in a few lines for a terminal: how many cases came to which verdict on each broker, and every result that
    /// is not as recorded, with the command that runs that case again.
    public var text: String {
        var lines: [String] = []
        if rows.isEmpty { lines.append("No case was run.") }
        for broker in brokers {
            let counts = Verdict.allCases.map { ($0, count($0, of: broker)) }.filter { $0.1 > 0 }
            lines.append("\(broker): " + counts.map { "\($0.1) \($0.0.rawValue)" }.joined(separator: ", "))
            let told = results(of: broker).filter { $0.verdict.severity >= Verdict.nonStrict.severity }
            let new = told.count { !$0.isAsRecorded }
            if !told.isEmpty { lines.append("    of those that do not conform: \(told.count - new) known, \(new) new") }
        }
        for result in changes {
            lines.append(
                "\(result.id) on \(result.broker): \(result.verdict.rawValue) (baseline: \(result.recordedText))")
            lines += ["    \(result.reason)", "    \(result.rerun)"]
        }
        return lines.map { $0 + "\n" }.joined()
    }
}
