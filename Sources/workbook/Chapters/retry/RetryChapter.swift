extension Chapter {
    static let retry = Chapter(
        9, "retry", title: "what nobody can process",
        question: "What becomes of a message that nobody can process?",
        roles: ["new-task [MESSAGE]", "work", "dead"],
        parties: [
            .sender("new-task", to: ""), .receiver("work", from: .queue("jobs"), sends: "parked"),
            .receiver("dead", from: .queue("jobs.dead")),
        ],
        play: retryPlay,
        compare: CompareScene(retryPlay),
        trace: TraceScene(
            waiting: retryPlay.waiting, acting: ["new-task", "Mend the fence"],
            legs: [
                .init(
                    "the job", of: "retry", from: ("NewTask", "channel.publish("), to: ("Work", "for try await job"),
                    acknowledgement: "job.ack()")
            ]),
        check: RetryCheck.self,
        promise: Promise(
            messages: ["Job 1", "Job 2!"], keepsMessages: true, outlivesRestart: true, parksIn: "jobs.dead",
            why: .retryBreak),
        exercises: [
            .thought("9.1"),
            .program("9.2", "revive", examine: RetryExercises.bringsBack),
            .init("9.3", .breakage(area: "dead-letter.", rule: "rabbitmq/dead-letter/x-death-count", see: .retryRead)),
        ],
        questions: RetryQuestions.all)

    private static let retryPlay = PlayScene(
        waiting: [["work"], ["dead"]], acting: [["new-task", "Mend the fence"], ["new-task", "Defuse the bomb!"]],
        answers: 9)
}

/// What the check of this chapter, and of others, points to.
extension Paragraph {
    static let retryRead = Paragraph("retry", .readIt)
    static let retryBreak = Paragraph("retry", .breakIt)
}
