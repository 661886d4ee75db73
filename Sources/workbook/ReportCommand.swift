import ConformanceReport
import Commands
import Foundation

/// `workbook report`: results files in, a report in four forms out.
enum ReportCommand {
    private static let output = Option(
        "--output", "DIRECTORY", "where to put it [conformance-report; with --class, here]")

    private static let light = Option(
        "--light", "report.html without wire logs: those are beside it, and loaded when they are opened")

    private static let readers = Option(
        "--class", "FILES are the progress files of many readers: one page, class.html, says how far each is")

    static let command = Command(
        "workbook report", takes: "FILES...", options: [output, light, readers],
        does: "merges results of the conformance suite into report.md, .html, .json and .xml",
        notes: """
            FILES are files that CONFORMANCE_RESULTS=path swift test has written, or conformance --format json \
            (NAME.json), or records of a broker that is not at hand (NAME-VERSION.tsv, as in Baselines).
            """)

    /// The exit status: 0 all as on record, 1 something is not, 2 no case was run.
    static func run(_ given: Arguments) -> Int32 {
        do {
            if given.has(readers) { return try writeClass(given) }
            let folder = given.text(output) ?? "conformance-report"
            let report = try Report(files: given.words.map { URL(filePath: $0) })
            try write(report, to: URL(filePath: folder), isLight: given.has(light))
            print(report.text + "\(folder)/report.html")
            return report.status
        } catch {
            fail("\(error)")
        }
    }

    private static func writeClass(_ given: Arguments) throws -> Int32 {
        let folder = given.text(output) ?? "."
        let report = try ClassReport(files: given.words.map { URL(filePath: $0) })
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(report.html.utf8).write(to: URL(filePath: folder).appending(path: "class.html"))
        for line in report.lines { say(line) }
        say("\(folder)/class.html")
        return 0
    }

    private static func write(_ report: Report, to folder: URL, isLight: Bool) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(report.markdown.utf8).write(to: folder.appending(path: "report.md"))
        let (html, scripts) = isLight ? report.lightPage : (report.html, [])
        try Data(html.utf8).write(to: folder.appending(path: "report.html"))
        if isLight {
            try FileManager.default.createDirectory(
                at: folder.appending(path: "wire"), withIntermediateDirectories: true)
        }
        for script in scripts { try Data(script.text.utf8).write(to: folder.appending(path: script.path)) }
        try Data(report.junit.utf8).write(to: folder.appending(path: "report.xml"))
        try report.json.write(to: folder.appending(path: "report.json"))
    }
}
