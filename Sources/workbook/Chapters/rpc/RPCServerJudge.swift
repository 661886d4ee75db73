import AMQPClient

/// Judges a server by its answers to good and bad questions.
struct RPCServerJudge {
    /// Up to the two good questions.
    let log: WireLog
    let replies: String
    let probes: [RPCCheck.Probe]

    var findings: [Finding] {
        guard let consumption = log.consumptions.first else { return [] }
        return [
            log.declares(
                consumption.queue, before: consumption.place,
                Point(
                    "declares its queue first",
                    why: "A client can ask only if there is a queue; a question without one is dropped.",
                    see: .helloRead)),
            WorkerJudge.prefetch(log, consumption), repliesToReplyTo, sameID, acknowledgesAfterwards(consumption),
        ] + probes.map(survived)
    }

    private var repliesToReplyTo: Finding {
        let other = log.published.first { $0.key != replies || !$0.exchange.isEmpty }
        return Point(
            "sends its answers to reply-to",
            why:
                "reply-to names the client's queue. Through the default exchange the answer gets there, and "
                + "nowhere else.", see: .rpcRead
        ).finding(
            other == nil && log.published.count >= 2,
            log.published.isEmpty
                ? "Two questions with reply-to '\(replies)', and no answer."
                : other.map {
                    "Reply-to was '\(replies)'; basic.publish at \($0.place.time) ms to exchange '\($0.exchange)', routing "
                        + "key '\($0.key)'."
                } ?? "\(log.published.count) answers to '\(replies)', through the default exchange.")
    }

    private var sameID: Finding {
        let asked = log.handed.prefix(2).compactMap { $0.properties.correlationID?.text }
        let answered = log.published.map { $0.properties.correlationID?.text ?? "none" }
        return Point(
            "sends the correlation id back as it came",
            why: "It tells the client which question this answers. Without it, the client ignores the answer.",
            see: .rpcRead
        ).finding(
            asked == answered,
            "Asked with \(asked.joined(separator: ", ")), answered with \(answered.joined(separator: ", ")).")
    }

    private func acknowledgesAfterwards(_ consumption: WireLog.Consumption) -> Finding {
        let point = Point(
            "acknowledges after it has answered",
            why:
                "If it dies between ack and answer, there is no answer. In the other order, another server answers.",
            see: .rpcRead)
        if consumption.method.noAck {
            return point.finding(false, "basic.consume at \(consumption.place.time) ms with no-ack.")
        }
        guard let asked = log.handed.first, let ack = asked.settlements.first else {
            return point.finding(false, "No basic.ack was seen.")
        }
        let answer = log.published.first
        return point.finding(
            answer.map { $0.place < ack.place } ?? false,
            "Asked at \(asked.place.time) ms, answered at \(answer.map { "\($0.place.time) ms" } ?? "no time"), basic.ack at "
                + "\(ack.place.time) ms, \(answer.map { $0.place < ack.place } == true ? "after" : "before") the answer."
        )
    }

    private func survived(_ probe: RPCCheck.Probe) -> Finding {
        let isAnonymous = probe.correlationID.isEmpty
        let name = isAnonymous ? "a question without reply-to" : "the question '\(probe.question)'"
        let seen =
            isAnonymous ? "" : probe.answer.map { " It was answered with '\($0)'." } ?? " It was not answered itself."
        return Point(
            "survives \(name)",
            why:
                "A server that crashes leaves the question unacknowledged: it goes to the next server, and crashes that one. "
                + "A bad question gets an answer too, or its client waits for nothing.", see: .rpcRead
        ).finding(
            probe.isSurvived && (isAnonymous || probe.answer != nil),
            "The question behind it was \(probe.isSurvived ? "answered" : "not answered").\(seen)")
    }
}
