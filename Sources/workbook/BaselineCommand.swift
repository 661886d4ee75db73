import Commands
import ConformanceReport
import Foundation

/// `workbook baseline`: a broker's file for the suite's Baselines, of results files.
enum BaselineCommand {
    static let command = Command(
        "workbook baseline", takes: "RESULTS...",
        does: "prints the broker's file for Baselines: the recorded lines, and one for each result that has none",
        notes: "RESULTS are files that CONFORMANCE_RESULTS=path swift test has written.")

    static func run(_ given: Arguments) -> Int32 {
        do {
            let runs = try given.words.map { try Report(files: [URL(filePath: $0)]) }
            for line in BaselineDraft(runs).lines { say(line) }
            return runs.allSatisfy(\.rows.isEmpty) ? 2 : 0
        } catch {
            fail("\(error)")
        }
    }
}
