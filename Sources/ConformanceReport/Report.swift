import Foundation

/// The results of several runs in one: cases × brokers.
public struct Report: Sendable {
    /// One case, and what each broker made of it.
    public struct Row: Sendable {
        public var id: String
        public var title: String
        public var area: String
        public var rules: [CaseResult.Rule]
        /// By the broker's name; a broker that the case was not run on is missing.
        public var results: [String: CaseResult]
    }

    /// The columns, in the order of the files.
    public var brokers: [String] = []
    /// In the order in which their areas appear first, and by id within an area.
    public var rows: [Row] = []
    /// What there is to know about where a column comes from.
    private(set) var notes: [String] = []

    /// Of the same case on the same broker the last result counts: a file may hold several runs.
    public init(_ results: [CaseResult]) {
        var byID: [String: Row] = [:]
        for result in results {
            if !brokers.contains(result.broker) { brokers.append(result.broker) }
            byID[
                result.id,
                default: Row(
                    id: result.id, title: result.title, area: result.area, rules: result.rules, results: [:])
            ].results[result.broker] = result
        }
        rows = byID.values.sorted { ($0.area, $0.id) < ($1.area, $1.id) }
    }

    /// Reads results: files of a JSON object a line, JSON as ``json`` writes it, and records of the suite's Baselines, by
    /// their names' ends. Throws ``Unreadable`` with file and line.
    public init(files: [URL]) throws {
        var results: [CaseResult] = []
        var records: [Record] = []
        for file in files {
            if file.pathExtension == "tsv" {
                records.append(try Record(file))
                continue
            }
            if file.pathExtension == "json" {
                guard let document = try? JSONDecoder().decode(Results.self, from: Data(contentsOf: file)) else {
                    throw Unreadable(file: file.path, line: 1)
                }
                results += document.results
                continue
            }
            let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            for (number, line) in lines.enumerated() {
                do {
                    results.append(try JSONDecoder().decode(CaseResult.self, from: Data(line.utf8)))
                } catch {
                    throw Unreadable(file: file.path, line: number + 1)
                }
            }
        }
        let cases = Report(results).rows
        self.init(results + records.flatMap { $0.results(of: cases) })
        notes = records.map(\.note)
    }

    public struct Unreadable: Error, CustomStringConvertible {
        public var file: String
        public var line: Int
        public var description: String {
            "\(file), line \(line): not a result of a case; such files are written with CONFORMANCE_RESULTS"
        }
    }

    public var areas: [(name: String, rows: [Row])] {
        Dictionary(grouping: rows, by: \.area).map { ($0.key, $0.value) }.sorted { $0.name < $1.name }
    }

    public func results(of broker: String) -> [CaseResult] { rows.compactMap { $0.results[broker] } }

    public func count(_ verdict: Verdict, of broker: String) -> Int {
        results(of: broker).count { $0.verdict == verdict }
    }

    /// What is otherwise than on record: regressions and unexpected passes.
    public var changes: [CaseResult] {
        rows.flatMap { row in brokers.compactMap { row.results[$0] } }.filter { !$0.isAsRecorded }
    }

    /// The exit status that tells: 0 all as recorded, 1 something is not, 2 no case was run at all.
    public var status: Int32 { rows.isEmpty ? 2 : changes.isEmpty ? 0 : 1 }
}

extension Verdict {
    /// One character for a cell of the matrix, so that it can be read without its colour.
    var mark: String {
        switch self {
        case .conforms: "✓"
        case .conformsAsRabbitMQ: "≈"
        case .informational: "i"
        case .nonStrict: "~"
        case .failed: "✗"
        case .skipped: "–"
        }
    }

    /// For people who see the matrix for the first time.
    var meaning: String {
        switch self {
        case .conforms: "does what the specification says"
        case .conformsAsRabbitMQ: "does what RabbitMQ does, where that differs from the specification"
        case .informational: "either way is allowed; the report says which one"
        case .nonStrict: "refuses what it must, but with another code, scope or manner"
        case .failed: "does something else"
        case .skipped: "could not be run against this broker"
        }
    }
}
