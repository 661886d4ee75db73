/// What chapters 9 and 10 ask about the job that can be done, beside the one that fails.
extension RetryJudge {
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
