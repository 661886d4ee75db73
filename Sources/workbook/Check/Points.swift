/// What several chapters ask of a program. Each takes observations, and gives a finding.
extension WireLog {
    /// What never came: wrong, unless the check ended before it could.
    var missing: Finding.Verdict { isOutOfTime ? .notSeen : .no }

    /// A queue is declared by the program, under the name that it uses, before it uses it.
    func declares(_ queue: String, before place: Place, _ point: Point) -> Finding {
        guard let declared = declaration(of: queue) else {
            if let asked = queues.first(where: { $0.name == queue }) {
                return point.finding(
                    false,
                    "queue.declare of '\(queue)' at \(asked.place.time) ms is passive: it only asks whether the queue is there."
                )
            }
            let others = queues.prefix(8).map { "'\($0.name)'" }.joined(separator: ", ")
            return point.finding(
                false,
                "No queue.declare of '\(queue)' was seen, but the program used it at \(place.time) ms"
                    + (others.isEmpty ? "." : "; it declared \(others)."))
        }
        let isBefore = declared.place < place
        return point.finding(
            isBefore,
            "queue.declare of '\(queue)' at \(declared.place.time) ms, "
                + (isBefore ? "used at" : "but it was used before that, at") + " \(place.time) ms.")
    }

    /// A queue is declared with a type.
    func declares(_ queue: String, type: String, _ point: Point) -> Finding {
        guard let declared = declaration(of: queue) else {
            return point.finding(false, "No queue.declare of '\(queue)' was seen.")
        }
        let seen = declared.method.arguments["x-queue-type"]?.text
        return point.finding(
            seen == type,
            "queue.declare of '\(queue)' at \(declared.place.time) ms, x-queue-type: \(seen ?? "not set").")
    }

    /// With no-ack nothing is acknowledged, without it everything, once.
    func settlesOnce(_ consumption: Consumption) -> Finding {
        let deliveries = handed(to: consumption.place.run)
        let whole = "acknowledges each message once, or uses no-ack"
        if consumption.method.noAck { return settlesNothing(consumption, whole) }
        if let twice = deliveries.first(where: { $0.settlements.count > 1 }) {
            return Point(
                whole, why: "The second closes the channel, and a program that doesn't notice just goes quiet.",
                see: .workerBreak
            ).finding(
                false,
                "Delivery tag \(twice.tag) was settled twice, at \(twice.settlements[0].place.time) and "
                    + "\(twice.settlements[1].place.time) ms\(refusal(of: consumption.place.run)).")
        }
        if let refused = deliveries.first(where: { !$0.settlements.isEmpty && $0.acks.isEmpty }) {
            return Point(
                whole,
                why: "A message that is refused for good is dropped, and one that is requeued comes back at once.",
                see: .workerBreak
            ).finding(
                false,
                "'\(refused.body)' got \(refused.settlements[0].verb) at \(refused.settlements[0].place.time) ms.")
        }
        if deliveries.isEmpty {
            return Point(whole, why: "", see: .workerBreak).finding(.notSeen, "No message was delivered to it.")
        }
        if let unseen = settledNothing(consumption) {
            return Point(whole, why: "", see: .workerBreak).finding(.notSeen, unseen)
        }
        let missing = deliveries.first { !$0.isSettled && !isRefused($0.place.run) && !isBack($0) }
        return Point(
            whole,
            why: "The broker keeps unacknowledged messages, and hands all of them out again when the program ends.",
            see: .workerBreak
        ).finding(
            missing == nil ? .yes : unsettled(by: consumption.place.run),
            missing.map {
                "'\($0.body)' was delivered at \($0.place.time) ms, and no basic.ack came"
                    + "\(ending(of: consumption.place.run))."
            }
                ?? "\(counted(deliveries.count, "delivery", "deliveries")), each with one basic.ack.")
    }

    /// The broker closed the channel before anything was settled. nil: it did not.
    func settledNothing(_ consumption: Consumption) -> String? {
        let run = consumption.place.run
        guard isRefused(run), let first = handed(to: run).first, handed(to: run).allSatisfy(\.settlements.isEmpty)
        else {
            return nil
        }
        return "'\(first.body)' was delivered at \(first.place.time) ms\(refusal(of: run))."
    }

    private func settlesNothing(_ consumption: Consumption, _ title: String) -> Finding {
        let point = Point(
            title,
            why:
                "With no-ack the broker has forgotten the message already: an ack closes the channel, and the program "
                + "just goes quiet.", see: .workerBreak)
        let verb = "\(consumption.verb) with no-ack at \(consumption.place.time) ms"
        // Another of its consumers may acknowledge.
        guard
            let acked = handed.first(where: {
                $0.place.run == consumption.place.run && $0.isNoAck && !$0.settlements.isEmpty
            })
        else { return point.finding(true, "\(verb), and no basic.ack.") }
        return point.finding(
            false,
            "\(verb), and \(acked.settlements[0].verb) at "
                + "\(acked.settlements[0].place.time) ms\(refusal(of: consumption.place.run)).")
    }

    /// connection.close comes before the end of each connection over which the program has published.
    func saysGoodbye(_ run: Int) -> Finding {
        let point = Point(
            "closes its connection before it ends",
            why:
                "Output may still be in the program's own buffers when it ends. The answer to connection.close "
                + "says that the broker has read everything before it.", see: .helloRead)
        let used = Set(published(by: run).map(\.place.connection))
        let open = used.subtracting(parted)
        if open.isEmpty, let farewell = farewells.last(where: { used.contains($0.connection) }) {
            return point.finding(true, "connection.close at \(farewell.time) ms.")
        }
        if isRefused(run) { return point.finding(true, "The broker closed its channel\(refusal(of: run)).") }
        if let end = disconnected.first(where: { open.contains($0.connection) }) {
            return point.finding(false, "The connection broke off at \(end.time) ms, with no connection.close.")
        }
        let quiet = now - (lastPublish ?? now)
        let count = published(by: run).count + unkept
        // As long as it publishes its end is not seen.
        if !isQuiet(run, for: 2000) {
            return point.finding(
                .notSeen,
                "After \(counted(count, "message")) it was still publishing, so its end was not seen. Publish fewer."
            )
        }
        if let own = consumptions(of: run).first(where: { isItsOwn($0.queue) }), life(run)?.status == nil {
            return point.finding(.notSeen, "It was still waiting for what comes to '\(own.queue)', a queue of its own.")
        }
        return point.finding(
            .no, "It had nothing more to send for \(quiet / 1000) s, and neither closed its connection nor ended.")
    }

    /// The exchange is made by the program, of the right type, before it is used.
    func declares(exchange name: String, type: String, before place: Place?, _ see: Paragraph) -> Finding {
        let article = type.hasPrefix("x") ? "an" : "a"
        func point(_ why: String) -> Point { Point("declares \(article) \(type) exchange first", why: why, see: see) }
        let standard = "amq.\(type)"
        if name == standard || type == "headers" && name == "amq.match" {
            return point("").finding(true, "'\(name)' is there from the start, and its type is \(type).")
        }
        guard
            let declared = declaration(ofExchange: name) ?? exchanges.first(where: { $0.name == name })
                ?? exchanges.first
        else {
            return point(
                "The first program creates the exchange. Using one that doesn't exist is an error, 404."
            ).finding(false, "No exchange.declare was seen\(refusal(of: nil)).")
        }
        let text =
            "exchange.declare of '\(declared.name)', type \(declared.method.type.text), at \(declared.place.time) ms"
        if declared.method.passive {
            return point("A passive exchange.declare creates nothing.").finding(
                false, text + ", passive: it only asks whether the exchange is there\(refusal(of: declared.place.run))."
            )
        }
        if declared.method.type.text != type {
            return point(
                "The type decides what a key means. The broker refuses a declaration with another type than the "
                    + "exchange has, with 406."
            ).finding(false, text + refusal(of: declared.place.run) + ".")
        }
        if declared.name != name, !name.isEmpty {
            return point("An exchange that nobody declared is an error, 404.").finding(
                false, "\(text), but it uses '\(name)'.")
        }
        let isBefore = place.map { declared.place < $0 } ?? true
        return point("An exchange must exist before it is used; otherwise it is an error, 404.").finding(
            isBefore, text + ".")
    }

    /// The broker's own words when it closed a channel of the program, or of any.
    func refusal(of run: Int?) -> String {
        let refusal = refusals.first { run == nil || $0.place.run == run }
        return refusal.map { "; the broker answered at \($0.place.time) ms: \($0.text)" } ?? ""
    }

    /// For a program that did nothing else wrong.
    var isTurnedAway: Finding? {
        guard let refusal = refusals.first(where: { !isStandby($0) }) else { return nil }
        return Point(
            "does nothing that the broker refuses",
            why: "After such an error the channel is closed, and a program that doesn't notice just goes quiet.",
            see: .helloBreak
        ).finding(false, "At \(refusal.place.time) ms the broker closed its channel: \(refusal.text).")
    }

    /// The queue that it wants is not there, and it does not make it. nil: it asked for none that is not there.
    func onlyAsks(_ run: Int) -> Finding? {
        guard let missing = missing(for: run) else { return nil }
        return Point(
            "declares its queue itself",
            why:
                "A passive queue.declare creates nothing. The first program has to create the queue, and any may be the "
                + "first.", see: .helloRead
        ).finding(
            false,
            "It only asked: \(asksInVain(missing))"
                + (life(run).map { Subject.printed($0.lines) } ?? ""))
    }

    func missing(for run: Int) -> (queue: String, answer: Refusal)? { missed.first { $0.answer.place.run == run } }

    /// As a sentence, without its beginning.
    func asksInVain(_ missing: (queue: String, answer: Refusal)) -> String {
        "at \(missing.answer.place.time) ms the broker answered a passive queue.declare of '\(missing.queue)' with "
            + "\(missing.answer.code): \(missing.answer.text)."
    }

    /// A consumer that has ended by itself before it did anything with a message. nil: it hasn't, or has failed.
    ///
    /// - Parameter evenIfDone: it may not end when it is done with some either
    func leaves(_ run: Int, evenIfDone: Bool = false) -> Finding? {
        let done = handed(to: run).count(where: \.isSettled)
        guard let life = life(run), life.status == 0, evenIfDone || done == 0 else { return nil }
        return Point(
            "stays to wait for messages",
            why: "The messages come later. A main program that doesn't wait for them ends, and its consumer with it.",
            see: .helloRead
        ).finding(
            false,
            "It ended with status 0, and "
                + (done == 0 ? "had done nothing with a message." : "got no more than \(counted(done, "message")).")
                + Subject.printed(life.lines))
    }

    /// A program that nobody made fail ends without an error. nil: so it was.
    func fails(_ run: Int) -> Finding? {
        // What the broker has refused it is another point. And one that only publishes may fail for a message that came
        // back: nobody was there.
        guard let life = life(run), let status = life.status, status != 0, !isRefused(run),
            !(consumptions(of: run).isEmpty && returned.contains { $0.place.run == run })
        else { return nil }
        let last = handed(to: run).last { !$0.body.isEmpty }
        return Point(
            "runs without an error",
            why: "A program that crashes does not come back by itself, and leaves undone what it was about to do.",
            see: .helloBreak
        ).finding(
            false,
            "It ended with status \(status)" + (last.map { "; the last message that it got was '\($0.body)'" } ?? "")
                + "." + Subject.printed(life.lines))
    }
}
