import Commands
import Foundation

/// `workbook chapters`: what there is, for scripts.
enum ChaptersCommand {
    private static let tsv = Option("--tsv", "with tabs between the columns: the only form")

    static let command = Command(
        "workbook chapters", options: [tsv],
        does: "lists the chapters for scripts: a line for each, and the names of the columns before them")

    static func run() -> Int32 {
        for row in rows { say(row.joined(separator: "\t")) }
        return 0
    }

    /// The names of the columns, and a row for each chapter. What is several is separated by a comma and a blank.
    static var rows: [[String]] {
        [["number", "step", "title", "page", "roles", "exercises", "questions", "cases"]]
            + Chapter.all.map { chapter in
                [
                    "\(chapter.number)", chapter.step, chapter.title, chapter.page,
                    chapter.roles.joined(separator: ", "),
                    chapter.exercises.map(\.id).joined(separator: ", "),
                    chapter.questions.map(\.kind).joined(separator: ", "), chapter.areas.joined(separator: ", "),
                ]
            }
    }
}
