import ConformanceReport
import Commands
import Foundation

/// `workbook report`: results files in, a report in four forms out.
enum ReportCommand {
    private static let output = Option("--output", "DIRECTORY", "where to put it [conformance-report]")

    static let command = Command(
        "workbook report", takes: "RESULTS...", options: [output],
        does: "merges results of the conformance suite into report.md, .html, .json and .xml",
        notes: "RESULTS are files that CONFORMANCE_RESULTS=path swift test has written.")

    /// The exit status: 0 all as on record, 1 something is not, 2 no case was run.
    static func run(_ given: Arguments) -> Int32 {
        let folder = given.text(output) ?? "conformance-report"
        do {
            let report = try Report(files: given.words.map { URL(filePath: $0) })
            try write(report, to: URL(filePath: folder))
            print(report.text + "\(folder)/report.html")
            return report.status
        } catch {
            fail("\(error)")
        }
    }

    private static func write(_ report: Report, to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(report.markdown.utf8).write(to: folder.appending(path: "report.md"))
        try Data(report.html.utf8).write(to: folder.appending(path: "report.html"))
        try Data(report.junit.utf8).write(to: folder.appending(path: "report.xml"))
        try report.json.write(to: folder.appending(path: "report.json"))
    }
}
