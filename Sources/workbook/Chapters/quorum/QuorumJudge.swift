import AMQPClient
import AMQPWire

/// Judges a worker by what it did when its connection was cut, and with a payment that fails each time.
struct QuorumJudge {
    let log: WireLog
    let queue: String
    /// Where the failed payment lies at last.
    let parked: [RetryJudge.Parked]
    /// It consumed again when its connection had been cut.
    let isBack: Bool
    /// It had ended before its connection was cut, and before there was a payment.
    var hasLeft = false

    private var arguments: FieldTable { log.declaration(of: queue)?.method.arguments ?? [:] }
    private var limit: Int64? { arguments["x-delivery-limit"]?.integer }
    private var attempts: [WireLog.Handed] {
        log.handed.filter { $0.body == QuorumCheck.bad && ($0.queue == queue || $0.queue.isEmpty) }
    }

    /// What was put aside, also what its worker has taken out from there.
    var allParked: [RetryJudge.Parked] {
        parked
            + log.handed.filter {
                $0.queue != queue && RetryJudge.isDead($0.queue) && RetryJudge.holds($0.body, QuorumCheck.bad)
            }
            .prefix(1).map { .init(queue: $0.queue, text: $0.body) }
    }

    /// It is handed out again and again.
    var isLoop: Bool { attempts.count >= max(12, Int(clamping: min(limit ?? 0, 40)) + 3) }

    /// Nobody has it any more: acknowledged and not sent on, or given up by a queue with no dead letter exchange.
    var isGone: Bool {
        guard let last = attempts.last else { return false }
        let hasDeadLetters = arguments["x-dead-letter-exchange"] != nil
        switch last.settlements.last?.kind {
        case .ack: return !log.published.contains { last.place < $0.place }
        case .dropped: return !hasDeadLetters
        case .requeued: return !hasDeadLetters && isLastOfLimit
        case nil: return !hasDeadLetters && isLastOfLimit && log.isDisconnected(last.place.connection)
        }
    }

    private var isLastOfLimit: Bool { limit.map { $0 >= 0 && attempts.count > $0 } ?? false }

    var findings: [Finding] {
        guard let consumption = log.consumptions.first(where: { $0.queue == queue }) else { return [] }
        if hasLeft {
            let run = consumption.place.run
            return [Self.isQuorum(log, queue), saysLimit, putsAside, comesBack(consumption)]
                + [log.fails(run), log.isRefused(run) ? nil : log.leaves(run)].compactMap(\.self)
        }
        let done = RetryJudge.done(
            log, QuorumCheck.good, from: queue, RetryJudge.paymentDone, isBusy: !log.refusals.isEmpty, see: .quorumRead)
        return [Self.isQuorum(log, queue), saysLimit, putsAside, comesBack(consumption)]
            + [done ?? givenUp].compactMap(\.self)
    }

    /// The payment that can be made came as often as the limit allows, and its workers ended or went away with it each
    /// time. nil: it did not.
    private var givenUp: Finding? {
        let handed = log.handed.filter { $0.body == QuorumCheck.good && ($0.queue == queue || $0.queue.isEmpty) }
        guard let limit, limit >= 0, handed.count > limit, !handed.contains(where: \.isSettled) else { return nil }
        return Point(
            RetryJudge.paymentDone, why: "A payment that comes back too often is put aside, and nobody has made it.",
            see: .quorumRead
        ).finding(
            false,
            "'\(QuorumCheck.good)' was delivered \(counted(handed.count, "time")), and no basic.ack came.")
    }

    /// By its name, or through an exchange of its own that a queue is bound to.
    static func isQuorum(_ log: WireLog, _ published: WireLog.Published) -> Finding {
        let queues = log.destinations(exchange: published.exchange, key: published.key)
        let unseen = Point("declares a quorum queue", why: "", see: .quorumRead)
        guard let queue = queues?.sorted().first else { return unseen.finding(.notSeen, log.unknownWay(published)) }
        // That it declares none is said where it should be durable.
        return log.declaration(of: queue) == nil
            ? unseen.finding(.notSeen, "No queue.declare of '\(queue)' was seen.") : isQuorum(log, queue)
    }

    static func isQuorum(_ log: WireLog, _ queue: String) -> Finding {
        log.declares(
            queue, type: "quorum",
            Point(
                "declares a quorum queue",
                why: "A classic queue is on one machine. When that machine dies, the queue is unavailable until it "
                    + "is back, and gone if its disk is.", see: .quorumRead))
    }

    private var saysLimit: Finding {
        Point(
            "sets a delivery limit",
            why: "Without x-delivery-limit it depends on the release: no limit on RabbitMQ 3.10, 20 from 4.0 on.",
            see: .quorumRead
        ).finding(
            // Not declared at all, it has one fault.
            log.declaration(of: queue) == nil ? .notSeen : limit.map { $0 >= 0 } ?? false ? .yes : .no,
            "queue.declare of '\(queue)', x-delivery-limit: \(limit.map { "\($0)" } ?? "not set").")
    }

    private var putsAside: Finding {
        let point = Point(
            "puts aside what fails too often",
            why: "If it is handed out forever, it stops all workers in turn. If it is dropped, you can't look into it.",
            see: .quorumBreak)
        if hasLeft { return point.finding(.notSeen, "It had ended before it got a payment.") }
        if attempts.isEmpty, allParked.isEmpty {
            return point.finding(.notSeen, "The payment that fails was not delivered to it\(log.refusal(of: nil)).")
        }
        let text =
            "\(counted(attempts.count, "delivery", "deliveries")) of the payment that fails"
            + (attempts.isEmpty
                ? "" : ", at \(attempts.prefix(5).map { "\($0.place.time)" }.joined(separator: ", ")) ms")
        if let whole = allParked.first(where: { RetryJudge.holds($0.text, QuorumCheck.bad) }) {
            return point.finding(true, "\(text). Then it was in '\(whole.queue)'.")
        }
        if let other = allParked.first {
            return point.finding(
                false, "\(text). In '\(other.queue)' is '\(other.text)' instead of '\(QuorumCheck.bad)'.")
        }
        if isLoop { return point.finding(false, text + ", and it went on.") }
        if !isGone, let limit, attempts.count <= limit {
            return point.finding(.notSeen, text + "; then the check's time was up.")
        }
        return point.finding(isGone ? .no : log.missing, text + ". Then it was in no queue.")
    }

    /// It still runs, and has not connected again: it may wait for longer than the check does.
    private func mayComeBack(_ run: Int) -> Bool {
        guard log.life(run)?.status == nil, let end = log.disconnected.first(where: { $0.run == run }) else {
            return false
        }
        return !log.connected.contains { $0.run == run && end < $0 }
    }

    private func comesBack(_ consumption: WireLog.Consumption) -> Finding {
        let run = consumption.place.run
        return Point(
            "comes back when its connection is lost",
            why: "Brokers restart, and cables are pulled out. If a program ends then, or waits on a dead connection, "
                + "nobody notices until the queue is full.", see: .quorumRun
        ).finding(
            isBack ? .yes : hasLeft || log.isTurnedAway != nil || mayComeBack(run) ? .notSeen : log.missing,
            "\(consumption.verb) at \(consumption.place.time) ms; "
                + (hasLeft
                    ? "it had ended before its connection could be cut."
                    : "its connection was cut, and it \(isBack ? "consumed again" : "did not consume again")."))
    }
}
