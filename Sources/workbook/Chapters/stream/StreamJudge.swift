import AMQPClient
import AMQPWire

/// Judges a reader by its second life, which came late.
struct StreamJudge {
    let log: WireLog
    let queue: String
    /// Of its command: the last may say where it is to begin.
    let words: [String]

    private var run: Int { log.consumptions.map(\.place.run).max() ?? 1 }
    private var consumption: WireLog.Consumption? {
        let consumptions = log.consumptions(of: run)
        return consumptions.first { $0.queue == queue } ?? consumptions.first
    }
    private var handed: [WireLog.Handed] { log.handed(to: run) }

    var findings: [Finding] {
        guard let consumption else { return [] }
        // A stream can't be asked for one message at a time: the broker says so.
        if consumption.isGet, let refused = log.isTurnedAway { return [Self.isStream(log, queue), refused] }
        return [
            Self.isStream(log, queue), WorkerJudge.prefetch(log, consumption), saysWhere(consumption), hearsAgain,
            acknowledges(consumption),
        ] + [log.fails(run)].compactMap(\.self)
    }

    /// Where it goes by its name, or through an exchange that the stream is bound to.
    static func keeps(_ log: WireLog, _ published: WireLog.Published) -> [Finding] {
        let queues = log.destinations(exchange: published.exchange, key: published.key)
        if let queue = queues?.sorted().first {
            // Not declared at all, it has one fault.
            return [isStream(log, queue)] + (log.declaration(of: queue) == nil ? [] : [isLimited(log, queue)])
        }
        return ["declares a stream", "limits what the stream keeps"].map {
            Point($0, why: "", see: .streamRead).finding(.notSeen, log.unknownWay(published))
        }
    }

    /// The place at which a reader begins in a stream that is new: it has it from elsewhere.
    static func knownPlace(_ log: WireLog) -> String? {
        guard let offset = log.consumptions(of: 1).first?.method.arguments["x-stream-offset"]?.integer, offset > 0
        else { return nil }
        return
            "It began at offset \(offset) of a stream that is new in each check. If it keeps its place in a file, let it "
            + "do so in the folder that the environment variable ORDERS_FOLDER names: that is empty each time."
    }

    static func isStream(_ log: WireLog, _ queue: String) -> Finding {
        log.declares(
            queue, type: "stream",
            Point(
                "declares a stream",
                why: "A message is gone from any other queue when one reader has acknowledged it.", see: .streamRead))
    }

    static func isLimited(_ log: WireLog, _ queue: String) -> Finding {
        let arguments = log.declaration(of: queue)?.method.arguments ?? [:]
        let limits = [
            ("x-max-age", arguments["x-max-age"]), ("x-max-length-bytes", arguments["x-max-length-bytes"]),
        ].filter { $0.1 != nil }.map(\.0)
        return Point(
            "limits what the stream keeps",
            why: "Reading takes nothing out of a stream. Without x-max-age or x-max-length-bytes it grows until the "
                + "disk is full.", see: .streamRead
        ).finding(
            !limits.isEmpty,
            "queue.declare of '\(queue)' with " + (limits.isEmpty ? "neither." : limits.joined(separator: ", ") + "."))
    }

    private func saysWhere(_ consumption: WireLog.Consumption) -> Finding {
        let offset = consumption.method.arguments["x-stream-offset"]
        return Point(
            "says where it begins",
            why: "Without x-stream-offset a reader gets only what is published after it starts.", see: .streamRead
        ).finding(
            offset != nil,
            "\(consumption.verb) at \(consumption.place.time) ms, x-stream-offset: "
                + (offset.map { "\($0)." } ?? "not set."))
    }

    private var hearsAgain: Finding {
        let point = Point(
            "gets what was published before it came",
            why: "That is why the stream keeps it.", see: .streamRun)
        if let last = words.last, last == "next" || last == "last" || Int(last) != nil {
            return point.finding(.notSeen, "It was asked to begin at '\(last)'.")
        }
        let offset = consumption?.method.arguments["x-stream-offset"]
        if let offset = offset?.text ?? offset?.integer.map(String.init), offset != "first", words.contains(offset) {
            return point.finding(.notSeen, "It was asked to begin at '\(offset)'.")
        }
        if let known = Self.knownPlace(log) { return point.finding(.notSeen, known) }
        let again = handed.filter { StreamCheck.early.contains($0.body) }
        return point.finding(
            again.map(\.body) == StreamCheck.early ? .yes : log.refusals.isEmpty ? .no : .notSeen,
            "\(counted(StreamCheck.early.count, "message")) had been published, and it got \(again.count) of them"
                + "\(log.refusal(of: run)).")
    }

    private func acknowledges(_ consumption: WireLog.Consumption) -> Finding {
        let point = Point(
            "acknowledges what it reads",
            why: "An acknowledgement takes nothing out of the stream, but makes room for the next message. Without "
                + "any, the reader stops when its prefetch is used up.", see: .streamBreak)
        if consumption.method.noAck {
            return point.finding(
                false, "\(consumption.verb) at \(consumption.place.time) ms with no-ack\(log.refusal(of: run)).")
        }
        if !log.refusals.isEmpty, handed.isEmpty { return point.finding(.notSeen, "It got no message.") }
        let open = handed.count { !$0.isSettled }
        return point.finding(
            !handed.isEmpty && open < max(1, handed.count / 2)
                ? .yes : log.isAtWork(run) && open < handed.count ? .notSeen : handed.isEmpty ? log.missing : .no,
            "\(counted(handed.count, "delivery", "deliveries")), \(handed.count - open) of them acknowledged.")
    }
}
