import Commands

/// What `workbook` alone shows, on one screen of 24 lines with 80 characters: what there is, how far the reader is, what
/// comes next.
enum Overview {
    /// The columns behind each chapter: what can be done with it.
    static let deeds = ["play", "predict", "check", "compare", "trace"]

    /// What there is to type; `--help` says what each does.
    static let commands = [
        "next", "play STEP", "predict STEP", "check STEP", "compare STEP", "trace STEP", "start STEP", "watch",
        "gauntlet STEP", "check 1.1", "hint 1.1", "draw", "site",
    ]

    static func lines(done: [String]) -> [String] {
        // A line for each chapter, and room for sixteen: every other line counts.
        var lines = ["Messaging Patterns in Swift: the workbook".padded(to: 42) + deeds.joined(separator: " ") + " ex."]
        for chapter in Chapter.all {
            let number = (chapter.number < 10 ? " " : "") + "\(chapter.number)"
            let row = "\(number) " + chapter.step.padded(to: 10) + String(chapter.title.prefix(27)).padded(to: 29)
            let deeds = deeds.map { mark($0, chapter, done) }.joined(separator: " ")
            let solved = chapter.exercises.count { done.contains("check \($0.id)") }
            lines.append("\(row)\(deeds) \(solved)/\(chapter.exercises.count)")
        }
        lines += ["", NextDeed(done).line]
        let missed = Predictions(done).missed.map(\.kind)
        if !missed.isEmpty {
            let what = missed.count == 1 ? missed[0] : "questions of \(missed.count) kinds"
            lines.append("Missed so far: \(what). Once more: swift run workbook predict")
        }
        lines += [""] + wrapped("swift run workbook " + commands.joined(separator: ", "))
        lines.append("--help says more about each. Your progress is in \(Progress.name).")
        return lines
    }

    /// In the middle of its column: done, or not.
    private static func mark(_ deed: String, _ chapter: Chapter, _ done: [String]) -> String {
        let isDone = done.contains("\(deed) \(chapter.number)")
        let left = (deed.count - 1) / 2
        return ("".padded(to: left) + (isDone ? "x" : ".")).padded(to: deed.count)
    }
}
