import Foundation

/// How far the reader is: a plain file beside the README, a line for each thing done. git ignores it.
enum Progress {
    static let name = ".workbook-progress"
    /// `WORKBOOK_PROGRESS` names another, for tests, which must not touch the reader's.
    static let file = ProcessInfo.processInfo.environment["WORKBOOK_PROGRESS"] ?? name

    static func done() -> [String] {
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    static func add(_ entry: String) {
        let all = done()
        if !all.contains(entry) { keep(all + [entry]) }
    }

    /// Writes the file anew.
    static func keep(_ entries: [String]) {
        do {
            try entries.map { $0 + "\n" }.joined().write(toFile: file, atomically: true, encoding: .utf8)
        } catch {
            complain("the progress can't be kept in \(file): \(error.localizedDescription)")
        }
    }
}
