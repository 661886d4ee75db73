import ConformanceReport
import Foundation
import Testing

@Suite("The report of several brokers") struct ReportTests {
    private func result(
        _ id: String, _ verdict: Verdict, recorded: Verdict? = nil, broker: String = "A", reason: String = "",
        baseline: String? = nil
    ) -> CaseResult {
        CaseResult(
            id: id, title: "title of \(id)", rules: [.init(id: "a/rule", meaning: "It holds.")], verdict: verdict,
            recorded: [recorded ?? verdict], reason: reason, recordedReason: "why", baseline: baseline,
            milliseconds: 1.5, broker: broker, chapter: "Tutorials/05-topic/README.md", rerun: "swift test",
            wire: ["0 ms A -> <header> & more"])
    }

    @Test("A badge counts what was tried: a skipped case says nothing about a broker")
    func badge() {
        let all = [result("x.a", .conforms), result("x.b", .conformsAsRabbitMQ), result("x.c", .skipped)]
        #expect(
            Report(all).badge
                == #"{"schemaVersion":1,"label":"AMQP 0-9-1","message":"2 of 2","color":"brightgreen"}"# + "\n")
        #expect(Report(all + [result("x.d", .failed)]).badge.contains(#""message":"2 of 3","color":"red""#))
    }

    @Test("The exit status tells: as on record, changed, nothing run")
    func status() {
        #expect(Report([result("x.a", .failed)]).status == 0)
        #expect(Report([result("x.a", .conforms, recorded: .failed)]).status == 1)
        #expect(Report([result("x.a", .failed, recorded: .conforms)]).status == 1)
        #expect(Report([result("x.a", .skipped, recorded: .failed)]).status == 0)
        #expect(Report([]).status == 2)
    }

    @Test("Where several verdicts are on record, each is as on record")
    func varying() {
        var varying = result("x.a", .conforms)
        varying.recorded = [.failed, .conforms]
        #expect(varying.isAsRecorded)
        #expect(varying.recordedText == "failed or conforms")
        varying.verdict = .nonStrict
        #expect(!varying.isAsRecorded)
    }

    @Test("Columns are in the order of the files, and of two runs the last counts")
    func merging() {
        let report = Report([
            result("x.a", .failed, broker: "B"), result("x.a", .conforms, broker: "A"),
            result("x.a", .conforms, broker: "B"),
        ])
        #expect(report.brokers == ["B", "A"])
        #expect(report.rows.count == 1)
        #expect(report.count(.conforms, of: "B") == 1)
        #expect(report.count(.failed, of: "B") == 0)
    }

    @Test("A broker's words cannot break out of the page, the XML or a Markdown table")
    func escaping() throws {
        let hostile = "<script>alert(1)</script> & \"quoted\" \u{1}"
        let report = Report([result("x.a", .failed, recorded: .conforms, broker: "A|<b>", reason: hostile)])
        #expect(!report.html.contains("<script>alert"))
        #expect(!report.junit.contains("<script>"))
        #expect(!report.junit.contains("\u{1}"))
        #expect(!report.markdown.contains("<script>"))
        #expect(report.html.contains("&lt;header&gt; &amp; more"))
        let table = try #require(report.markdown.split(separator: "\n").first { $0.hasPrefix("|") })
        #expect(table.contains("A\\|&lt;b>"))
    }

    @Test("Results are read line by line, and a line that is none is named")
    func reading() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        let line = try JSONEncoder().encode(result("x.a", .conforms))
        try (line + Data("\n".utf8)).write(to: file)
        #expect(try Report(files: [file]).rows.map(\.id) == ["x.a"])
        try (line + Data("\nnonsense\n".utf8)).write(to: file)
        let error = #expect(throws: Report.Unreadable.self) { try Report(files: [file]) }
        #expect(error?.line == 2)
    }

    @Test("JUnit calls only that a failure which is otherwise than on record")
    func junit() {
        let report = Report([
            result("x.a", .failed), result("x.b", .failed, recorded: .conforms), result("x.c", .skipped),
        ])
        #expect(report.junit.contains(#"tests="3" failures="1" skipped="1""#))
    }

    @Test("A baseline keeps the lines that are on record, with their reasons, and drafts those that are missing")
    func baseline() {
        let run = Report([
            result("x.as-recorded", .failed, reason: "404", baseline: "failed\tnobody wrote it yet"),
            result("x.better", .conforms, recorded: .failed, baseline: "failed\twas broken"),
            result("x.fine", .conforms),
            result("x.new", .failed, recorded: .conforms, reason: "a\tb\nc"),
            result("x.not-as-rabbitmq", .conforms, recorded: .conformsAsRabbitMQ),
            result("x.other", .nonStrict, recorded: .failed, reason: "406", baseline: "failed\tsilence"),
            result("x.skipped", .skipped, baseline: "failed or conforms\tby chance"),
        ])
        #expect(
            BaselineDraft([run]).lines == [
                "# A", "x.as-recorded\tfailed\tnobody wrote it yet", "# x.better was recorded as failed: was broken",
                "# x.better conforms now: it needs no line", "x.new\tfailed\ta b c",
                "x.not-as-rabbitmq\tconforms\tRabbitMQ differs: why",
                "# x.other was recorded as failed: silence", "x.other\tnon-strict\t406",
                "x.skipped\tfailed or conforms\tby chance",
            ])
    }

    @Test("What several runs make of a case is one line, the worst first")
    func baselineOfSeveralRuns() {
        let runs = [
            Report([result("x.a", .conforms)]),
            Report([result("x.a", .failed, recorded: .conforms, reason: "lost")]),
        ]
        #expect(BaselineDraft(runs).lines == ["# A", "x.a\tfailed or conforms\tlost"])
    }

    @Test("The light page has no wire log in it; a script for each case hands its logs over")
    func light() throws {
        let report = Report([
            result("x.a", .conforms), result("x.a", .failed, broker: "B"), result("x.b", .conforms),
            result("x.b", .conforms, broker: "B"),
        ])
        let page = report.lightPage
        #expect(report.html.contains("&lt;header&gt; &amp; more") && !page.html.contains("header&gt;"))
        #expect(page.scripts.map(\.path) == ["wire/x.a.js", "wire/x.b.js"])
        #expect(
            page.scripts[0].text == #"wire("x.a", [["A","swift test","0 ms A -> <header> & more"],"#
                + #"["B","swift test","0 ms A -> <header> & more"]]);"# + "\n")
        // Those that conform share a line; the others keep their own.
        #expect(page.html.contains("conforms</span> A, B</p>"))
        #expect(page.html.contains("<b>B</b>") && !page.html.contains("<b>A</b>"))
        #expect(page.html.contains(#"<details data-case="x.a">"#))
    }

    @Test("Results are read from JSON, and a record stands for a broker that is not at hand")
    func records() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (json, record) = (folder.appending(path: "a.json"), folder.appending(path: "hare-2.1.tsv"))
        try Report([result("x.a", .conforms), result("x.b", .conforms)]).json.write(to: json)
        try Data("# Run once.\nx.b\tfailed or conforms\tby chance\nx.gone\tfailed\tlong ago\n".utf8).write(to: record)
        let report = try Report(files: [record, json])
        #expect(report.brokers == ["A", "hare 2.1, from its record"])
        #expect(report.rows.map { $0.results["hare 2.1, from its record"]?.verdict } == [nil, .failed])
        #expect(report.status == 0)
        #expect(report.html.contains("conformed or was not run: Run once."))
        try Data("x.b\tbroken\twhy\n".utf8).write(to: record)
        #expect(throws: Report.Unreadable.self) { try Report(files: [record, json]) }
    }
}
