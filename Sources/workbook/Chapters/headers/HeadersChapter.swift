extension Chapter {
    static let headers = Chapter(
        8, "headers", title: "chosen by named fields",
        question: "How do you choose by more than one property, with no order among them?",
        roles: ["emit [HEADER=VALUE...] [MESSAGE]", "receive all|any HEADER=VALUE..."],
        parties: [.sender("emit", to: "headers_logs"), .receiver("receive", from: .ownQueue)],
        play: headersPlay,
        compare: CompareScene(headersPlay),
        trace: TraceScene(
            waiting: headersPlay.waiting, acting: ["emit", "format=pdf", "type=report"], legs: [.log(of: "headers")]),
        check: HeadersCheck.self,
        promise: Promise(messages: ["Report 1", "Report 2"], why: .headersRead),
        exercises: [
            .program("8.1", "receive", "all", "format", examine: HeadersExercises.wantsTheName),
            .program("8.2", "emit", "size=10", "Hello World!", examine: HeadersExercises.sendsANumber),
            .init("8.3", .breakage(area: "headers.", rule: "rabbitmq/headers-exchange/x-ignored", see: .headersRead)),
        ],
        questions: HeadersQuestions.all)

    private static let headersPlay = PlayScene(
        waiting: [["receive", "all", "format=pdf", "type=report"], ["receive", "any", "format=pdf", "type=report"]],
        acting: [["emit", "format=pdf", "type=report"], ["emit", "format=pdf", "type=log"]], answers: 3)
}

/// What the check of this chapter, and of others, points to.
extension Paragraph {
    static let headersPicture = Paragraph("headers", .picture)
    static let headersRead = Paragraph("headers", .readIt)
}
