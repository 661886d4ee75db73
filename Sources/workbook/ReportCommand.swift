import ConformanceReport
import Foundation

/// `workbook report`: results files in, a report in four forms out.
enum ReportCommand {
    /// The exit status: 0 all as on record, 1 something is not, 2 no case was run.
    static func run(_ words: [String]) -> Int32 {
        var folder = "conformance-report"
        var files: [URL] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "--output":
                guard let next = rest.popFirst() else { fail("--output needs a directory") }
                folder = next
            case _ where word.hasPrefix("-"): fail("report has no option '\(word)'\n\(usage)")
            default: files.append(URL(filePath: word))
            }
        }
        if files.isEmpty {
            fail("report needs results files; they are written with CONFORMANCE_RESULTS=path swift test")
        }
        do {
            let report = try Report(files: files)
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
