import Foundation
import Platform

/// What a chapter's page and its hints say about an exercise.
struct ExercisePage {
    /// What it asks for, without the marks of Markdown; empty when the page does not have it.
    let task: String
    /// From what helps least to what helps most.
    let hints: [String]
    /// For an exercise to think about: what somebody who knows would say.
    let answer: String?

    /// - Parameters:
    ///   - page: a chapter's text, whose exercises begin with their ids in bold, in a numbered list
    ///   - hints: a text with a heading for each exercise, numbered hints below it, and `Answer:` where it has one
    init(_ id: String, page: String, hints: String) {
        let begins = "**\(id)** "
        let lines = page.components(separatedBy: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        if let first = lines.firstIndex(where: { $0.contains(begins) }) {
            let rest = lines[(first + 1)...].prefix { !$0.isEmpty && !$0.contains(". **") }
            let text = ([lines[first]] + rest).joined(separator: " ")
            task = (text.components(separatedBy: begins).last ?? "").replacing("*", with: "")
        } else {
            task = ""
        }
        var found: [String] = []
        let section = hints.components(separatedBy: "\n").drop { $0 != "## \(id)" }.dropFirst()
        for line in section.prefix(while: { !$0.hasPrefix("## ") }) where !line.isEmpty {
            if let number = line.first, number.isNumber, line.dropFirst().hasPrefix(". ") {
                found.append(String(line.dropFirst(3)))
            } else if line.hasPrefix(Self.answers) {
                found.append(line)
            } else if !found.isEmpty {
                found[found.count - 1] += " " + line.trimmingCharacters(in: .whitespaces)
            }
        }
        answer = found.first { $0.hasPrefix(Self.answers) }.map { String($0.dropFirst(Self.answers.count)) }
        self.hints = found.filter { !$0.hasPrefix(Self.answers) }
    }

    private static let answers = "Answer: "

    /// Read from the files of a chapter; nil where there are none.
    init?(_ id: String, of chapter: Chapter) {
        guard let page = try? String(contentsOfFile: SourceTree.path(chapter.page), encoding: .utf8),
            let hints = try? String(contentsOfFile: SourceTree.path("\(chapter.folder)/hints.md"), encoding: .utf8)
        else { return nil }
        self.init(id, page: page, hints: hints)
    }
}
