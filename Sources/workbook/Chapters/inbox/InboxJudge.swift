import AMQPClient

/// Judges a consumer that got an order four times, was killed, and got it four times more; and a producer of which the
/// second run was killed before its order was confirmed.
///
/// What a program does with an order is not on the wire, but in the lines that it prints: a line of the work comes once for
/// each order, and not as often as orders come.
struct InboxJudge {
    var log: WireLog
    /// Of its command: an id may be among them.
    var words: [String] = []
    /// What the two copies of the consumer have printed.
    var first: [String] = []
    var second: [String] = []
    /// The second copy has got all that was sent to it.
    var isSecondThere = false
    /// What the second printed of another order with a text that it has seen.
    var last: [String] = []
    /// It has done with that.
    var isLastThere = false

    /// Two orders, c and e, have the same.
    static func text(_ letter: String) -> String { "Check: order \(letter == "e" ? "c" : letter)" }

    // MARK: The consumer

    var findings: [Finding] {
        guard let consumption = log.work else { return [] }
        return [
            TaskJudge.durable(log, consumption.queue, before: consumption.place), acknowledges(consumption), doesOnce,
            remembers,
        ] + [knowsByID, log.fails(consumption.place.run)].compactMap(\.self)
    }

    /// Lines of the work: the second copy printed them once for each order.
    var work: Set<String> {
        isSecondThere ? Set(Self.shapes(second).filter { $0.count == 2 }.map(\.line)) : []
    }

    /// nil: which lines are of the work is not known, or it printed nothing.
    private var knowsByID: Finding? {
        guard isLastThere, !work.isEmpty, !last.isEmpty else { return nil }
        return Point(
            "tells orders apart by their ids, not by their texts",
            why: "Two customers may want the same chair.", see: .inboxRead
        ).finding(
            Self.shapes(last).contains { work.contains($0.line) },
            "An order came with a text that it had seen, and another message-id. It printed \(counts(last)).")
    }

    private func acknowledges(_ consumption: WireLog.Consumption) -> Finding {
        let point = Point(
            "acknowledges each delivery, even of what it has done",
            why:
                "With no-ack an order is lost when its program dies. And an order that is never acknowledged "
                + "comes again at every start.", see: .inboxRead)
        if consumption.method.noAck {
            return point.finding(false, "\(consumption.verb) with no-ack at \(consumption.place.time) ms.")
        }
        if log.handed(to: 1).isEmpty { return point.finding(.notSeen, "No order was delivered to it.") }
        let missing = log.handed(to: 1).first { $0.acks.isEmpty && !log.isRefused(1) }
        return point.finding(
            missing == nil ? .yes : log.unsettled(by: 1),
            missing.map { "'\($0.body)' was delivered at \($0.place.time) ms, and no basic.ack came." }
                ?? "\(counted(log.handed(to: 1).count, "delivery", "deliveries")), each with a basic.ack.")
    }

    private var doesOnce: Finding {
        let got = log.handed(to: 1).count
        return Point(
            "does an order once, however often it comes",
            why:
                "A producer that is not sure sends an order again, with the same message-id. The broker does not "
                + "compare them, and marks none of them as redelivered.", see: .inboxRead
        ).finding(
            verdict(first, deliveries: got, isThere: got >= 5),
            "Two orders came \(got) times in all. It printed \(counts(first)).")
    }

    private var remembers: Finding {
        Point(
            "remembers it when it is started again",
            why: "A crash takes what is only in memory, and a crash is when orders come again.",
            see: .inboxBreak
        ).finding(
            verdict(second, deliveries: log.handed(to: 2).count, isThere: isSecondThere),
            "Killed and started again, it got the same order and two others. It printed \(counts(second)).")
    }

    /// Some line was printed for each of two orders, and not each time. Where none was, and none each time either, its lines
    /// don't tell.
    private func verdict(_ lines: [String], deliveries: Int, isThere: Bool) -> Finding.Verdict {
        let shapes = Self.shapes(lines)
        // Of a program that prints nothing, or that did not get everything, this can't be said.
        guard isThere else { return .notSeen }
        if shapes.contains(where: { $0.count == 2 }) { return .yes }
        // Each line of the work may have something of its own in it, and the same beginning.
        let counts = Dictionary(shapes.map { ($0.line, $0.count) }, uniquingKeysWith: +)
        return shapes.contains { $0.count == deliveries } && !Shapes.isBegun(2, counts) ? .no : .notSeen
    }

    private func counts(_ lines: [String]) -> String {
        let most = Self.shapes(lines).prefix(6).map { "'\($0.line)' \($0.count)×" }
        return most.isEmpty ? "nothing" : most.joined(separator: ", ")
    }

    /// Each kind of line, without what tells orders apart, and how often it was printed. A line of no word is no work.
    static func shapes(_ lines: [String]) -> [(line: String, count: Int)] {
        lines.filter { $0.contains { $0.isLetter || $0.isNumber } }.reduce(into: []) { shapes, line in
            let known = line.lowercased().replacing(/check: order [a-d]/, with: "…")
                .replacing(/check-[a-e](-[0-9]+)?/, with: "…")
            // An order in another form, by its letter alone.
            let shape = PrintedShape.withoutNumbers(known).replacing(/\b[a-d]\b/, with: "…")
            if let at = shapes.firstIndex(where: { $0.line == shape }) {
                shapes[at].count += 1
            } else {
                shapes.append((shape, 1))
            }
        }
    }

    // MARK: The producer

    private func ids(of run: Int) -> [String] {
        log.errands.filter { $0.place.run == run }.map { $0.properties.messageID?.text ?? "" }
    }

    var givesIDs: Finding {
        let (here, later) = (ids(of: 1), ids(of: 2))
        let point = Point(
            "gives each order an id of its own",
            why:
                "Without the property message-id a consumer can't tell a second order from the same one sent twice; with "
                + "the same id for two, it ships one of them.", see: .inboxRead)
        // One that is among its words is another's to choose; but what it is to do is no order's id.
        if let given = here.first, !given.isEmpty, given != "order", words.contains(given) {
            return point.finding(.notSeen, "message-id '\(given)', which it was started with.")
        }
        if here.contains("") { return point.finding(false, "A message without message-id was published.") }
        let isTaken = Set(here).count < here.count || !Set(here).isDisjoint(with: later)
        return point.finding(
            !isTaken, "message-id '\(here.first ?? "")'" + (later.first.map { "; of the next run, '\($0)'." } ?? "."))
    }

    /// What was published in the second run is published in the third.
    var isSentAgain: Bool {
        let lost = Set(ids(of: 2)).subtracting([""])
        return !lost.isEmpty && lost.isSubset(of: ids(of: 3))
    }

    var sendsAgain: Finding {
        let (lost, again) = (ids(of: 2).filter { !$0.isEmpty }, ids(of: 3))
        let ended = log.life(2)?.isKilled == false
        return Point(
            "sends an unconfirmed order again when it is started again",
            why:
                "An order that is only in the program's memory is lost with it. Write it to an outbox first, with its "
                + "id, and cross it out when the confirm arrives.", see: .inboxRead
        ).finding(
            isSentAgain ? .yes : lost.isEmpty ? .notSeen : log.missing,
            ended
                ? "It ended before its order was confirmed."
                : "Killed with message-id '\(lost.first ?? "")' unconfirmed; started again, it published "
                    + (again.isEmpty ? "nothing." : "'\(again.joined(separator: "', '"))'."))
    }
}
