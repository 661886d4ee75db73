extension Report {
    /// The report as one HTML page that needs nothing else: an overview, the matrix, and a section for each case.
    public var html: String { page(isLight: false) }

    /// - Parameter isLight: with no wire logs in it, see ``lightPage``.
    func page(isLight: Bool) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>AMQP 0-9-1 conformance</title>
        <style>\(Self.style)</style>
        <h1>AMQP 0-9-1 conformance</h1>
        <p>\(rows.count) \(rows.count == 1 ? "case" : "cases") on \(brokers.count) \(brokers.count == 1 ? "broker" : "brokers"). \(summary)</p>
        \(notes.map { "<p class=\"small\">\(xml($0))</p>" }.joined(separator: "\n"))
        \(totals)
        <h2>By area</h2>
        <p>Of the cases of an area that could be run, how many conform, strictly or as RabbitMQ.</p>
        \(overview)
        <h2>Case by case</h2>
        <p><input id="filter" type="search" placeholder="filter: topic, 404, failed…" aria-label="Filter the cases">
        <label><input id="deviations" type="checkbox"> hide the cases that conform on every broker</label></p>
        \(matrix(isLight))
        <h2>The cases</h2>
        <p>In the wire logs, <span class="sent">-&gt;</span> is what the suite sent and
        <span class="got">&lt;-</span> what the broker sent; A, B… are connections, ch is the channel. A long log
        shows its beginning and its end; report.json has all of it.</p>
        \(rows.map { isLight ? lightSection($0) : section($0) }.joined(separator: "\n"))
        <script>\(Self.script)\(isLight ? Self.loader : "")</script>
        </html>

        """
    }

    private var summary: String {
        if rows.isEmpty { return "No case was run." }
        let changes = changes
        guard let first = changes.first else { return "Every result is as recorded." }
        return "<a class=\"changed\" href=\"#\(xml(first.id))\">\(changes.count) "
            + "\(changes.count == 1 ? "result differs" : "results differ") from the baseline.</a>"
    }

    private var heads: String { brokers.map { "<th scope=\"col\">\(xml($0))</th>" }.joined() }

    /// The verdicts, what each means, and how often each broker got it.
    private var totals: String {
        let lines = Verdict.allCases.map { verdict in
            let cells = brokers.map { broker in
                let count = count(verdict, of: broker)
                return count == 0 ? "<td class=\"none\">0</td>" : "<td>\(count)</td>"
            }
            return "<tr><th class=\"\(verdict.style)\">\(verdict.mark) \(verdict.rawValue)"
                + "<small>\(verdict.meaning)</small></th>\(cells.joined())</tr>"
        }
        return table("totals", "", lines)
    }

    private var overview: String {
        table(
            "overview", "area",
            areas.map { name, rows in
                let cells = brokers.map { broker in
                    share(rows.compactMap { $0.results[broker] }.filter { $0.verdict != .skipped })
                }
                return "<tr><th><a href=\"#area-\(xml(name))\">\(xml(name))</a></th>\(cells.joined())</tr>"
            })
    }

    /// A cell that is as green as its broker is conforming.
    private func share(_ results: [CaseResult]) -> String {
        if results.isEmpty { return "<td class=\"skipped\">–</td>" }
        let good = results.count { $0.verdict.severity < Verdict.nonStrict.severity }
        let style = good == results.count ? "conforms" : good * 2 >= results.count ? "non-strict" : "failed"
        let changed = results.allSatisfy(\.isAsRecorded) ? "" : " changed"
        return "<td class=\"\(style)\(changed)\">\(good)<small>/\(results.count)</small></td>"
    }

    private func table(_ style: String, _ corner: String, _ lines: [String]) -> String {
        "<div class=\"wide\"><table class=\"\(style)\"><thead><tr><th>\(corner)</th>\(heads)</tr></thead>"
            + "\(lines.joined(separator: "\n"))</table></div>"
    }

    private func matrix(_ isLight: Bool) -> String {
        table(
            "matrix", "case",
            areas.map { name, rows in
                let lines = rows.map { row in
                    let cells = brokers.map { isLight ? lightCell(row.results[$0]) : cell(row.results[$0]) }.joined()
                    return "<tr data-words=\"\(words(row))\"\(isConforming(row) ? "" : " data-deviates")>"
                        + "<th><a href=\"#\(xml(row.id))\">\(xml(row.title))</a></th>\(cells)</tr>"
                }
                return "<tbody id=\"area-\(xml(name))\"><tr class=\"area\"><th colspan=\"\(brokers.count + 1)\">"
                    + "\(xml(name))</th></tr>\(lines.joined(separator: "\n"))</tbody>"
            })
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
        let hover = [result.broker, result.verdict.rawValue, result.reason].filter { !$0.isEmpty }
            .joined(separator: ": ")
        return "<td class=\"\(result.verdict.style)\(changed)\" title=\"\(xml(String(hover.prefix(300))))\">"
            + "\(result.verdict.mark)\(time)</td>"
    }

    private func milliseconds(_ result: CaseResult) -> String { "\(Int(result.milliseconds.rounded())) ms" }

    private func section(_ row: Row) -> String {
        section(row, brokers.compactMap { row.results[$0] }.map { account($0) }.joined(separator: "\n"))
    }

    func section(_ row: Row, _ accounts: String) -> String {
        let rules = row.rules.map { "<p class=\"rule\">\(xml($0.meaning)) <code>\(xml($0.id))</code></p>" }
        let chapter = brokers.lazy.compactMap { row.results[$0]?.chapter }.first { !$0.isEmpty }
        return """
            <section id="\(xml(row.id))"><h3>\(xml(row.title))</h3><p class="small"><code>\(xml(row.id))</code></p>
            \(rules.joined(separator: "\n"))
            \(chapter.map { "<p class=\"small\">Taught in \(xml($0))</p>" } ?? "")
            \(accounts)
            </section>
            """
    }

    /// One broker's part of a case's section.
    func account(_ result: CaseResult, withLog: Bool = true) -> String {
        var lines = [
            "<div class=\"account\"><p><span class=\"\(result.verdict.style)\">"
                + "\(result.verdict.mark) \(result.verdict.rawValue)</span> "
                + "<b>\(xml(result.broker))</b> \(result.verdict == .skipped ? "" : milliseconds(result))</p>"
        ]
        if !result.isAsRecorded { lines.append("<p class=\"changed\">Baseline: \(result.recordedText).</p>") }
        if result.recorded.count > 1 { lines.append("<p>It varies: \(result.recordedText).</p>") }
        if !result.recordedReason.isEmpty { lines.append("<p>\(xml(result.recordedReason))</p>") }
        if !result.reason.isEmpty { lines.append("<p class=\"small\">Seen: \(xml(result.reason))</p>") }
        if withLog, !result.wire.isEmpty {
            lines.append(
                "<details><summary>The wire log, and how to run the case again</summary>"
                    + "<p><code>\(xml(result.rerun))</code></p>\(log(result.wire))</details>")
        }
        return lines.joined(separator: "\n") + "</div>"
    }

    private func log(_ wire: [String]) -> String {
        "<pre>\(Self.shortened(wire).map(line).joined(separator: "\n"))</pre>"
    }

    /// Without the middle of what is long.
    static func shortened(_ wire: [String]) -> [String] {
        let (first, last) = (60, 140)
        guard wire.count > first + last else { return wire }
        return wire.prefix(first) + ["… \(wire.count - first - last) lines …"] + wire.suffix(last)
    }

    private func line(_ wire: String) -> String {
        // `12 ms A -> ch 1 basic.publish …`: the arrow is the fourth word.
        let words = wire.split(separator: " ", maxSplits: 4)
        guard words.count > 3, words[3] == "->" || words[3] == "<-" else { return xml(wire) }
        return "<span class=\"\(words[3] == "->" ? "sent" : "got")\">\(xml(wire))</span>"
    }

    /// Colours that hold in both schemes. On a narrow screen wide tables scroll by themselves; on a wide one they do not,
    /// so that their heads can stay in sight.
    private static let style = """
        :root { color-scheme: light dark; --line: #8884; }
        body { font: 16px/1.45 system-ui, sans-serif; margin: 1rem auto; max-width: 72rem; padding: 0 .8rem; }
        table { border-collapse: collapse; }
        th, td { border: 1px solid var(--line); padding: .2rem .5rem; }
        td { text-align: center; white-space: nowrap; }
        th { text-align: left; font-weight: normal; }
        thead th { vertical-align: bottom; font-weight: 600; max-width: 9rem; position: sticky; top: 0;
          background: Canvas; }
        .matrix td, .overview td, .totals td { min-width: 4.5rem; }
        .matrix tbody th { min-width: 10rem; }
        .matrix tbody, section { scroll-margin-top: 4rem; }
        .totals small { display: block; opacity: .75; font-size: .8rem; }
        .none { opacity: .4; }
        .area th { font-weight: 600; background: #8882; }
        td small { opacity: .65; font-size: .68rem; } .matrix td small { display: block; }
        .conforms { background: #2a9d4a55; } .as-rabbitmq { background: #2a7fd055; } .informational { background: #8885; }
        .non-strict { background: #e0a30066; } .failed { background: #d9363e77; } .skipped { background: #8882; }
        .account span { padding: 0 .35rem; border-radius: .2rem; white-space: nowrap; }
        .account { margin: .5rem 0 .5rem 1rem; } .account pre span { padding: 0; border-radius: 0; white-space: inherit; }
        .changed { outline: 3px solid #d9363e; outline-offset: -3px; } p.changed, a.changed { padding: .3rem .6rem; }
        section { border-top: 1px solid var(--line); margin-top: 1.2rem; overflow-wrap: anywhere; }
        section:target { background: #e0a30022; }
        h3 { margin: .6rem 0 0; } section p { margin: .3rem 0; } .small, summary { font-size: .85rem; opacity: .85; }
        .rule { border-left: 3px solid var(--line); padding-left: .6rem; } .rule code { opacity: .7; font-size: .8rem; }
        pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .78rem; background: #8881; padding: .5rem; }
        .sent { color: light-dark(#1d5fa8, #8fc1ff); } .got { color: light-dark(#8a4b00, #ffc27a); }
        @media (max-width: 40rem) {
          .wide { overflow-x: auto; max-width: 100%; } .account { margin-left: 0; }
          table { font-size: .8rem; } th, td { padding: .15rem .3rem; } td small { font-size: .6rem; }
          .matrix td, .overview td, .totals td { min-width: 0; }
          thead th { font-size: .62rem; max-width: 4.8rem; } .totals small { font-size: .68rem; }
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
    var style: String {
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
