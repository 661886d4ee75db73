import Foundation

/// How far the reader is: a plain file beside the README, a line for each thing done. git ignores it.
enum Progress {
    static let name = ".workbook-progress"
    /// `WORKBOOK_PROGRESS` names another, for tests, which must not touch the reader's.
    static let file = ProcessInfo.processInfo.environment["WORKBOOK_PROGRESS"] ?? name

    static func done() -> [String] { (try? lines(of: URL(filePath: file))) ?? [] }

    /// Each line counts for itself: what is damaged, or was saved by another system's editor, takes nothing of the rest with it.
    static func lines(of file: URL) throws -> [String] {
        String(decoding: try Data(contentsOf: file), as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
    }

    static func add(_ entry: String) {
        let all = done()
        if !all.contains(entry) { keep(all + [entry]) }
    }

    /// Writes the file anew.
    static func keep(_ entries: [String]) {
        do {
            // What can't be read is not overwritten.
            if FileManager.default.fileExists(atPath: file) { _ = try lines(of: URL(filePath: file)) }
            try entries.map { $0 + "\n" }.joined().write(toFile: file, atomically: true, encoding: .utf8)
        } catch {
            complain("the progress can't be kept in \(file): \(error.localizedDescription)")
        }
    }
}
