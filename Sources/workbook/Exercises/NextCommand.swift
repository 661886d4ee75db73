import Commands

/// `workbook next`: the next thing to do, and how.
enum NextCommand {
    static let command = Command(
        "workbook next", does: "says what comes next, and how it is done: a chapter, its questions, its exercises")

    static func run() -> Int32 {
        for line in lines(Progress.done()) { say(line) }
        return 0
    }

    static func lines(_ done: [String]) -> [String] {
        switch NextDeed(done) {
        case .exercise(let id, _):
            guard let (chapter, exercise) = Chapter.exercise(id) else { return [] }
            let task = ExercisePage(id, of: chapter)?.task ?? ""
            return ["Exercise \(id), in \(chapter.page):", ""] + wrapped(task, indent: 2) + [""]
                + ways(exercise, chapter) + ["For a hint: swift run workbook hint \(id)"]
        case let other: return [other.line]
        }
    }

    private static func ways(_ exercise: Exercise, _ chapter: Chapter) -> [String] {
        switch exercise.task {
        case .program:
            [
                "Change your copy of the program, or write one in your language:",
                "  swift run workbook start \(chapter.number)              copies the program into the folder \(StartCommand.folder)",
                "  swift run workbook watch \(exercise.id)            judges it each time you save it",
                "  swift run workbook watch \(exercise.id) -- COMMAND   the same for a program of yours",
            ]
        case .breakage:
            [
                "Change the broker's source, then: swift run workbook check \(exercise.id)",
                "Undo the change when it is done.",
            ]
        case .prediction: ["Guess, and see: swift run workbook check \(exercise.id)"]
        case .thought: ["Try it, write your answer down, and compare: swift run workbook check \(exercise.id)"]
        }
    }
}
