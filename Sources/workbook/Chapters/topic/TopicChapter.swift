extension Chapter {
    static let topic = Chapter(
        5, "topic", title: "keys of several words",
        question: #"How do you ask for "everything critical" and "everything from the kernel" at once?"#,
        roles: ["emit [KEY [MESSAGE]]", "receive PATTERN..."],
        parties: [.sender("emit", to: "topic_logs"), .receiver("receive", from: .ownQueue)],
        play: topicPlay,
        compare: CompareScene(topicPlay),
        trace: TraceScene(waiting: topicPlay.waiting, acting: ["emit", "kern.critical"], legs: [.log(of: "topic")]),
        check: TopicCheck.self,
        promise: Promise(messages: ["Log 1", "Log 2"], why: .topicRead),
        exercises: [
            .init("5.1", .prediction(TopicQuestions.ofWords)),
            .init("5.2", .prediction(TopicQuestions.ofEmptyWords)),
            .init("5.3", .breakage(area: "topic.", rule: "spec/3.1.3.3/hash-is-any-words", see: .topicRead)),
        ],
        questions: TopicQuestions.all)

    private static let topicPlay = PlayScene(
        waiting: [["receive", "kern.*"], ["receive", "#.critical"]],
        acting: [["emit", "kern.info"], ["emit", "kern.critical"], ["emit", "auth.critical"]], answers: 4)
}

/// What the check of this chapter, and of others, points to.
extension Paragraph {
    static let topicRead = Paragraph("topic", .readIt)
    static let topicBreak = Paragraph("topic", .breakIt)
}
