extension Chapter {
    static let routing = Chapter(
        4, "routing", title: "only what you asked for",
        question: "How does a program get only the messages that it asked for?",
        roles: ["emit [SEVERITY [MESSAGE]]", "receive SEVERITY..."],
        parties: [.sender("emit", to: "direct_logs"), .receiver("receive", from: .ownQueue)],
        play: routingPlay,
        compare: CompareScene(routingPlay),
        trace: TraceScene(
            waiting: routingPlay.waiting, acting: ["emit", "error", "The disk is full"], legs: [.log(of: "routing")]),
        check: RoutingCheck.self,
        promise: Promise(messages: ["Log 1", "Log 2"], why: .routingRead),
        exercises: [
            .program("4.1", "receive", "info", examine: RoutingExercises.listensToMore),
            // One program does both.
            .program("4.2", "receive", "info", solution: "4.1", examine: RoutingExercises.listensToLess),
            .program("4.3", "emit", "debug", examine: RoutingExercises.findsOut),
        ],
        questions: RoutingQuestions.all)

    private static let routingPlay = PlayScene(
        waiting: [["receive", "error"], ["receive", "info", "error"]],
        acting: [["emit", "info"], ["emit", "debug", "Nobody asked"], ["emit", "error", "The disk is full"]],
        answers: 3)
}

/// What the check of this chapter, and of others, points to.
extension Paragraph {
    static let routingPicture = Paragraph("routing", .picture)
    static let routingPredict = Paragraph("routing", .predict)
    static let routingRead = Paragraph("routing", .readIt)
}
