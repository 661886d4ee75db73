extension Chapter {
    static let stream = Chapter(
        11, "stream", title: "read it again",
        question: "How does a reader that comes late get what everybody else has already read?",
        roles: ["publish [MESSAGE]", "read [OFFSET]"],
        parties: [.sender("publish", to: "", hears: ["confirm"]), .receiver("read", from: .queue("ticker"))],
        play: streamPlay,
        compare: CompareScene(
            waiting: streamPlay.waiting, acting: streamPlay.acting, answers: streamPlay.answers, queue: nil,
            stream: "ticker", rule: "Each reader gets everything from its place onwards, in the order of the stream."),
        trace: TraceScene(
            waiting: [["read"]], acting: ["publish", "Kick-off"],
            legs: [
                .init(
                    "the news", of: "stream", from: ("Publish", "channel.publishAndConfirm("),
                    to: ("Read", "for try await item"), acknowledgement: "item.ack()")
            ]),
        check: StreamCheck.self,
        promise: Promise(
            messages: ["News 1...", "News 2...", "News 3..."], keepsMessages: true, takesTime: true,
            survivesCrash: true,
            isStream: true, why: .streamRead),
        exercises: [
            .program("11.1", "read", examine: StreamExercises.remembers),
            .thought("11.2"),
            .init("11.3", .breakage(area: "stream.", rule: "rabbitmq/stream/credit", see: .streamRead)),
        ],
        questions: StreamQuestions.all)

    private static let streamPlay = PlayScene(
        waiting: [["read"], ["read", "next"], ["read", "1"]],
        acting: [["publish", "Kick-off"], ["publish", "--count", "2", "Goal"]], answers: 8)
}

/// What the check of this chapter points to.
extension Paragraph {
    static let streamRun = Paragraph("stream", .runIt)
    static let streamRead = Paragraph("stream", .readIt)
    static let streamBreak = Paragraph("stream", .breakIt)
}
