import AMQPClient

/// Judges two copies of a worker on one queue, of which the first was killed; and two runs of a program that sends.
struct OrderJudge {
    /// Of the whole check.
    let log: WireLog
    /// The same, as long as both copies were there.
    var whileBoth = WireLog()

    // MARK: Workers

    var findings: [Finding] {
        guard let consumption = log.work else { return [] }
        return [declares(consumption), oneAtATime, takesOver(consumption), whileBoth.settlesOnce(consumption)]
            + [whileBoth.fails(consumption.place.run)].compactMap(\.self)
    }

    private func declares(_ consumption: WireLog.Consumption) -> Finding {
        let point = Point(
            "declares its queue with a single active consumer",
            why: "Workers that share a queue work at the same time, and a quick one overtakes a slow one.",
            see: .orderRead)
        guard let declared = log.declaration(of: consumption.queue) else {
            return point.finding(false, "No queue.declare of '\(consumption.queue)' was seen.")
        }
        if consumption.method.exclusive {
            return point.finding(
                true,
                "\(consumption.verb) of '\(declared.name)' at \(consumption.place.time) ms is exclusive: it has the queue to "
                    + "itself.")
        }
        return point.finding(
            declared.method.arguments["x-single-active-consumer"]?.bool == true,
            "queue.declare of '\(declared.name)' at \(declared.place.time) ms, with \(declared.method.arguments).")
    }

    private var oneAtATime: Finding {
        let counts = [1, 2].map { whileBoth.handed(to: $0).count }
        let text = "While two copies were there, the first got \(counts[0]), the second \(counts[1])."
        // Turned away because the first has the queue to itself, it was there too.
        let isTurnedAway = whileBoth.refusals.contains { $0.place.run == 2 && whileBoth.isStandby($0) }
        let isThere =
            (isTurnedAway || whileBoth.consumptions(of: 2).contains(where: \.isGranted)) && counts.contains { $0 > 0 }
        return Point(
            "leaves the queue to one copy at a time",
            why: "Two copies work on messages of one account side by side, and nothing says which is done first.",
            see: .orderBreak
        ).finding(isThere ? (counts.contains(0) ? .yes : .no) : .notSeen, text)
    }

    private func takesOver(_ consumption: WireLog.Consumption) -> Finding {
        let point = Point(
            "takes over when the other copy has gone",
            why: "Without a second worker that stands by, the queue grows until somebody starts one.", see: .orderRead)
        let end = log.disconnected.last { $0.run == 1 }
        let after = log.handed(to: 2).filter { handed in end.map { $0 < handed.place } ?? false }
        guard let first = after.first else {
            let refusal = log.refusals.first { $0.place.run == 2 }
            let isOver = log.life(2)?.status != nil || refusal.map { !log.isStandby($0) } ?? false
            return point.finding(
                // A standby that was turned away may try again later than the check can wait.
                isOver ? .no : refusal == nil ? log.missing : .notSeen,
                "The first copy was killed, and the second got nothing\(log.refusal(of: 2))."
                    + Subject.printed(log.life(2)?.lines ?? []))
        }
        return point.finding(
            true,
            "The first copy had gone at \(end?.time ?? 0) ms; the second got '\(first.body)' at "
                + "\(first.place.time) ms.")
    }

    // MARK: Programs that send

    /// nil: it published nothing.
    var namesAccount: Finding? {
        guard let first = log.emission(to: "x-consistent-hash", of: 1) else { return nil }
        let point = Point(
            "its routing key says whose message it is",
            why:
                "The exchange hashes the key and nothing else. With a new key each time, an account's messages go to "
                + "all queues; with none, all messages go to one.", see: .orderPicture)
        let arguments = log.declaration(ofExchange: first.exchange)?.method.arguments ?? [:]
        let (header, property) = (arguments["hash-header"]?.text, arguments["hash-property"]?.text)
        func key(_ published: WireLog.Published) -> String {
            switch property {
            case "message_id": return published.properties.messageID?.text ?? ""
            case "correlation_id": return published.properties.correlationID?.text ?? ""
            case "timestamp": return published.properties.timestamp.map { "\($0)" } ?? ""
            default: break
            }
            guard let header else { return published.key }
            let field = published.properties.headers?.fields.first { $0.name.text == header }
            return field.map { $0.value.text ?? "\($0.value)" } ?? ""
        }
        let noun = header.map { "header '\($0)'" } ?? property ?? "routing key"
        let text = "basic.publish at \(first.place.time) ms, \(noun) '\(key(first))'"
        guard !key(first).isEmpty else { return point.finding(false, text + ".") }
        guard let again = log.emission(to: "x-consistent-hash", of: 2) else { return point.finding(true, text + ".") }
        // For several accounts, in any order.
        func keys(_ run: Int) -> Set<String> {
            Set(log.published(by: run).filter { $0.exchange == first.exchange }.map(key))
        }
        return point.finding(
            key(first) == key(again) || keys(1) == keys(2),
            text + "; started again with the same words, '\(key(again))'.")
    }
}
