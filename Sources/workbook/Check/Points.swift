/// What several chapters ask of a program. Each takes observations, and gives a finding.
extension WireLog {
    /// A queue is declared by the program, under the name that it uses, before it uses it.
    func declares(_ queue: String, before place: Place, _ point: Point) -> Finding {
        guard let declared = declaration(of: queue) else {
            let others = queues.map { "'\($0.name)'" }.joined(separator: ", ")
            return point.finding(
                false,
                "No queue.declare of '\(queue)' was seen, which it used at \(place.time) ms"
                    + (others.isEmpty ? "." : "; it declared \(others)."))
        }
        let text = "queue.declare of '\(queue)' at \(declared.place.time) ms"
        return point.finding(declared.place < place, "\(text), and it used it at \(place.time) ms.")
    }

    /// With no-ack nothing is acknowledged, without it everything, once.
    func settlesOnce(_ consumption: Consumption) -> Finding {
        let deliveries = handed(to: consumption.place.connection)
        let whole = "acknowledges each message once, or uses no-ack"
        if consumption.method.noAck {
            let acked = deliveries.first { !$0.settlements.isEmpty }
            let point = Point(
                whole,
                why:
                    "With no-ack the broker has forgotten the message already: an ack closes the channel, and the program "
                    + "just goes quiet.", see: .workerBreak)
            guard let acked else {
                return point.finding(
                    true, "basic.consume with no-ack at \(consumption.place.time) ms, and no basic.ack.")
            }
            return point.finding(
                false,
                "basic.consume with no-ack at \(consumption.place.time) ms, and basic.ack at "
                    + "\(acked.settlements[0].place.time) ms\(refusal(on: consumption.place.connection)).")
        }
        if let twice = deliveries.first(where: { $0.acks.count > 1 }) {
            return Point(
                whole, why: "The second closes the channel, and a program that doesn't notice just goes quiet.",
                see: .workerBreak
            ).finding(
                false,
                "Two basic.ack for delivery tag \(twice.tag), at \(twice.acks[0].place.time) and \(twice.acks[1].place.time)"
                    + " ms\(refusal(on: consumption.place.connection)).")
        }
        let missing = deliveries.first { $0.settlements.isEmpty && !isRefused($0.place.connection) }
        return Point(
            whole,
            why: "The broker keeps unacknowledged messages, and hands all of them out again when the program ends.",
            see: .workerBreak
        ).finding(
            missing == nil,
            missing.map { "'\($0.body)' was delivered at \($0.place.time) ms, and no basic.ack came." }
                ?? "\(deliveries.count) deliveries, each with one basic.ack.")
    }

    /// connection.close comes before the end of the connection.
    func saysGoodbye(_ connection: Int) -> Finding {
        let point = Point(
            "closes its connection before it ends",
            why:
                "Output may still be in the program's own buffers when it ends. The answer to connection.close "
                + "says that the broker has read everything before it.", see: .helloRead)
        if let farewell = farewells.first(where: { $0.connection == connection }) {
            return point.finding(true, "connection.close at \(farewell.time) ms.")
        }
        let end = disconnected.first { $0.connection == connection }
        if isRefused(connection) {
            return point.finding(true, "The broker closed its channel\(refusal(on: connection)).")
        }
        return point.finding(
            false,
            end.map { "The connection broke off at \($0.time) ms, with no connection.close." }
                ?? "It had nothing more to send, and did not end.")
    }

    /// The exchange is made by the program, of the right type, before it is used.
    func declares(exchange name: String, type: String, before place: Place?, _ see: Paragraph) -> Finding {
        func point(_ why: String) -> Point { Point("declares a \(type) exchange first", why: why, see: see) }
        guard let declared = declaration(ofExchange: name) ?? exchanges.first else {
            return point(
                "The first program creates the exchange. Using one that doesn't exist is an error, 404."
            ).finding(false, "No exchange.declare was seen\(refusal(on: nil)).")
        }
        let text =
            "exchange.declare of '\(declared.name)', type \(declared.method.type.text), at \(declared.place.time) ms"
        if !declared.method.passive, declared.method.type.text != type {
            return point(
                "The type decides what a key means. The broker refuses a declaration with another type than the "
                    + "exchange has, with 406."
            ).finding(false, text + refusal(on: declared.place.connection) + ".")
        }
        if declared.name != name, !name.isEmpty {
            return point("An exchange that nobody declared is an error, 404.").finding(
                false, "\(text), but it uses '\(name)'.")
        }
        let isBefore = place.map { declared.place < $0 } ?? true
        return point("An exchange must exist before it is used; otherwise it is an error, 404.").finding(
            isBefore, text + ".")
    }

    /// The broker's own words when it closed a channel of the connection, or of any.
    func refusal(on connection: Int?) -> String {
        let refusal = refusals.first { connection == nil || $0.place.connection == connection }
        return refusal.map { "; the broker answered at \($0.place.time) ms: \($0.text)" } ?? ""
    }

    /// For a program that did nothing else wrong.
    var isTurnedAway: Finding? {
        guard let refusal = refusals.first else { return nil }
        return Point(
            "does nothing that the broker refuses",
            why: "After such an error the channel is closed, and a program that doesn't notice just goes quiet.",
            see: .helloBreak
        ).finding(false, "At \(refusal.place.time) ms the broker closed its channel: \(refusal.text).")
    }
}
