extension Chapter {
    static let rpc = Chapter(
        6, "rpc", title: "a question and its answer",
        question: "How does an answer find the client that asked?",
        roles: ["serve", "call [N]"],
        parties: [
            .sender("call", to: "", answersIn: .ownQueue),
            .receiver("serve", from: .queue("rpc_queue"), sends: "reply"),
        ],
        play: rpcPlay,
        compare: CompareScene(
            waiting: [["serve"]], acting: [["call"], ["call"]], answers: 2, queue: "rpc_queue",
            rule: "Each question gets its answer."),
        trace: TraceScene(
            waiting: rpcPlay.waiting, acting: ["call", "30"],
            legs: [
                .init(
                    "the question", of: "rpc", from: ("Call", "channel.publish(request"),
                    to: ("Serve", "for try await request"), acknowledgement: "request.ack()"),
                .init("the answer", of: "rpc", from: ("Serve", "channel.publish(reply"), to: ("Call", "replies.first")),
            ]),
        check: RPCCheck.self,
        promise: Promise(
            messages: ["5", "8"], keepsMessages: true, isAnswered: true, queue: ("rpc_queue", false), why: .rpcBreak),
        exercises: [
            .program("6.1", "call", examine: RPCExercises.tenAtOnce),
            .thought("6.2"),
            .program("6.3", "call", examine: RPCExercises.directReplyTo),
        ],
        questions: RPCQuestions.all)

    private static let rpcPlay = PlayScene(
        waiting: [["serve"]], acting: [["call", "30"], ["call", "10"]], answers: 2)
}

/// What the check of this chapter, and of others, points to.
extension Paragraph {
    static let rpcRead = Paragraph("rpc", .readIt)
    static let rpcBreak = Paragraph("rpc", .breakIt)
}
