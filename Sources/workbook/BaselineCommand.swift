import ConformanceReport
import Foundation

/// `workbook baseline`: drafts of lines for the suite's Baselines. The reason is what was seen; a person writes why.
enum BaselineCommand {
    static func run(_ words: [String]) -> Int32 {
        if words.isEmpty {
            fail("baseline needs results files; they are written with CONFORMANCE_RESULTS=path swift test")
        }
        do {
            let report = try Report(files: words.map { URL(filePath: $0) })
            for broker in report.brokers {
                print("# \(broker)")
                for result in report.results(of: broker) where !result.isAsRecorded { print(line(result)) }
            }
            return report.rows.isEmpty ? 2 : 0
        } catch {
            fail("\(error)")
        }
    }

    private static func line(_ result: CaseResult) -> String {
        if result.verdict == .conforms {
            return "# \(result.id) conforms now: its line (\(result.recorded.rawValue)) has to go"
        }
        let seen = result.reason.split(whereSeparator: { $0.isNewline || $0 == "\t" }).joined(separator: " ")
        return "\(result.id)\t\(result.verdict.rawValue)\t\(seen)"
    }
}
