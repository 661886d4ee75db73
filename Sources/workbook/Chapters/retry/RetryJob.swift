import Foundation

/// What chapters 9 and 10 ask about the job that can be done, beside the one that fails.
extension RetryJudge {
    /// By its name: where jobs are put that were given up.
    static func isDead(_ queue: String) -> Bool {
        let name = queue.lowercased()
        // In words: there may be deadlines, and logins that failed.
        let words = name.split { !$0.isLetter && !$0.isNumber }
        return name.hasSuffix("failed") || ["failures", "errors", "error"].contains(words.last)
            || words.contains { word in
                [
                    "dead", "dlq", "dlx", "parked", "parking", "graveyard", "poison", "quarantine", "rejected",
                    "undeliverable",
                ].contains { word.hasSuffix($0) }
            } || words.contains { $0.hasPrefix("deadletter") }
    }

    /// What comes to this queue has been given up: by its name, which may be in any language, or by where the queues lead that
    /// its reader has declared.
    func isRest(_ queue: String) -> Bool {
        if Self.isDead(queue) { return true }
        guard let declared = log.declaration(of: queue), declared.method.arguments["x-dead-letter-exchange"] == nil
        else { return false }
        let rooms = waitingRooms(but: queue)
        // Jobs wait in rooms of another queue, and none come back to this.
        if rooms.isEmpty {
            return others(but: queue).contains { waitingRooms(but: $0).contains { $0 != queue } }
        }
        // Or they come from a queue that gives them up after some deliveries.
        return rooms.allSatisfy { log.declaration(of: $0)?.method.arguments["x-delivery-limit"] != nil }
    }

    /// All of a job is in this text: as it is, among other words, or written in Base64 or in hexadecimal digits.
    static func holds(_ text: String, _ job: String) -> Bool {
        guard text.utf8.count >= job.utf8.count, text != job else { return text == job }
        let base64 = Data(job.utf8).base64EncodedString().prefix { $0 != "=" }
        let digits = job.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return text.contains(job) || text.contains(base64) || text.lowercased().contains(digits)
    }

    /// The job lies there as a copy that does not outlive the broker. nil: it does.
    func transient(in queue: String, _ title: String) -> Finding? {
        let type = log.declaration(of: queue)?.method.arguments["x-queue-type"]?.text ?? "classic"
        let copy = log.published.last { copy in
            Self.holds(copy.body, RetryCheck.bad)
                && log.destinations(exchange: copy.exchange, key: copy.key)?.contains(queue) == true
        }
        guard type == "classic", let copy, copy.properties.deliveryMode != 2 else { return nil }
        return Point(
            title,
            why:
                "A message that is not persistent is lost when the broker restarts. Pass the job on with the properties "
                + "that it had.", see: .retryRead
        ).finding(
            false,
            "It was in '\(queue)', published at \(copy.place.time) ms with delivery-mode "
                + "\(copy.properties.deliveryMode.map { "\($0)" } ?? "not set").")
    }

    static let jobDone = "does a job that can be done"
    static let paymentDone = "makes a payment that can be made"

    /// nil: it was not seen.
    static func done(
        _ log: WireLog, _ body: String, from queue: String?, _ title: String, isBusy: Bool, see: Paragraph
    ) -> Finding? {
        let point = Point(
            title, why: "A worker that keeps it, or gives it up, has not done it: nobody has.", see: see)
        let handed = log.handed.filter { $0.body == body && ($0.queue == queue || $0.queue.isEmpty) }
        guard let first = handed.first else { return nil }
        let text = "'\(body)' was delivered at \(first.place.time) ms"
        let rooms = Set(RetryJudge(log: log, parked: []).waitingRooms(but: queue ?? ""))
        // What it sends elsewhere may be what came of it.
        let isBack = { (name: String) in name == queue || isDead(name) || rooms.contains(name) }
        if let sent = log.published.first(where: { sent in
            first.place < sent.place && sent.body.contains(body)
                && log.destinations(exchange: sent.exchange, key: sent.key)?.contains(where: isBack) == true
        }) {
            return point.finding(false, text + ", and sent on at \(sent.place.time) ms to '\(sent.key)'.")
        }
        if let ack = handed.compactMap(\.acks.first).first {
            return point.finding(true, text + ", and got \(ack.verb) at \(ack.place.time) ms.")
        }
        if let refused = handed.compactMap(\.settlements.first).first {
            return point.finding(
                false,
                text + ", and got \(refused.verb) at \(refused.place.time) ms. Only a text with a '!' must fail.")
        }
        // One that has its hands full of the other, or has ended, may have had no time for it.
        if isBusy || first.isNoAck || log.isAway(first.place.run) { return nil }
        return point.finding(log.unsettled(by: first.place.run), text + ", and no basic.ack came.")
    }
}
