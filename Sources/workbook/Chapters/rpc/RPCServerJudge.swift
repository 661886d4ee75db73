import AMQPClient

/// Judges a server by its answers to good and bad questions.
struct RPCServerJudge {
    /// A good question, and what its answer is.
    struct Question: Sendable {
        var text: String
        var id: String
        var answer: String
    }

    static let questions = [
        Question(text: "5", id: "check-good", answer: "5"), Question(text: "6", id: "check-second", answer: "8"),
    ]

    /// Up to the good questions.
    let log: WireLog
    let replies: String
    let probes: [RPCCheck.Probe]

    var findings: [Finding] {
        guard let consumption = log.work else { return [] }
        let all = [
            log.declares(
                consumption.queue, before: consumption.place,
                Point(
                    "declares its queue first",
                    why: "A client can ask only if there is a queue; a question without one is dropped.",
                    see: .helloRead)),
            consumption.isGet ? nil : WorkerJudge.prefetch(log, consumption), repliesToReplyTo, sameID,
            acknowledgesAfterwards(consumption), answersRightly(consumption), log.fails(consumption.place.run),
        ]
        return all.compactMap(\.self) + probes.map(survived)
    }

    /// What it published to the client's queue.
    private var answers: [WireLog.Published] { log.published.filter { $0.key == replies && $0.exchange.isEmpty } }

    private var repliesToReplyTo: Finding {
        let point = Point(
            "sends its answers to reply-to",
            why:
                "reply-to names the client's queue. Through the default exchange the answer gets there, and "
                + "nowhere else.", see: .rpcRead)
        if answers.count >= Self.questions.count {
            return point.finding(
                true, "\(counted(answers.count, "answer")) to '\(replies)', through the default exchange.")
        }
        let other = log.published.first { $0.key != replies || !$0.exchange.isEmpty }
        return point.finding(
            other == nil ? log.missing : .no,
            other.map {
                "Reply-to was '\(replies)'; basic.publish at \($0.place.time) ms to exchange '\($0.exchange)', routing "
                    + "key '\($0.key)'."
            } ?? "Two questions with reply-to '\(replies)', and \(counted(answers.count, "answer")).\(printed)")
    }

    private var printed: String { Subject.printed(log.lives.first?.lines ?? []) }

    /// Where the answers went is another point, and in which order they came is none.
    private var sameID: Finding {
        let asked = Set(Self.questions.map(\.id))
        let answered = log.published.prefix(20).map { $0.properties.correlationID?.text ?? "none" }
        return Point(
            "sends the correlation id back as it came",
            why: "It tells the client which question this answers. Without it, the client ignores the answer.",
            see: .rpcRead
        ).finding(
            asked.isSubset(of: answered) ? .yes : answered.isEmpty ? log.missing : .no,
            "Asked with \(asked.sorted().joined(separator: ", ")), answered with "
                + (answered.isEmpty ? "nothing." : "\(answered.joined(separator: ", "))."))
    }

    /// Question by question: several may be under way at once.
    private func acknowledgesAfterwards(_ consumption: WireLog.Consumption) -> Finding {
        let point = Point(
            "acknowledges after it has answered",
            why:
                "If it dies between ack and answer, there is no answer. In the other order, another server answers.",
            see: .rpcRead)
        if consumption.method.noAck {
            return point.finding(false, "\(consumption.verb) at \(consumption.place.time) ms with no-ack.")
        }
        let asked = log.handed.filter { handed in
            Self.questions.contains { $0.id == handed.properties.correlationID?.text }
        }
        guard let first = asked.first, let open = asked.last, !open.settlements.isEmpty else {
            return point.finding(
                log.unsettled(by: consumption.place.run),
                "No basic.ack was seen\(log.ending(of: consumption.place.run)).")
        }
        if let refused = asked.first(where: { !$0.settlements.isEmpty && $0.acks.isEmpty }) {
            return point.finding(
                false,
                "Asked at \(refused.place.time) ms, and the question got \(refused.settlements[0].verb) at "
                    + "\(refused.settlements[0].place.time) ms: what was answered is done.")
        }
        for question in asked {
            guard let ack = question.settlements.first else { continue }
            let id = question.properties.correlationID
            let ordered = log.published.first { $0.properties.correlationID == id }
            // One that forgets the ids answers in the order of the questions.
            let index = asked.firstIndex { $0.tag == question.tag } ?? 0
            let answer = ordered ?? (log.published.count > index ? log.published[index] : nil)
            if answer.map({ $0.place < ack.place }) != true {
                return point.finding(
                    false,
                    "Asked at \(question.place.time) ms, answered at "
                        + "\(answer.map { "\($0.place.time) ms" } ?? "no time"), \(ack.verb) at \(ack.place.time) ms, before "
                        + "the answer.")
            }
        }
        return point.finding(
            true,
            "Asked at \(first.place.time) ms, answered, and \(first.settlements[0].verb) at "
                + "\(first.settlements[0].place.time) ms, after the answer.")
    }

    /// The step's own question is known. nil: the answers are right, or it is another server.
    private func answersRightly(_ consumption: WireLog.Consumption) -> Finding? {
        guard consumption.queue == "rpc_queue" else { return nil }
        for question in Self.questions {
            guard let answer = log.published.first(where: { $0.properties.correlationID?.text == question.id }),
                !answer.body.split(whereSeparator: { !$0.isNumber }).contains(Substring(question.answer))
            else { continue }
            return Point(
                "answers with the Fibonacci number", why: "fib(5) is 5, and fib(6) is 8.", see: .rpcRead
            ).finding(false, "Asked for fib(\(question.text)), it answered '\(answer.body.prefix(80))'.")
        }
        return nil
    }

    private func survived(_ probe: RPCCheck.Probe) -> Finding {
        let isAnonymous = probe.correlationID.isEmpty
        let name = isAnonymous ? "a question without reply-to" : "the question '\(probe.question)'"
        let seen =
            isAnonymous ? "" : probe.answer.map { " It was answered with '\($0)'." } ?? " It was not answered itself."
        let isGood = probe.isSurvived && (isAnonymous || probe.answer != nil)
        return Point(
            probe.isSurvived && !isGood ? "answers \(name)" : "survives \(name)",
            why:
                "A server that crashes leaves the question unacknowledged: it goes to the next server, and crashes that one. "
                + "A bad question gets an answer too, or its client waits for nothing.", see: .rpcRead
        ).finding(
            isGood ? .yes : probe.isUnseen ? .notSeen : .no,
            "The question behind it was \(probe.isSurvived ? "answered" : "not answered").\(seen)\(probe.printed)")
    }
}
