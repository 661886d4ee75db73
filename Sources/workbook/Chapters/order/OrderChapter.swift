extension Chapter {
    static let order = Chapter(
        12, "order", title: "many workers, in order",
        question: "How do many workers share the messages, and keep those of one account in order?",
        roles: ["emit [ACCOUNT [MESSAGE]]", "work QUEUE"],
        parties: [.sender("emit", to: "accounts"), .receiver("work", from: .queues("accounts."))],
        play: orderPlay,
        compare: CompareScene(
            waiting: orderPlay.waiting, acting: orderPlay.acting, answers: orderPlay.answers, queue: nil,
            rule: "An account's messages all go to one worker, in the order in which they were sent."),
        trace: TraceScene(
            waiting: [["work", "1"], ["work", "2"]], acting: ["emit", "ann", "deposit 10"],
            legs: [
                .init(
                    "the message", of: "order", from: ("Emit", "accounts.publish("),
                    to: ("Work", "for try await message"), acknowledgement: "message.ack()")
            ]),
        check: OrderCheck.self,
        promise: Promise(
            messages: ["Step 1...", "Step 2...", "Step 3..."], keepsMessages: true, takesTime: true,
            outlivesRestart: true,
            keepsOrder: true, why: .orderBreak),
        exercises: [
            .program("12.1", "emit", "ann", examine: OrderExercises.hashesAHeader),
            .thought("12.2"),
            .init(
                "12.3",
                .breakage(
                    area: "single-active.", rule: "rabbitmq/single-active-consumer/first-is-active", see: .orderRead)),
        ],
        questions: OrderQuestions.all)

    private static let orderPlay = PlayScene(
        waiting: [["work", "1"], ["work", "1"], ["work", "2"]],
        acting: [["emit", "ann", "--count", "3"], ["emit", "bob", "--count", "3"]], answers: 12)
}

/// What the check of this chapter, and of others, points to.
extension Paragraph {
    static let orderPicture = Paragraph("order", .picture)
    static let orderRead = Paragraph("order", .readIt)
    static let orderBreak = Paragraph("order", .breakIt)
}
