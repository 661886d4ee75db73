extension Chapter {
    static let quorum = Chapter(
        10, "quorum", title: "when the machine dies",
        question: "Who has your message when the machine dies, and who stops a message that kills every worker?",
        roles: ["new-task [MESSAGE]", "work", "dead"],
        parties: [
            .sender("new-task", to: "", hears: ["confirm"]), .receiver("work", from: .queue("payments")),
            .receiver("dead", from: .queue("payments.dead")),
        ],
        play: quorumPlay,
        compare: CompareScene(quorumPlay),
        trace: TraceScene(
            waiting: quorumPlay.waiting, acting: ["new-task", "Pay the rent"],
            legs: [
                .init(
                    "the payment", of: "quorum", from: ("NewTask", "channel.publishAndConfirm("),
                    to: ("Work", "for try await payment"), acknowledgement: "payment.ack()")
            ]),
        check: QuorumCheck.self,
        promise: Promise(
            messages: ["Payment 1", "Payment 2"], keepsMessages: true, outlivesRestart: true,
            parksIn: "payments.dead", poison: "Payment 3!", comesBack: true, survivesCrash: true, why: .quorumBreak),
        exercises: [
            .program("10.1", "work", examine: QuorumExercises.warnsOnce),
            .thought("10.2"),
            .init("10.3", .breakage(area: "quorum.", rule: "rabbitmq/quorum/abandoned", see: .quorumRead)),
        ],
        questions: QuorumQuestions.all)

    private static let quorumPlay = PlayScene(
        waiting: [["work"], ["dead"]], acting: [["new-task", "Pay the rent"], ["new-task", "Pay the bonus!"]],
        answers: 12)
}

/// What the check of this chapter points to.
extension Paragraph {
    static let quorumRun = Paragraph("quorum", .runIt)
    static let quorumRead = Paragraph("quorum", .readIt)
    static let quorumBreak = Paragraph("quorum", .breakIt)
}
