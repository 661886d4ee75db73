extension Report {
    /// The report as one HTML page that needs nothing else: the matrix, and a section for each case.
    public var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>AMQP 0-9-1 conformance</title>
        <style>\(Self.style)</style>
        <h1>AMQP 0-9-1 conformance</h1>
        <p>\(rows.count) cases on \(brokers.count) \(brokers.count == 1 ? "broker" : "brokers"). \(summary)</p>
        \(totals)
        <p class="legend">\(legend)</p>
        <p><input id="filter" type="search" placeholder="filter: topic, 404, failed…" aria-label="Filter the cases">
        <label><input id="deviations" type="checkbox"> only what does not conform somewhere</label></p>
        \(matrix)
        <h2>The cases</h2>
        \(rows.map(section).joined(separator: "\n"))
        <script>\(Self.script)</script>
        </html>

        """
    }

    private var summary: String {
        if rows.isEmpty { return "No case was run." }
        let changes = changes
        guard let first = changes.first else { return "Everything is as on record." }
        return "<a class=\"changed\" href=\"#\(xml(first.id))\">\(changes.count) "
            + "\(changes.count == 1 ? "result is" : "results are") otherwise than on record.</a>"
    }

    private var legend: String {
        Verdict.allCases.map { "<span class=\"\($0.style)\">\($0.mark) \($0.rawValue)</span> \($0.meaning)" }
            .joined(separator: "<br>")
    }

    private var heads: String { brokers.map { "<th><span>\(xml($0))</span></th>" }.joined() }

    private var totals: String {
        let lines = Verdict.allCases.map { verdict in
            let cells = brokers.map { "<td>\(count(verdict, of: $0))</td>" }.joined()
            return "<tr><th class=\"\(verdict.style)\">\(verdict.mark) \(verdict.rawValue)</th>\(cells)</tr>"
        }
        return "<div class=\"wide\"><table><tr><th></th>\(heads)</tr>\(lines.joined())</table></div>"
    }

    private var matrix: String {
        let bodies = areas.map { name, rows in
            let lines = rows.map { row in
                let cells = brokers.map { cell(row.results[$0]) }.joined()
                return "<tr data-words=\"\(words(row))\"\(isConforming(row) ? "" : " data-deviates")>"
                    + "<th><a href=\"#\(xml(row.id))\">\(xml(row.title))</a></th>\(cells)</tr>"
            }
            return "<tbody><tr class=\"area\"><th colspan=\"\(brokers.count + 1)\">\(xml(name))</th></tr>"
                + "\(lines.joined(separator: "\n"))</tbody>"
        }
        return "<div class=\"wide\"><table class=\"matrix\"><thead><tr><th></th>\(heads)</tr></thead>"
            + "\(bodies.joined(separator: "\n"))</table></div>"
    }

    private func isConforming(_ row: Row) -> Bool {
        row.results.values.allSatisfy { $0.isAsRecorded && ($0.verdict == .conforms || $0.verdict == .skipped) }
    }

    private func words(_ row: Row) -> String {
        let verdicts = row.results.values.map { "\($0.verdict.rawValue) \($0.reason)" }
        return xml(([row.id, row.title] + row.rules.map(\.id) + verdicts).joined(separator: " ").lowercased())
    }

    private func cell(_ result: CaseResult?) -> String {
        guard let result else { return "<td></td>" }
        let changed = result.isAsRecorded ? "" : " changed"
        let time = result.verdict == .skipped ? "" : "<small>\(milliseconds(result))</small>"
        return "<td class=\"\(result.verdict.style)\(changed)\" title=\"\(xml(result.verdict.rawValue))\">"
            + "\(result.verdict.mark)\(time)</td>"
    }

    private func milliseconds(_ result: CaseResult) -> String { "\(Int(result.milliseconds.rounded())) ms" }

    private func section(_ row: Row) -> String {
        let rules = row.rules.map { "<p class=\"rule\"><code>\(xml($0.id))</code> \(xml($0.meaning))</p>" }
        return """
            <section id="\(xml(row.id))"><h3>\(xml(row.title))</h3><p><code>\(xml(row.id))</code></p>
            \(rules.joined(separator: "\n"))
            \(brokers.compactMap { row.results[$0] }.map(account).joined(separator: "\n"))
            </section>
            """
    }

    /// One broker's part of a case's section.
    private func account(_ result: CaseResult) -> String {
        var lines = [
            "<p><span class=\"\(result.verdict.style)\">\(result.verdict.mark) \(result.verdict.rawValue)</span> "
                + "<b>\(xml(result.broker))</b> \(result.verdict == .skipped ? "" : milliseconds(result))</p>"
        ]
        if !result.isAsRecorded { lines.append("<p class=\"changed\">On record is: \(result.recorded.rawValue).</p>") }
        if !result.recordedReason.isEmpty { lines.append("<p>\(xml(result.recordedReason))</p>") }
        if !result.reason.isEmpty { lines.append("<p>Seen: \(xml(result.reason))</p>") }
        if !result.wire.isEmpty {
            lines.append(
                "<details><summary>what passed the wire, \(result.wire.count) lines</summary>"
                    + "<p><code>\(xml(result.rerun))</code></p><pre>\(xml(result.wire.joined(separator: "\n")))</pre></details>"
            )
        }
        return lines.joined(separator: "\n")
    }

    /// Colours that hold in both schemes; wide tables scroll by themselves, so the page fits a phone.
    private static let style = """
        :root { color-scheme: light dark; --line: #8884; }
        body { font: 16px/1.45 system-ui, sans-serif; margin: 1rem auto; max-width: 72rem; padding: 0 .8rem; }
        .wide { overflow-x: auto; max-width: 100%; }
        table { border-collapse: collapse; }
        th, td { border: 1px solid var(--line); padding: .2rem .5rem; }
        td { text-align: center; white-space: nowrap; }
        th { text-align: left; font-weight: normal; }
        thead th, table:not(.matrix) tr:first-child th { vertical-align: bottom; font-weight: 600; max-width: 9rem; }
        .matrix tbody th { min-width: 10rem; }
        .area th { font-weight: 600; background: #8882; }
        td small { display: block; opacity: .65; font-size: .68rem; }
        .conforms { background: #2a9d4a55; } .as-rabbitmq { background: #2a7fd055; } .informational { background: #8885; }
        .non-strict { background: #e0a30066; } .failed { background: #d9363e77; } .skipped { background: #8882; }
        span.conforms, span.as-rabbitmq, span.informational, span.non-strict, span.failed, span.skipped
        { padding: 0 .35rem; border-radius: .2rem; }
        .changed { outline: 3px solid #d9363e; outline-offset: -3px; } p.changed, a.changed { padding: .3rem .6rem; }
        .legend { font-size: .9rem; line-height: 1.7; }
        section { border-top: 1px solid var(--line); margin-top: 1.2rem; overflow-wrap: anywhere; }
        section:target { background: #e0a30022; }
        h3 { margin: .6rem 0 0; } section p { margin: .35rem 0; }
        .rule { border-left: 3px solid var(--line); padding-left: .6rem; }
        pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .78rem; background: #8881; padding: .5rem; }
        @media (max-width: 40rem) {
          table { font-size: .8rem; } th, td { padding: .15rem .3rem; } td small { font-size: .6rem; }
          thead th, table:not(.matrix) tr:first-child th { font-size: .68rem; max-width: 4.8rem; overflow-wrap: anywhere; }
          .matrix tbody tr:not(.area) th { min-width: 7.5rem; max-width: 40vw; position: sticky; left: 0; background: Canvas; }
        }
        #filter { font: inherit; width: min(20rem, 100%); box-sizing: border-box; }
        """

    private static let script = """
        const filter = document.getElementById("filter"), deviations = document.getElementById("deviations");
        function update() {
          const words = filter.value.toLowerCase().split(" ").filter(Boolean);
          for (const row of document.querySelectorAll(".matrix tr[data-words]")) {
            row.hidden = !words.every(word => row.dataset.words.includes(word))
              || (deviations.checked && row.dataset.deviates === undefined);
          }
          for (const body of document.querySelectorAll(".matrix tbody")) {
            body.hidden = ![...body.querySelectorAll("tr[data-words]")].some(row => !row.hidden);
          }
        }
        filter.addEventListener("input", update); deviations.addEventListener("change", update);
        """
}

extension Verdict {
    /// The class of its cells.
    fileprivate var style: String {
        switch self {
        case .conforms: "conforms"
        case .conformsAsRabbitMQ: "as-rabbitmq"
        case .informational: "informational"
        case .nonStrict: "non-strict"
        case .failed: "failed"
        case .skipped: "skipped"
        }
    }
}
