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
            acknowledgesAfterwards(consumption), answersRightly(consumption), answersOnce,
            log.fails(consumption.place.run),
            log.leaves(consumption.place.run, evenIfDone: true),
        ]
        return all.compactMap(\.self) + probes.map { survived($0, consumption) }
    }

    // MARK: What was not to be seen

    /// The good questions that it was handed.
    private var asked: [WireLog.Handed] {
        log.handed.filter { handed in Self.questions.contains { $0.id == handed.properties.correlationID?.text } }
    }

    /// It gets no other question as long as it does not settle the one that it has.
    private var isFull: Bool { asked.count < Self.questions.count && asked.contains { !$0.isSettled } }

    /// The broker has turned it away, or it has ended by itself. What had not come until then is not to be seen.
    private var isOver: Bool {
        log.work.map { log.isRefused($0.place.run) || log.life($0.place.run)?.status != nil } ?? false
    }

    /// Of a bad question nothing can be said: what became of the good ones would become of it too.
    var isCutShort: Bool { isOver || isFull }

    /// It asks for questions now and then, and has not come to all of them.
    private var isYetToAsk: Bool {
        asked.count < Self.questions.count && log.work.map { log.mayAskAgain($0.place.run) } ?? false
    }

    /// It is not to be seen what it makes of a question.
    private var isUnseen: Bool { isOver || isYetToAsk && asked.isEmpty }

    /// How many answers there must be: to what it has got, and to something at least before it was over.
    private var due: Int { isUnseen ? 1 : isFull || isYetToAsk ? asked.count : Self.questions.count }

    /// What it published to the client's queue.
    private var answers: [WireLog.Published] { log.published.filter { $0.key == replies && $0.exchange.isEmpty } }

    private var repliesToReplyTo: Finding {
        let point = Point(
            "sends its answers to reply-to",
            why:
                "reply-to names the client's queue. Through the default exchange the answer gets there, and "
                + "nowhere else.", see: .rpcRead)
        if answers.count >= due {
            return point.finding(
                true, "\(counted(answers.count, "answer")) to '\(replies)', through the default exchange.")
        }
        let other = log.published.first { $0.key != replies || !$0.exchange.isEmpty }
        return point.finding(
            other == nil ? isUnseen ? .notSeen : log.missing : .no,
            other.map {
                "Reply-to was '\(replies)'; basic.publish at \($0.place.time) ms to exchange '\($0.exchange)', routing "
                    + "key '\($0.key)'."
            }
                ?? "\(counted(isCutShort ? asked.count : Self.questions.count, "question")) with reply-to '\(replies)', and "
                + "\(counted(answers.count, "answer")).\(printed)")
    }

    private var printed: String { Subject.printed(log.lives.first?.lines ?? []) }

    /// Where the answers went is another point, and in which order they came is none.
    private var sameID: Finding {
        let asked = Set(
            isFull || isYetToAsk ? asked.compactMap { $0.properties.correlationID?.text } : Self.questions.map(\.id))
        let answered = log.published.prefix(20).map { $0.properties.correlationID?.text ?? "none" }
        return Point(
            "sends the correlation id back as it came",
            why: "It tells the client which question this answers. Without it, the client ignores the answer.",
            see: .rpcRead
        ).finding(
            !asked.isEmpty && asked.isSubset(of: answered) || isOver && !asked.isDisjoint(with: answered)
                ? .yes : isUnseen ? .notSeen : answered.isEmpty ? log.missing : .no,
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
        if let once = onlyOnce(consumption, point.title) { return once }
        if consumption.method.noAck {
            return point.finding(false, "\(consumption.verb) at \(consumption.place.time) ms with no-ack.")
        }
        guard let first = asked.first, let open = asked.last, !open.settlements.isEmpty else {
            let run = consumption.place.run
            return point.finding(
                isUnseen ? .notSeen : log.unsettled(by: run),
                asked.contains { !$0.settlements.isEmpty }
                    ? "The last question got no basic.ack\(log.refusal(of: run))\(log.ending(of: run))."
                    : "No basic.ack was seen\(log.refusal(of: run))\(log.ending(of: run)).")
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
                // What comes over two connections may overtake each other on its way here.
                let isUnsure = answer.map { answer in
                    answer.place.connection != ack.place.connection
                        && answer.place.time - ack.place.time < 100 + log.lost
                }
                return point.finding(
                    isUnsure == true ? .notSeen : .no,
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

    /// An ack that the broker refuses, and after which it closes the channel. nil: there was none.
    private func onlyOnce(_ consumption: WireLog.Consumption, _ title: String) -> Finding? {
        let run = consumption.place.run
        guard
            let handed = log.handed(to: run).first(where: { $0.settlements.count > ($0.isNoAck ? 0 : 1) }),
            let last = handed.settlements.last
        else { return nil }
        let noAck = handed.isNoAck
        return Point(
            title,
            why: (noAck
                ? "With no-ack the broker has forgotten the question already: an ack"
                : "With the first ack the broker has forgotten the question: the second")
                + " closes the channel, and the server gets no more questions.", see: .rpcRead
        ).finding(
            false,
            (noAck
                ? "\(consumption.verb) with no-ack at \(consumption.place.time) ms, and \(last.verb) at "
                : "Delivery tag \(handed.tag) was settled twice, at \(handed.settlements[0].place.time) and ")
                + "\(last.place.time) ms\(log.refusal(of: run)).")
    }

    /// The step's own question is known. nil: the answers are right, or it is another server.
    private func answersRightly(_ consumption: WireLog.Consumption) -> Finding? {
        guard consumption.queue == "rpc_queue" else { return nil }
        let point = Point("answers with the Fibonacci number", why: "fib(5) is 5, and fib(6) is 8.", see: .rpcRead)
        var sentence: String?
        for question in Self.questions {
            guard let answer = log.published.first(where: { $0.properties.correlationID?.text == question.id }) else {
                continue
            }
            let seen = "Asked for fib(\(question.text)), it answered '\(answer.body.prefix(80))'"
            guard answer.body.split(whereSeparator: { !$0.isNumber }).contains(Substring(question.answer)) else {
                return point.finding(false, seen + ".")
            }
            // Other programs find the number in an object; in a sentence, only who knows the sentence does.
            if answer.body.contains(" "), !"{[\"".contains(answer.body.first ?? " ") { sentence = seen }
        }
        return sentence.map { point.finding(true, $0 + ": a client has to look for the number in it.") }
    }

    /// nil: no question was answered twice in the same words.
    private var answersOnce: Finding? {
        for question in asked where !question.redelivered {
            let id = question.properties.correlationID
            guard log.handed.count(where: { $0.properties.correlationID == id }) == 1 else { continue }
            let answers = log.published.filter { $0.properties.correlationID == id && $0.key == replies }
            guard answers.count > 1, Set(answers.map(\.body)).count < answers.count else { continue }
            return Point(
                "answers each question once",
                why: "The client takes the first answer. The other one waits in its queue, and belongs to no question.",
                see: .rpcRead
            ).finding(
                false,
                "'\(question.body)' came once, and was answered \(counted(answers.count, "time")): at "
                    + answers.prefix(5).map { "\($0.place.time)" }.joined(separator: ", ") + " ms.")
        }
        return nil
    }

    /// The bad question was answered with what is taken for a good answer.
    private func isDisguised(_ probe: RPCCheck.Probe, _ consumption: WireLog.Consumption) -> Bool {
        guard consumption.queue == "rpc_queue", probe.question == RPCCheck.rubbish, !probe.isMarked,
            let answer = probe.answer
        else { return false }
        // A number that is no Fibonacci number, such as -1, may stand for an error.
        return (0...90).contains { RPCExercises.fibonacci($0).map(String.init) == answer }
    }

    private func survived(_ probe: RPCCheck.Probe, _ consumption: WireLog.Consumption) -> Finding {
        let isAnonymous = probe.correlationID.isEmpty
        let name = isAnonymous ? "a question without reply-to" : "the question '\(probe.question)'"
        let why =
            "A server that crashes leaves the question unacknowledged: it goes to the next server, and crashes that one. "
            + "A bad question gets an answer too, or its client waits for nothing."
        guard probe.isAsked else {
            let run = consumption.place.run
            let end = log.refusal(of: run) + log.ending(of: run)
            return Point("survives \(name)", why: why, see: .rpcRead).finding(
                .notSeen,
                "It did not get it" + (end.isEmpty ? ": an earlier question is still unacknowledged." : "\(end)."))
        }
        let seen =
            isAnonymous ? "" : probe.answer.map { " It was answered with '\($0)'." } ?? " It was not answered itself."
        let survival = "The question behind it was \(probe.isSurvived ? "answered" : "not answered").\(seen)"
        if probe.isSurvived, isDisguised(probe, consumption) {
            return Point(
                "answers \(name) with an error",
                why:
                    "'\(probe.question)' has no Fibonacci number. The client takes the number for its result, and goes on "
                    + "with it.",
                see: .rpcRead
            ).finding(false, survival)
        }
        let isGood = probe.isSurvived && (isAnonymous || probe.answer != nil)
        return Point(
            probe.isSurvived && !isGood ? "answers \(name)" : "survives \(name)", why: why, see: .rpcRead
        ).finding(isGood ? .yes : probe.isUnseen ? .notSeen : .no, survival + probe.printed)
    }
}
