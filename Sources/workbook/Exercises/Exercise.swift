/// An exercise of a chapter, and how the workbook tells whether it is done.
struct Exercise: Sendable {
    enum Task: Sendable {
        /// The reader writes or changes a program. `words` are those of the role in the step's own program.
        case program(words: [String], examine: @Sendable (Rehearsal) async throws -> [Finding])
        /// The reader breaks the broker so that the conformance suite notices: of the cases whose ids begin with `area`, some
        /// fail, one that proves `rule` among them, and most stay green.
        case breakage(area: String, rule: String, see: Paragraph)
        /// The reader foretells what happens: questions of `workbook predict`, by their kinds.
        case prediction(kinds: [String])
    }

    let id: String
    let task: Task

    var chapter: Chapter? { Chapter.all.first { id.hasPrefix("\($0.number).") } }

    var isProgram: Bool { if case .program = task { true } else { false } }

    static func find(_ id: String) -> Exercise? { all.first { $0.id == id } }

    private static func program(
        _ id: String, _ words: String..., examine: @escaping @Sendable (Rehearsal) async throws -> [Finding]
    ) -> Exercise {
        Exercise(id: id, task: .program(words: words, examine: examine))
    }

    /// Those that are told by a program. What the others ask for is to be thought about, and chapter and hints say how to try
    /// it.
    static let all = [
        program("1.1", "send", examine: HelloExercises.returned),
        program("1.2", "receive", examine: HelloExercises.takesOne),
        program("2.2", "work", examine: WorkerExercises.again),
        program("2.3", "work", examine: WorkerExercises.refuses),
        program("3.1", "receive", examine: PubsubExercises.getsWhatItMissed),
        program("3.2", "receive", examine: PubsubExercises.shares),
        program("3.3", "emit", examine: PubsubExercises.throughAnotherExchange),
        program("4.1", "receive", "info", examine: RoutingExercises.listensToMore),
        program("4.2", "receive", "info", examine: RoutingExercises.listensToLess),
        program("4.3", "emit", "debug", examine: RoutingExercises.findsOut),
        Exercise(id: "5.1", task: .prediction(kinds: ["patterns", "one-word"])),
        Exercise(id: "5.2", task: .prediction(kinds: ["empty-words"])),
        Exercise(id: "5.3", task: .breakage(area: "topic.", rule: "spec/3.1.3.3/hash-is-any-words", see: .topicRead)),
        program("6.1", "call", examine: RPCExercises.tenAtOnce),
        program("6.3", "call", examine: RPCExercises.directReplyTo),
        program("7.1", "receive", examine: ReliabilityExercises.takesOnce),
        program("7.4", "receive", examine: ReliabilityExercises.refusesTheSixth),
        program("8.1", "receive", "all", "format", examine: HeadersExercises.wantsTheName),
        program("8.2", "emit", "size=10", "Hello World!", examine: HeadersExercises.sendsANumber),
        Exercise(
            id: "8.3", task: .breakage(area: "headers.", rule: "rabbitmq/headers-exchange/x-ignored", see: .headersRead)
        ),
        program("9.2", "revive", examine: ReliabilityExercises.bringsBack),
        Exercise(
            id: "9.3",
            task: .breakage(area: "dead-letter.", rule: "rabbitmq/dead-letter/x-death-count", see: .retryRead)),
    ]
}

extension Rehearsal.CannotJudge {
    /// The program did nothing that could be looked at.
    static func silent(_ run: Subject.Run) -> Self {
        let status = run.status().map { "It ended with status \($0)." } ?? "It is still running."
        return Self(
            description:
                "The program did not get as far as to be judged. \(status)\(run.printed) It has to connect to the "
                + "address in the environment variable AMQP_URL, and to play the role that the exercise is about.")
    }
}
