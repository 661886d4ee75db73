extension Chapter {
    static let pubsub = Chapter(
        3, "pubsub", title: "everybody gets everything",
        question: "How do several programs all get the same message?",
        roles: ["emit [MESSAGE]", "receive"],
        parties: [.sender("emit", to: "logs"), .receiver("receive", from: .ownQueue)],
        play: pubsubPlay,
        compare: CompareScene(pubsubPlay),
        trace: TraceScene(waiting: pubsubPlay.waiting, acting: ["emit"], legs: [.log(of: "pubsub")]),
        check: PubsubCheck.self,
        promise: Promise(messages: ["info: 1", "info: 2"], why: .pubsubRead),
        exercises: [
            .program("3.1", "receive", examine: PubsubExercises.getsWhatItMissed),
            .program("3.2", "receive", examine: PubsubExercises.shares),
            .program("3.3", "emit", examine: PubsubExercises.throughAnotherExchange),
        ],
        questions: PubsubQuestions.all)

    private static let pubsubPlay = PlayScene(
        waiting: [["receive"], ["receive"]], acting: [["emit"], ["emit", "error: The disk is full"]], answers: 4)
}

/// What the check of this chapter, and of others, points to.
extension Paragraph {
    static let pubsubPicture = Paragraph("pubsub", .picture)
    static let pubsubPredict = Paragraph("pubsub", .predict)
    static let pubsubRead = Paragraph("pubsub", .readIt)
}
