import Foundation
import WorkbookSite

/// Many readers' progress, on one page: how far each is, and which questions are missed.
struct ClassReport {
    /// One reader, and the lines of the progress file.
    struct Reader {
        let name: String
        let done: [String]
        var missed: [String] { Predictions(done).missed.map(\.kind) }

        /// Out of what a chapter has: its five commands and its exercises.
        func share(of chapter: Chapter) -> (done: Int, of: Int) {
            let all =
                Overview.deeds.map { "\($0) \(chapter.number)" } + chapter.exercises.map { "check \($0.id)" }
            let done = Set(done)
            return (all.count { done.contains($0) }, all.count)
        }
    }

    let readers: [Reader]

    struct Unreadable: Error, CustomStringConvertible { let description: String }

    /// A reader's name is that of the file, or of its folder when it has the name that the workbook gives it.
    /// Throws when a file can't be read.
    init(files: [URL]) throws {
        readers = try files.map { file in
            let done: [String]
            do { done = try Progress.lines(of: file) } catch {
                throw Unreadable(description: "\(file.relativePath) can't be read: \(error.localizedDescription)")
            }
            let isUnnamed = file.lastPathComponent == Progress.name
            let name =
                isUnnamed
                ? file.deletingLastPathComponent().lastPathComponent : file.deletingPathExtension().lastPathComponent
            return Reader(name: name, done: done)
        }.sorted { $0.name < $1.name }
    }

    /// What most readers miss comes first.
    var missed: [(kind: String, readers: [String])] {
        let kinds = Dictionary(grouping: readers.flatMap { reader in reader.missed.map { ($0, reader.name) } }, by: \.0)
        return kinds.map { ($0.key, $0.value.map(\.1)) }
            .sorted { ($1.readers.count, $0.kind) < ($0.readers.count, $1.kind) }
    }

    var html: String {
        let head = Chapter.all.map { "<th>\($0.number) \(escaped($0.step))</th>" }.joined()
        let rows = readers.map { reader in
            let cells = Chapter.all.map { chapter in
                let share = reader.share(of: chapter)
                return "<td><meter max=\"\(share.of)\" value=\"\(share.done)\"></meter> \(share.done)/\(share.of)</td>"
            }
            return "<tr><th>\(escaped(reader.name))</th>\(cells.joined())</tr>"
        }
        let questions = missed.map { missed in
            "<tr><th>\(escaped(missed.kind))</th><td>\(missed.readers.count)</td>"
                + "<td>\(escaped(missed.readers.joined(separator: ", ")))</td></tr>"
        }
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>Messaging Patterns in Swift: the class</title>
            <style>
            :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
            body { margin: 2rem; overflow-x: auto }
            table { border-collapse: collapse } th, td { padding: .3rem .8rem; text-align: left; white-space: nowrap }
            tr + tr { border-top: 1px solid #8884 } meter { width: 4rem }
            </style></head><body>
            <h1>How far the class is</h1>
            <table><tr><th>reader</th>\(head)</tr>
            \(rows.joined(separator: "\n"))
            </table>
            <h2>Questions whose last guess was wrong</h2>
            \(questions.isEmpty ? "<p>None.</p>" : "<table>\(questions.joined(separator: "\n"))</table>")
            </body></html>

            """
    }

    /// A line for each reader, for the terminal.
    var lines: [String] {
        readers.map { reader in
            let shares = Chapter.all.map { reader.share(of: $0) }
            let done = shares.map(\.done).reduce(0, +)
            let missed = reader.missed.isEmpty ? "" : "; missed: \(reader.missed.joined(separator: ", "))"
            return "\(reader.name): \(done) of \(shares.map(\.of).reduce(0, +))\(missed)"
        }
    }
}
