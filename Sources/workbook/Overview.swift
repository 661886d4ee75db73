/// What `workbook` alone shows: what there is, how far the reader is, what comes next.
enum Overview {
    static func lines(done: [String]) -> [String] {
        var lines = ["Messaging Patterns in Swift: the workbook", ""]
        for chapter in Chapter.all {
            let played = done.contains("play \(chapter.number)") ? "played" : ""
            let checked = done.contains("check \(chapter.number)") ? "checked" : ""
            let marks = [played, checked].filter { !$0.isEmpty }.joined(separator: ", ")
            let mark = marks.isEmpty ? "[ ]" : "[x]"
            let name = chapter.step + String(repeating: " ", count: 8 - chapter.step.count)
            lines.append(
                " \(mark) \(chapter.number) \(name) \(chapter.question)" + (marks.isEmpty ? "" : "  (\(marks))"))
        }
        lines.append("")
        if let next = Chapter.all.first(where: { !done.contains("play \($0.number)") }) {
            lines.append("Next: read \(next.folder)/README.md, then swift run workbook play \(next.step)")
        } else {
            lines.append("You have played all of them. Next: swift run workbook check 2")
        }
        lines.append("Your progress is in \(Progress.file). swift run workbook --help shows the commands.")
        return lines
    }
}
