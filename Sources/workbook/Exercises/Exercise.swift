/// An exercise of a chapter, and how the workbook tells whether it is done.
struct Exercise: Sendable {
    enum Task: Sendable {
        /// The reader writes or changes a program. `words` are those of the role in the step's own program.
        case program(words: [String], examine: @Sendable (Inspection) async throws -> [Finding])
        /// The reader breaks the broker so that the conformance suite notices: of the cases whose ids begin with `area`, some
        /// fail, one that proves `rule` among them, and most stay green.
        case breakage(area: String, rule: String, see: Paragraph)
        /// The reader foretells what happens: questions that `workbook predict` does not ask.
        case prediction([Question])
        /// The reader tries something, and writes down what it means: there is an answer to compare with, in the hints.
        case thought
    }

    /// The chapter's number, a dot, and its number there.
    let id: String
    let task: Task
    /// The exercise whose file under `Tests/Solutions` solves this one.
    let solution: String

    init(_ id: String, _ task: Task, solution: String? = nil) {
        (self.id, self.task, self.solution) = (id, task, solution ?? id)
    }

    var isProgram: Bool { if case .program = task { true } else { false } }

    static func program(
        _ id: String, _ words: String..., solution: String? = nil,
        examine: @escaping @Sendable (Inspection) async throws -> [Finding]
    ) -> Exercise {
        Exercise(id, .program(words: words, examine: examine), solution: solution)
    }
}

extension Exercise {
    static func thought(_ id: String) -> Exercise { Exercise(id, .thought) }
}

extension Chapter {
    /// An exercise that a program can tell, and the chapter that asks for it; nil when there is none.
    static func exercise(_ id: String) -> (chapter: Chapter, exercise: Exercise)? {
        for chapter in all {
            if let exercise = chapter.exercises.first(where: { $0.id == id }) { return (chapter, exercise) }
        }
        return nil
    }
}

extension Inspection.CannotJudge {
    /// The program did nothing that could be looked at.
    static func silent(_ run: Subject.Run) -> Self {
        let status = run.status().map { "It ended with status \($0)." } ?? "It is still running."
        return Self(
            description:
                "There was not enough to judge. \(status)\(run.printed) The program has to connect to the "
                + "address in the environment variable AMQP_URL, and to play the role that the exercise is about.")
    }
}
