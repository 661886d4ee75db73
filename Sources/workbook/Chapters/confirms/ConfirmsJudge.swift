/// Judges a publisher, one thing at a time.
enum ConfirmsJudge {
    /// One run of the program, and what was seen of it.
    struct Act: Sendable {
        var log: WireLog
        var run: Int
        var published: [WireLog.Published]
        var status: Int32?
        var printed: [String]

        init(_ run: Subject.Run, _ log: WireLog) {
            self.init(log, run: run.number, status: run.status(), printed: run.lastLines())
        }

        init(_ log: WireLog, run: Int, status: Int32?, printed: [String]) {
            (self.log, self.run, self.status, self.printed) = (log, run, status, printed)
            published = log.published(by: run)
        }

        /// What it published on channels with confirms; all of it, if there is no such channel.
        var orders: [WireLog.Published] {
            let sessions = Set(log.confirmSelects.filter { $0.run == run }.map(\.session))
            let orders = published.filter { sessions.contains($0.place.session) }
            return orders.isEmpty ? published : orders
        }

        var farewell: WireLog.Place? { log.farewells.first { $0.run == run } }
        var bodies: [String] { published.map(\.body) }
        var isReturned: Bool { log.returned.contains { $0.place.run == run } }

        /// The broker has refused one of its messages.
        var isNacked: Bool { log.confirms.contains { $0.place.run == run && $0.isNack } }
        var hasFailed: Bool { status.map { $0 != 0 } ?? false }

        /// It failed, or said that something was wrong: in words that it does not use when all is well, or with another
        /// number, beside one of these words, or where it has the same number whenever all is well.
        ///
        /// - Parameter other: another run in which all was well
        func says(_ words: [String], unlike usual: Act?, and other: Act? = nil) -> Bool {
            guard let usual else {
                return hasFailed || printed.contains { line in words.contains { line.lowercased().contains($0) } }
            }
            if hasFailed, !usual.hasFailed { return true }
            let known = Set(usual.printed.map(PrintedShape.of))
            let counts = Set(usual.printed.map { PrintedShape.count(beside: words, in: $0) })
            return printed.contains { line in
                let shape = PrintedShape.of(line)
                if !known.contains(shape) { return true }
                let count = PrintedShape.count(beside: words, in: line)
                if count != nil, !counts.contains(count) { return true }
                let before = usual.lines(of: shape)
                return other?.lines(of: shape) == before && !before.contains(line)
            }
        }

        private func lines(of shape: String) -> Set<String> {
            Set(printed.filter { PrintedShape.of($0) == shape })
        }

        var end: String {
            let text = status.map { "It ended with status \($0)" } ?? "It did not end"
            return printed.isEmpty ? "\(text)." : "\(text), and printed: \(Subject.shown(printed, most: 5))"
        }
    }

    static func selects(_ act: Act) -> Finding {
        let point = Point(
            "asks for confirms before it publishes",
            why:
                "basic.publish has no answer. Only after confirm.select does the broker say for each message that it has it.",
            see: .confirmsRead)
        guard let first = act.orders.first else { return point.finding(.notSeen, "It published nothing.") }
        let selects = act.log.confirmSelects.filter { $0.run == act.run }
        guard let select = selects.first(where: { $0.isBeside(first.place) }) ?? selects.first else {
            return point.finding(false, "No confirm.select was seen.")
        }
        guard select.isBeside(first.place) else {
            return point.finding(
                false,
                "confirm.select at \(select.time) ms on channel \(select.channel), basic.publish at \(first.place.time) ms on "
                    + "channel \(first.place.channel): it counts on its own channel only.")
        }
        // A channel for each message is a select for each; what goes elsewhere is another matter.
        let bare = act.published.first { message in
            selects.count < WireLog.mostOthers && message.exchange == first.exchange && message.key == first.key
                && !selects.contains { $0.isBeside(message.place) }
        }
        if let bare {
            return point.finding(
                false,
                "confirm.select at \(select.time) ms on one channel, and basic.publish at \(bare.place.time) ms on another, "
                    + "without one: it counts on its own channel only.")
        }
        return point.finding(
            select < first.place, "confirm.select at \(select.time) ms, basic.publish at \(first.place.time) ms.")
    }

    private static let wordsOfReturn = ["return", "no_route", "rout", "undeliver"]

    /// - Parameters:
    ///   - usually: a run in which nothing came back
    ///   - other: one more
    static func noticesReturn(_ act: Act, usually: Act?, and other: Act? = nil) -> Finding {
        let point = Point(
            "notices when no queue takes its message",
            why:
                "A message that no queue takes is confirmed all the same: the broker has dealt with it. Only a "
                + "mandatory one comes back.", see: .confirmsBreak)
        if let first = act.orders.first(where: { !$0.method.mandatory }) {
            if act.log.declaration(ofExchange: first.exchange)?.method.arguments["alternate-exchange"] != nil {
                return point.finding(
                    .notSeen,
                    "basic.publish at \(first.place.time) ms, not mandatory, to '\(first.exchange)', which has an alternate "
                        + "exchange. Whether anything reads what gets there was not seen.")
            }
            return point.finding(false, "basic.publish at \(first.place.time) ms, not mandatory.")
        }
        guard let back = act.log.returned.first(where: { $0.place.run == act.run }) else {
            return point.finding(
                act.published.isEmpty ? .notSeen : .yes,
                "\(counted(act.published.count, "message")), mandatory; nothing came back.")
        }
        let isAgain = act.published.contains { back.place < $0.place && act.bodies.first == $0.body }
        return point.finding(
            // What it had still to say when it was killed was not seen.
            isAgain || act.says(wordsOfReturn, unlike: usually, and: other) ? .yes : act.status == nil ? .notSeen : .no,
            "basic.return of a message with routing key '\(back.key)' at \(back.place.time) ms. \(act.end)")
    }

    /// Something came back, and it neither said so nor came to its end, as it usually does. nil: it did. Who says so may
    /// wait on purpose, to send it again.
    ///
    /// - Parameter patience: how long it must have been silent, in milliseconds
    static func hangs(_ act: Act, usually: Act, patience: Int64) -> Finding? {
        guard act.status == nil, act.farewell == nil, usually.status != nil, !usually.isReturned,
            !act.says(wordsOfReturn, unlike: usually),
            let back = act.log.returned.last(where: { $0.place.run == act.run })
        else { return nil }
        let last = max(back.place.time, act.published.last?.place.time ?? 0)
        guard act.log.silence(since: last) >= patience else { return nil }
        return Point(
            "ends after a message came back",
            why:
                "A return comes before the confirm. As long as the client can't hand over the return, to a channel with no "
                + "room for example, it reads no further: the confirm that the program waits for never comes.",
            see: .confirmsBreak
        ).finding(
            false,
            "basic.return at \(back.place.time) ms, and then nothing for \(act.log.silence(since: last)) ms. "
                + "When nothing comes back it ends.")
    }

    /// - Parameter usually: a run in which nothing was held back
    static func waits(_ act: Act, usually: Act? = nil) -> Finding {
        // Its patience has an end, and it says so.
        let givesUp =
            act.status != nil && act.says(["unconfirmed", "not confirmed", "timeout", "timed out"], unlike: usually)
        return Point(
            "waits for its confirms before it ends",
            why:
                "Until the confirm arrives, you can't know whether the broker has the message. A program that ends "
                + "earlier need not have asked for it.", see: .confirmsRead
        ).finding(
            // One that fails meanwhile has waited for as long as it wanted to.
            act.published.isEmpty
                ? .notSeen : act.hasFailed || givesUp || act.farewell == nil && act.status == nil ? .yes : .no,
            "\(counted(act.published.count, "message")) published, and the confirms were held back: "
                + (givesUp
                    ? act.end
                    : act.farewell.map { "connection.close at \($0.time) ms." }
                        ?? (act.status == nil ? "it waited." : act.end)))
    }

    /// It ended with an error, though nothing was refused or came back. nil: it did not.
    static func fails(_ act: Act) -> Finding? {
        act.published.isEmpty || act.isReturned || act.isNacked ? nil : act.log.fails(act.run)
    }

    /// One confirm may be for several messages. nil: it knows, or had only one open; or it has something else to say.
    ///
    /// - Parameter usually: a run in which each confirm came as the broker gave it
    static func takesSeveral(_ act: Act, usually: Act? = nil) -> Finding? {
        guard let confirm = act.log.confirms.first(where: { $0.place.run == act.run && $0.multiple }),
            act.status != 0, !act.isReturned, !act.isNacked
        else { return nil }
        return Point(
            "understands one confirm for several messages",
            why: "The broker may confirm all messages up to a tag at once: the flag multiple says so.",
            see: .confirmsRead
        ).finding(
            // One that never ends shows nothing by that.
            act.status == nil ? usually.map { $0.status == nil } ?? false ? .notSeen : act.log.missing : .no,
            "basic.ack up to \(confirm.tag) at \(confirm.place.time) ms, for all at once. \(act.end)")
    }

    /// - Parameters:
    ///   - usually: a run in which all was confirmed
    ///   - other: one more
    static func noticesRefusal(_ act: Act, usually: Act?, and other: Act? = nil) -> Finding {
        let again = isRepeated(act.bodies, unlike: usually?.bodies ?? [])
        let words = ["nack", "refus", "reject", "not confirmed", "not taken"]
        let isNoticed = again || act.says(words, unlike: usually, and: other)
        return Point(
            "notices a refusal",
            why:
                "basic.nack says that the broker has not taken responsibility for the message: send it again, or report it.",
            see: .confirmsRead
        ).finding(
            !act.isNacked || act.status == nil && !isNoticed ? .notSeen : isNoticed ? .yes : .no,
            (act.isNacked ? "One confirm was a basic.nack. " : "No confirm came that could have been a basic.nack. ")
                + (again ? "It published the message again." : "It did not publish the message again. \(act.end)"))
    }

    /// Some text was published more often than the program usually says the same.
    private static func isRepeated(_ bodies: [String], unlike usual: [String]) -> Bool {
        let (counts, known) = (count(bodies), count(usual))
        let most = max(1, known.values.max() ?? 1)
        return counts.contains { $0.value > known[$0.key] ?? most }
    }

    private static func count(_ bodies: [String]) -> [String: Int] {
        Dictionary(bodies.map { ($0, 1) }, uniquingKeysWith: +)
    }

    /// All that was published over the first connection is published again over another: of a text that it usually
    /// publishes several times, so many.
    static func isSentAgain(_ published: [WireLog.Published], unlike usual: [String] = []) -> Bool {
        guard let lost = published.first?.place.connection else { return false }
        let before = published.filter { $0.place.connection == lost }.map(\.body)
        let (after, known) = (count(published.filter { $0.place.connection > lost }.map(\.body)), count(usual))
        return count(before).allSatisfy { body, times in
            after[body, default: 0] >= (known[body].map { $0 > 1 ? $0 : 1 } ?? min(times, 1))
        }
    }

    /// - Parameter usually: a run in which nothing went wrong
    static func survivesCut(_ act: Act, usually: Act? = nil) -> Finding {
        let lost = act.published.first?.place.connection ?? 0
        let count = act.published.count { $0.place.connection == lost }
        let isAgain = isSentAgain(act.published, unlike: usually?.bodies ?? [])
        let failed = act.hasFailed && (usually == nil || act.says([], unlike: usually))
        // It may still be about to come back.
        let isWaiting = act.status == nil && !act.log.connected.contains { $0.run == act.run && $0.connection > lost }
        return Point(
            "loses nothing when its connection is cut",
            why:
                "A message that is unconfirmed when the connection is lost may or may not have arrived. Send it again: "
                + "twice is better than never.", see: .confirmsBreak
        ).finding(
            isAgain || failed ? .yes : isWaiting || count == 0 ? .notSeen : act.status == nil ? act.log.missing : .no,
            "The connection was cut with \(count) unconfirmed. "
                + (isAgain ? "It published them again, on another one." : "It did not publish them again. \(act.end)"))
    }
}
