import AMQPClient

/// Judges a client that got an answer to somebody else's question before its own.
struct RPCClientJudge {
    /// The answer to a question that somebody else asked. Both are no client's own, and fit into 31 bits.
    static let foreign = "1424242424"
    static let answer = "1832040183"

    /// Of three runs: nobody is there; somebody answers; nobody answers. Another may have come before, which found no queue.
    let log: WireLog
    /// What it printed when it got a foreign answer, and its own behind it.
    let printed: [String]
    /// It ended when no answer came; nil when that was not tried.
    let isOver: Bool?

    var findings: [Finding] {
        guard let first = log.question else { return [] }
        // Through the default exchange, or through one that its queue is bound to; who binds it was not seen here.
        let queues = first.exchange.isEmpty ? [first.key] : log.destinations(exchange: first.exchange, key: first.key)
        let asked = Point(
            "asks through the default exchange",
            why: "The server reads a queue, and the default exchange knows it by its name.",
            see: .rpcRead
        ).finding(
            first.exchange.isEmpty || queues?.isEmpty == false ? .yes : .notSeen,
            "basic.publish at \(first.place.time) ms to exchange '\(first.exchange)', routing key '\(first.key)'.")
        guard let isOver else { return [asked] }
        let givesUp = Point(
            "gives up when no answer comes",
            why:
                "A server may be down, or crash. Every call over a network needs a timeout, and a decision on what to "
                + "do then.", see: .rpcBreak
        ).finding(
            // A timeout may be longer than a check takes.
            isOver ? .yes : .notSeen,
            isOver
                ? "Nobody answered, and it ended."
                : "Nobody answered, and it was still waiting when the check's time was up. Does it have a timeout?")
        return [asked, ownQueue(first), uniqueID] + (answered == nil ? [] : [ignoresOthers]) + [givesUp]
            + [answered.flatMap(log.fails)].compactMap(\.self)
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
        guard let declared = log.queues.first(where: { $0.name == name }) else {
            return point.finding(false, "reply-to '\(name)', which it did not declare.")
        }
        // Its own is what no other run has: by a flag, or by a name that is made up each time.
        let others = log.published.filter { $0.place.run != first.place.run }
        let isMadeUp =
            declared.method.queue.isEmpty
            || !others.isEmpty && !others.contains { $0.properties.replyTo?.text == name }
        let kind = declared.method.exclusive ? "exclusive" : isMadeUp ? "with a name of its own" : "not exclusive"
        return point.finding(
            declared.method.exclusive || isMadeUp,
            "reply-to '\(name)', declared at \(declared.place.time) ms, \(kind).")
    }

    /// Between one run and another, and between two questions. The same question may be asked again under its id.
    private var uniqueID: Finding {
        struct Asked: Hashable {
            var run: Int
            var id: String
            var body: String
        }
        let asked = log.published.prefix(1000).filter { $0.properties.replyTo != nil }
        let shown = asked.prefix(8).map { $0.properties.correlationID?.text ?? "none" }.joined(separator: ", ")
        let questions = Set(
            asked.compactMap { message in
                message.properties.correlationID.map {
                    Asked(run: message.place.run, id: $0.text, body: message.body)
                }
            })
        let runs = Set(asked.map(\.place.run)).count
        func isEachItsOwn(_ questions: Set<Asked>) -> Bool { Set(questions.map(\.id)).count == questions.count }
        // One that counts its questions begins anew in each run: no answer to another run's question gets there.
        let ways = Set(asked.map { [String($0.place.run), $0.properties.replyTo?.text ?? ""] }).map { $0[1] }
        let isCounted =
            (Set(ways).count == ways.count || ways.allSatisfy { $0.hasPrefix("amq.rabbitmq.reply-to") })
            && Dictionary(grouping: questions, by: \.run).values.allSatisfy {
                $0.count > 1 && isEachItsOwn(Set($0))
            }
        return Point(
            "uses a correlation id of its own",
            why:
                "Answers may come late, and twice. Only an id of its own tells the answer to this question from another's.",
            see: .rpcRead
        ).finding(
            !asked.isEmpty && asked.allSatisfy { $0.properties.correlationID != nil }
                && (isEachItsOwn(questions) || isCounted),
            "Started \(counted(runs, "time")), it asked with the correlation ids \(shown).")
    }

    /// The run that an answer reached. nil: the program had given up before, and what it makes of a foreign one was not seen.
    private var answered: Int? {
        log.handed.first { [Self.foreign, Self.answer].contains($0.body) }?.place.run
    }

    private var ignoresOthers: Finding {
        func says(_ answer: String) -> Bool { printed.contains { PrintedShape.says(answer, in: $0) } }
        let (own, other) = (says(Self.answer), says(Self.foreign))
        // It may say what it ignores, and it may print nothing at all.
        let verdict: Finding.Verdict = own ? (other ? .notSeen : .yes) : other ? .no : .notSeen
        return Point(
            "ignores answers to other questions",
            why: "Any program may write to its queue, and an answer may come late. Compare the correlation id.",
            see: .rpcRead
        ).finding(
            verdict,
            "Answer \(Self.foreign) with a foreign id, then \(Self.answer) with its own. It printed: \(Subject.shown(printed, most: 5))"
        )
    }
}
