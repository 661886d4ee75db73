extension Chapter {
    static let hello = Chapter(
        1, "hello", title: "one queue",
        question: "Where is a message between the moment you send it and the moment somebody reads it?",
        roles: ["send [MESSAGE]", "receive"],
        parties: [.sender("send", to: ""), .receiver("receive", from: .queue("hello"))],
        play: helloPlay,
        compare: CompareScene(
            waiting: [["receive"], ["receive"]], acting: [["send"], ["send"], ["send"], ["send"]], answers: 4,
            queue: "hello",
            rule: "Consumers of a queue take turns: each gets every other message. Either may come first."),
        trace: TraceScene(
            waiting: helloPlay.waiting, acting: ["send"],
            legs: [
                .init(
                    "the message", of: "hello", from: ("Send", "channel.publish("),
                    to: ("Receive", "for try await message"))
            ]),
        check: HelloCheck.self,
        promise: Promise(messages: ["Hello 1", "Hello 2"], why: .helloBreak),
        exercises: [
            .program("1.1", "send", examine: HelloExercises.returned),
            .program("1.2", "receive", examine: HelloExercises.takesOne),
            .thought("1.3"),
        ],
        questions: HelloQuestions.all)

    private static let helloPlay = PlayScene(waiting: [["receive"]], acting: [["send", "--count", "3"]], answers: 3)
}

/// What the check of this chapter, and of others, points to.
extension Paragraph {
    static let helloRead = Paragraph("hello", .readIt)
    static let helloBreak = Paragraph("hello", .breakIt)
}
