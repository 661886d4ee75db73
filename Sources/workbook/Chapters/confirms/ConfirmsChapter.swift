extension Chapter {
    static let confirms = Chapter(
        7, "confirms", title: "does the broker have it?",
        question: "How does a producer know that the broker has its message?",
        roles: ["publish [MESSAGE]", "receive"],
        parties: [
            .sender("publish", to: "", hears: ["confirm", "return"]), .receiver("receive", from: .queue("orders")),
        ],
        play: confirmsPlay,
        compare: CompareScene(
            // One at a time: whether the second is sent before the first is confirmed is the publisher's own choice.
            waiting: [["receive"]], acting: [["publish"], ["publish"], ["publish"]], answers: 3, queue: "orders",
            rule: "Each order is confirmed after it is sent."),
        trace: TraceScene(
            waiting: confirmsPlay.waiting, acting: ["publish"],
            legs: [
                .init(
                    "the order", of: "confirms", from: ("Send", "channel.publishForConfirm("),
                    to: ("Receive", "for try await order"), acknowledgement: "order.ack()")
            ]),
        check: ConfirmsCheck.self,
        promise: Promise(
            messages: ["Order 1", "Order 2"], keepsMessages: true, outlivesRestart: true, queue: ("orders", true),
            why: .confirmsBreak),
        exercises: [
            .program("7.1", "receive", examine: ConfirmsExercises.takesOnce),
            .thought("7.2"), .thought("7.3"),
            .program("7.4", "receive", examine: ConfirmsExercises.refusesTheSixth),
        ],
        questions: ConfirmsQuestions.all)

    private static let confirmsPlay = PlayScene(
        waiting: [["receive"]], acting: [["publish", "--count", "3"]], answers: 3)
}

/// What the check of this chapter, and of others, points to.
extension Paragraph {
    static let confirmsRead = Paragraph("confirms", .readIt)
    static let confirmsBreak = Paragraph("confirms", .breakIt)
}
