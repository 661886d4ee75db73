import Foundation

/// The report of many brokers: what a single page with all wire logs in it would be too heavy for.
extension Report {
    /// The page without wire logs, and the logs beside it: a script for each case, which the page loads when a reader opens
    /// the case's logs. Scripts, unlike other files, can be loaded by a page that comes from disk.
    public var lightPage: (html: String, scripts: [(path: String, text: String)]) {
        (page(isLight: true), rows.compactMap(script))
    }

    /// Of results that say no more than their mark, no more is written.
    private func isPlain(_ result: CaseResult) -> Bool {
        result.isAsRecorded && (result.verdict == .conforms || result.verdict == .skipped)
    }

    func lightCell(_ result: CaseResult?) -> String {
        guard let result else { return "<td></td>" }
        let changed = result.isAsRecorded ? "" : " changed"
        let hover = isPlain(result) ? "" : " title=\"\(xml(String("\(result.broker): \(result.reason)".prefix(160))))\""
        return "<td class=\"\(result.verdict.style)\(changed)\"\(hover)>\(result.verdict.mark)</td>"
    }

    func lightSection(_ row: Row) -> String {
        let results = brokers.compactMap { row.results[$0] }
        let plain = Dictionary(grouping: results.filter(isPlain), by: \.verdict).sorted {
            $0.value.count > $1.value.count
        }
        var accounts = plain.map { verdict, results in
            "<p class=\"account\"><span class=\"\(verdict.style)\">\(verdict.mark) \(verdict.rawValue)</span> "
                + "\(results.map { xml($0.broker) }.joined(separator: ", "))</p>"
        }
        accounts += results.filter { !isPlain($0) }.map { account($0, withLog: false) }
        if results.contains(where: { !$0.wire.isEmpty }) {
            accounts.append("<details data-case=\"\(xml(row.id))\"><summary>Wire logs</summary></details>")
        }
        return section(row, accounts.joined(separator: "\n"))
    }

    private func script(_ row: Row) -> (path: String, text: String)? {
        let logs = brokers.compactMap { row.results[$0] }.filter { !$0.wire.isEmpty }.map { result in
            [result.broker, result.rerun] + Self.shortened(result.wire)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        guard !logs.isEmpty, let text = try? encoder.encode(logs) else { return nil }
        // An id is letters, digits, points and hyphens.
        return ("wire/\(row.id).js", "wire(\"\(row.id)\", \(String(decoding: text, as: UTF8.self)));\n")
    }

    /// Loads a case's script when its logs are opened, and shows what that hands over. The logs become text, never markup.
    static let loader = """

        function wire(id, logs) {
          const box = document.querySelector(`details[data-case="${CSS.escape(id)}"]`);
          for (const [broker, rerun, ...lines] of logs) {
            const [head, code, pre] = ["p", "code", "pre"].map(name => document.createElement(name));
            head.append(Object.assign(document.createElement("b"), { textContent: broker }), " ", code);
            code.textContent = rerun;
            for (const line of lines) {
              const part = document.createElement("span"), arrow = line.split(" ")[3];
              part.textContent = line + "\\n";
              part.className = arrow === "->" ? "sent" : arrow === "<-" ? "got" : "";
              pre.append(part);
            }
            box.append(head, pre);
          }
        }
        for (const box of document.querySelectorAll("details[data-case]")) {
          box.addEventListener("toggle", () => {
            if (!box.open || box.dataset.loaded) return;
            box.dataset.loaded = "yes";
            const script = document.createElement("script");
            script.src = "wire/" + box.dataset.case + ".js";
            script.onerror = () => box.append("There is no file " + script.src + " beside this page.");
            document.head.append(script);
          });
        }
        """
}

/// What is on record for a broker that is not at hand: a file of the suite's Baselines.
struct Record {
    private let broker: String
    /// What its first lines say of it.
    private(set) var note: String
    private var lines: [String: (verdicts: [Verdict], reason: String)] = [:]

    /// Throws ``Report/Unreadable``.
    init(_ file: URL) throws {
        let text = try String(contentsOf: file, encoding: .utf8)
        broker = "\(file.deletingPathExtension().lastPathComponent.replacing("-", with: " ")), from its record"
        let all = text.split(separator: "\n")
        let rest = "which has no line for what conformed or was not run"
        note = "\(broker), \(rest): " + all.prefix { $0.hasPrefix("#") }.map { $0.dropFirst(2) }.joined(separator: " ")
        for (number, line) in all.enumerated() where !line.hasPrefix("#") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            let words = fields.count == 3 ? fields[1].components(separatedBy: " or ") : [""]
            let verdicts = words.map { Verdict(rawValue: $0) }
            guard !verdicts.contains(nil) else { throw Report.Unreadable(file: file.path, line: number + 1) }
            lines[fields[0]] = (verdicts.compactMap { $0 }, fields[2])
        }
    }

    /// Of these cases, what is on record. Of one without a line nothing is known: it did as it should when the record was made,
    /// or was not run, or there was no such case yet.
    func results(of cases: [Report.Row]) -> [CaseResult] {
        cases.compactMap { row in
            guard let line = lines[row.id] else { return nil }
            return CaseResult(
                id: row.id, title: row.title, rules: row.rules, verdict: line.verdicts[0], recorded: line.verdicts,
                reason: "",
                recordedReason: line.reason, milliseconds: 0, broker: broker, chapter: "", rerun: "", wire: [])
        }
    }
}
