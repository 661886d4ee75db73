import AMQPClient

/// Judges a client that got an answer to somebody else's question before its own.
struct RPCClientJudge {
    /// The answer to a question that somebody else asked.
    static let foreign = "424242424242"
    static let answer = "832040832040"

    let log: WireLog
    /// What it printed when it got a foreign answer, and its own behind it.
    let printed: [String]
    /// It ended when no answer came; nil when that was not tried.
    let isOver: Bool?

    var findings: [Finding] {
        guard let first = log.published.first else { return [] }
        let asked = Point(
            "asks through the default exchange",
            why: "The server reads a queue, and the default exchange knows it by its name.",
            see: .rpcRead
        ).finding(
            first.exchange.isEmpty,
            "basic.publish at \(first.place.time) ms to exchange '\(first.exchange)', routing key '\(first.key)'.")
        guard let isOver else { return [asked] }
        let givesUp = Point(
            "gives up when no answer comes",
            why:
                "A server may be down, or crash. Every call over a network needs a timeout, and a decision on what to "
                + "do then.", see: .rpcBreak
        ).finding(isOver, isOver ? "Nobody answered, and it ended." : "Nobody answered, and it was still waiting.")
        return [asked, ownQueue(first), uniqueID] + (gotNoAnswer ? [] : [ignoresOthers]) + [givesUp]
    }

    private func ownQueue(_ first: WireLog.Published) -> Finding {
        let point = Point(
            "asks for the answer in a queue of its own",
            why: "If two clients read from one queue, each gets some of the other's answers.",
            see: .rpcRead)
        guard let name = first.properties.replyTo?.text else {
            return point.finding(false, "basic.publish at \(first.place.time) ms without reply-to.")
        }
        if name.hasPrefix("amq.rabbitmq.reply-to") {
            return point.finding(true, "reply-to '\(name)': direct reply-to, which needs no queue.")
        }
        let declared = log.queues.first { $0.name == name }
        let isOwn = declared?.method.exclusive == true
        return point.finding(
            isOwn,
            "reply-to '\(name)', "
                + (declared.map { "declared at \($0.place.time) ms, exclusive: \(isOwn ? "yes" : "no")." }
                    ?? "which it did not declare."))
    }

    private var uniqueID: Finding {
        let ids = log.published.map { $0.properties.correlationID?.text }
        let known = ids.compactMap { $0 }
        let shown = ids.map { $0 ?? "none" }.joined(separator: ", ")
        return Point(
            "uses a correlation id of its own",
            why:
                "Answers may come late, and twice. Only an id of its own tells the answer to this question from another's.",
            see: .rpcRead
        ).finding(
            ids.count == known.count && Set(known).count == known.count && !known.isEmpty,
            "Started \(ids.count) times: \(shown).")
    }

    /// The program had given up before an answer reached it: what it makes of a foreign one was not seen.
    private var gotNoAnswer: Bool {
        !log.handed.contains { $0.place.connection > 1 && [Self.foreign, Self.answer].contains($0.body) }
    }

    private var ignoresOthers: Finding {
        let text = printed.joined(separator: " | ")
        return Point(
            "ignores answers to other questions",
            why: "Any program may write to its queue, and an answer may come late. Compare the correlation id.",
            see: .rpcRead
        ).finding(
            text.contains(Self.answer) && !text.contains(Self.foreign),
            "Answer \(Self.foreign) with a foreign id, then \(Self.answer) with its own. It printed: \(text)")
    }
}
