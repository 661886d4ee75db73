import Foundation

/// How far the reader is: a plain file beside the README, a line for each thing done. git ignores it.
enum Progress {
    static let file = ".workbook-progress"

    static func done() -> [String] {
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    static func add(_ entry: String) {
        let all = done()
        guard !all.contains(entry) else { return }
        do {
            try ((all + [entry]).joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        } catch {
            complain("the progress can't be kept in \(file): \(error.localizedDescription)")
        }
    }
}
