extension Chapter {
    static let inbox = Chapter(
        13, "inbox", title: "sent twice, done once",
        question: "Who makes sure that an order sent twice is shipped once, even after a crash?",
        roles: ["order [MESSAGE]", "ship"],
        parties: [.sender("order", to: "", hears: ["confirm"]), .receiver("ship", from: .queue("shipments"))],
        play: inboxPlay,
        compare: CompareScene(
            waiting: inboxPlay.waiting, acting: inboxPlay.acting, answers: inboxPlay.answers, queue: "shipments",
            rule: "Each order is shipped once, and acknowledged as often as it comes."),
        trace: TraceScene(
            waiting: inboxPlay.waiting, acting: ["order", "A chair"],
            legs: [
                .init(
                    "the order", of: "inbox", from: ("Order", "channel.publishAndConfirm("),
                    to: ("Ship", "for try await order"), acknowledgement: "order.ack()")
            ]),
        check: InboxCheck.self,
        promise: Promise(
            messages: ["Order 1...", "Order 2...", "Order 3..."], keepsMessages: true, takesTime: true,
            outlivesRestart: true, isDoneOnce: true, hasOutbox: true, why: .inboxRead),
        exercises: [
            .program("13.1", "ship", examine: InboxExercises.refusesTheNameless),
            .thought("13.2"),
            .init(
                "13.3",
                .breakage(area: "settle.", rule: "domain.redelivered/implementation", see: .inboxRead)),
        ],
        questions: InboxQuestions.all)

    /// The second order is left in the outbox although the broker has it, so it comes again with the third.
    private static let inboxPlay = PlayScene(
        waiting: [["ship"]],
        acting: [["order", "A chair"], ["order", "--crash", "confirmed", "A table"], ["order", "A lamp"]], answers: 12)
}

/// What the check of this chapter, and of others, points to.
extension Paragraph {
    static let inboxRead = Paragraph("inbox", .readIt)
    static let inboxBreak = Paragraph("inbox", .breakIt)
}
