import ConformanceReport
import Commands
import Foundation

/// `workbook baseline`: drafts of lines for the suite's Baselines. The reason is what was seen; a person writes why.
enum BaselineCommand {
    static let command = Command(
        "workbook baseline", takes: "RESULTS...",
        does: "prints a line for the broker's file in Baselines for each result that is not as on record",
        notes: "RESULTS are files that CONFORMANCE_RESULTS=path swift test has written.")

    static func run(_ given: Arguments) -> Int32 {
        do {
            // A file is a run: of the same case they may say different things, and all of it goes on record.
            let runs = try given.words.map { try Report(files: [URL(filePath: $0)]) }
            let results = runs.flatMap { run in run.brokers.flatMap { run.results(of: $0) } }
            for (broker, results) in Dictionary(grouping: results, by: \.broker).sorted(by: { $0.key < $1.key }) {
                print("# \(broker)")
                let cases = Dictionary(grouping: results, by: \.id).sorted { $0.key < $1.key }
                for (id, results) in cases where !results.allSatisfy(\.isAsRecorded) { print(line(id, results)) }
            }
            return results.isEmpty ? 2 : 0
        } catch {
            fail("\(error)")
        }
    }

    /// What the runs made of one case, the worst first.
    private static func line(_ id: String, _ results: [CaseResult]) -> String {
        let told = results.filter { $0.verdict != .informational && $0.verdict != .skipped }
        let verdicts = Set(told.map(\.verdict)).sorted { $0.severity > $1.severity }
        if verdicts == [.conforms] {
            return "# \(id) conforms now: its line (\(results[0].recordedText)) has to go"
        }
        let worst = told.max { $0.verdict.severity < $1.verdict.severity }
        let seen = (worst?.reason ?? "").split { $0.isNewline || $0 == "\t" }.joined(separator: " ")
        return "\(id)\t\(verdicts.map(\.rawValue).joined(separator: " or "))\t\(seen)"
    }
}
