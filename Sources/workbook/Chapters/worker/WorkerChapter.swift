extension Chapter {
    static let worker = Chapter(
        2, "worker", title: "a queue of tasks",
        question: "Who loses the task when a worker dies?",
        roles: ["new-task [MESSAGE]", "work"],
        parties: [.sender("new-task", to: ""), .receiver("work", from: .queue("task_queue"))],
        play: workerPlay,
        compare: CompareScene(
            waiting: [["work"], ["work"]],
            // The long one holds its worker until the other has done both short ones.
            acting: [
                ["new-task", "A very long task....."], ["new-task", "Short task."],
                ["new-task", "Another short task."],
            ], answers: 6, queue: "task_queue",
            rule: "While one worker is at the long task, the other does the rest. Either may get the long one."),
        trace: TraceScene(
            // One worker is enough for one task.
            waiting: [["work"]], acting: ["new-task", "Short task"],
            legs: [
                .init(
                    "the task", of: "worker", from: ("NewTask", "channel.publish("),
                    to: ("Work", "for try await task"), acknowledgement: "task.ack()")
            ]),
        check: WorkerCheck.self,
        promise: Promise(
            messages: ["Task 1.", "Task 2.", "Task 3."], keepsMessages: true, takesTime: true,
            outlivesRestart: true, why: .workerBreak),
        exercises: [
            .thought("2.1"),
            .program("2.2", "work", examine: WorkerExercises.again),
            .program("2.3", "work", examine: WorkerExercises.refuses),
        ],
        questions: WorkerQuestions.all)

    private static let workerPlay = PlayScene(
        waiting: [["work"], ["work"]],
        acting: [["new-task", "A long task..."], ["new-task", "--count", "3", "Short task."]], answers: 8)
}

/// What the check of this chapter, and of others, points to.
extension Paragraph {
    static let workerRun = Paragraph("worker", .runIt)
    static let workerPredict = Paragraph("worker", .predict)
    static let workerRead = Paragraph("worker", .readIt)
    static let workerBreak = Paragraph("worker", .breakIt)
}
