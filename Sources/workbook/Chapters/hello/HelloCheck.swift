import AMQPClient

/// Chapter 1: does the message arrive, and does its receiver settle it once?
struct HelloCheck: ProgramCheck {
    /// A text that not every program can take.
    static let foreign = "Check 2: grüße, 你好 ✉"

    static let declares = true

    let inspection: Inspection

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        let log = await inspection.producerEnded(run)
        guard let first = log.errand else { return [] }
        let judge = HelloSenderJudge(
            log: log, arrived: try await arrivals(log), line: inspection.subject.words.joined(separator: " "))
        return try await judge.findings + plainly(first.key)
    }

    /// What has arrived in the queues that the program's messages go to.
    private func arrivals(_ log: WireLog) async throws -> [String: HelloSenderJudge.Arrival] {
        let queues = log.published.prefix(1000)
            .reduce(into: Set<String>()) { $0.formUnion(log.destinations(exchange: $1.exchange, key: $1.key) ?? []) }
        var arrivals: [String: HelloSenderJudge.Arrival] = [:]
        for queue in queues.prefix(100) {
            let sent = log.published.count {
                log.destinations(exchange: $0.exchange, key: $0.key)?.contains(queue) == true
            }
            var count: Int?
            // What was seen on its way is there a moment later.
            try await inspection.eventually(inspection.pace.answer) {
                count = try await inspection.messages(in: queue)
                return (count ?? sent) >= sent
            }
            guard let count else { continue }
            let first = try await inspection.take(queue, most: 100) ?? []
            arrivals[queue] = .init(count: count, first: first.map { WireLog.text($0.body) })
        }
        return arrivals
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        guard let queue = await inspection.awaitConsumer() else { return [] }
        if inspection.log.consumptions.contains(where: \.isGranted), inspection.log.refusals.isEmpty {
            for text in ["Check 1", Self.foreign, "", "Check 4"] { try await inspection.publish(text, key: queue) }
            // A program that acknowledges does so now; one that does it once too often is turned away.
            await inspection.until(orQuietFor: inspection.pace.answer) { log in
                log.handed.count >= HelloReceiverJudge.sent && log.handed.allSatisfy(\.isSettled)
                    || !log.refusals.isEmpty || run.hasEnded
            }
            await inspection.until(inspection.pace.moment) { !$0.refusals.isEmpty || run.hasEnded }
            try await inspection.sendMore(to: run) { number in
                try await inspection.publish("Check \(HelloReceiverJudge.sent + number)", key: queue)
            }
        }
        return try await HelloReceiverJudge(log: inspection.log).findings + plainly(queue)
    }

    /// The step's other program declares 'hello' too, without any flags.
    private func plainly(_ queue: String) async throws -> [Finding] {
        guard queue == "hello" else { return [] }
        return try await OtherRole(queue: "hello", isDurable: false, inspection: inspection).findings
    }
}

struct HelloSenderJudge {
    struct Arrival: Sendable {
        var count: Int
        /// The first hundred.
        var first: [String]
    }

    let log: WireLog
    /// What the queues hold afterwards to which its messages go; nothing for one that is not there.
    let arrived: [String: Arrival]
    /// How it was started: what stands there is a text of its reader's.
    var line = ""

    var findings: [Finding] {
        guard let first = log.errand else { return [] }
        let queues = log.destinations(exchange: first.exchange, key: first.key)
        let declares = Point(
            "declares the queue that it sends to first",
            why: "Through the default exchange the routing key is the name of a queue. If that queue "
                + "doesn't exist, the broker drops the message without an error.", see: .helloRead)
        let declared: Finding
        if first.exchange.isEmpty {
            declared = log.declares(first.key, before: first.place, declares)
        } else if let queue = queues?.sorted().first {
            declared = log.declares(queue, before: first.place, declares)
        } else {
            declared = declares.finding(
                queues == nil ? .notSeen : .no,
                "basic.publish at \(first.place.time) ms to exchange '\(first.exchange)'"
                    + (queues == nil
                        ? ", which leads on in ways that are not followed here." : ", and no queue bound to it."))
        }
        return [declared, arrives(first, queues), log.saysGoodbye(first.place.run)]
            + [isText, log.fails(first.place.run)].compactMap(\.self)
    }

    /// A reader may send any text; but nobody has written what is only a value in print. nil: it is no such thing.
    private var isText: Finding? {
        let said = [line] + (log.life(1)?.lines ?? [])
        let printed = log.errands.prefix(100).filter { !line.contains($0.body) }.compactMap { message in
            PrintedValue(message.body, said: said).map { (place: message.place, body: message.body, value: $0) }
        }
        guard let first = printed.first(where: { $0.value.isCertain }) ?? printed.first else { return nil }
        return Point(
            "sends its text as it is",
            why:
                "A message is bytes. Encode the text as UTF-8, and send those bytes. A value that is "
                + "printed first becomes a different text.", see: .helloRead
        ).finding(
            first.value.isCertain ? .no : .notSeen,
            "basic.publish at \(first.place.time) ms of '\(first.body.prefix(80))', which is \(first.value.origin), printed as text"
                + (first.value.isCertain ? "." : ", unless it is meant to be a list of numbers."))
    }

    private func arrives(_ first: WireLog.Published, _ queues: Set<String>?) -> Finding {
        let point = Point(
            "its message arrives in the queue",
            why:
                "\"Sent\" only means that it has left the producer. A message that no queue takes is dropped, which is "
                + "not an error.", see: .helloBreak)
        let way =
            "basic.publish at \(first.place.time) ms to exchange '\(first.exchange)', routing key '\(first.key)'; "
        guard let queues else { return point.finding(.notSeen, way + "where it went was not seen.") }
        guard let queue = queues.sorted().first(where: { arrived[$0] != nil }), let arrival = arrived[queue] else {
            if let exclusive = queues.compactMap({ log.declaration(of: $0) }).first(where: { $0.method.exclusive }) {
                return point.finding(
                    false, way + "the queue '\(exclusive.name)' is exclusive: it was deleted with its connection.")
            }
            let expires = queues.contains { log.declaration(of: $0)?.method.arguments["x-expires"] != nil }
            return point.finding(
                expires ? .notSeen : .no,
                way + (expires ? "its queue has x-expires, and has gone by itself." : "there is no such queue."))
        }
        // What it took itself, by basic.get for example, has arrived too.
        let taken = log.handed.count { $0.queue == queue }
        let sent = log.published.filter { message in
            log.destinations(exchange: message.exchange, key: message.key)?.contains(queue) == true
        }
        let there = min(arrival.count + taken, sent.count)
        // In any order: a queue may have priorities.
        var open = sent.reduce(into: [String: Int]()) { $0[$1.body, default: 0] += 1 }
        let isIntact = arrival.first.allSatisfy { text in
            let left = open[text, default: 0] - 1
            open[text] = left
            return left >= 0
        }
        let strays = log.published.count { message in
            log.destinations(exchange: message.exchange, key: message.key)?.contains { arrived[$0] != nil } == false
        }
        // As long as it publishes, some are on their way.
        let isUnderWay = there < sent.count && !log.isAway(first.place.run)
        let vanishes = there < sent.count ? whyLess(queue, sent) : nil
        return point.finding(
            !isIntact || strays > 0
                ? .no : there == sent.count ? .yes : isUnderWay || vanishes != nil ? .notSeen : .no,
            way + "\(there) of \(sent.count) arrived" + (isIntact ? "" : ", with another text")
                + (strays == 0 ? vanishes.map { ": \($0)." } ?? "." : "; \(strays) went where there is no queue."))
    }

    /// Why messages that have arrived may have gone by themselves. nil: they don't.
    private func whyLess(_ queue: String, _ sent: [WireLog.Published]) -> String? {
        if sent.contains(where: { $0.properties.expiration != nil }) {
            return "they have an expiration, and may have expired"
        }
        let arguments = log.declaration(of: queue)?.method.arguments ?? [:]
        let limits = ["x-message-ttl", "x-max-length", "x-max-length-bytes", "x-expires"]
        return arguments.fields.first { limits.contains($0.name.text) }.map {
            "the queue has \($0.name.text), and may have dropped the others"
        }
    }
}

struct HelloReceiverJudge {
    /// How many messages it is sent.
    static let sent = 4

    let log: WireLog

    var findings: [Finding] {
        guard let consumption = log.work else { return [] }
        let run = consumption.place.run
        let declared = log.declares(
            consumption.queue, before: consumption.place,
            Point(
                "declares the queue that it reads first",
                why: "The first program creates the queue. Consuming from one that doesn't exist is an error, 404.",
                see: .helloRead))
        let failure = [log.fails(run)].compactMap(\.self)
        // Without a consumer there is nothing to acknowledge; turned away because of an ack, it gets nothing more.
        guard consumption.isGranted else { return [declared, received(consumption)] + failure }
        return [declared, log.settlesOnce(consumption)]
            + (log.refusals.isEmpty && failure.isEmpty ? [received(consumption)] : []) + failure
    }

    private func received(_ consumption: WireLog.Consumption) -> Finding {
        let run = consumption.place.run
        let delivered = min(log.handed(to: run).count { !$0.redelivered }, Self.sent)
        // With no-ack the broker sends all that there is, and it is gone with a program that ends after the first.
        let hasLeft = consumption.method.noAck && !consumption.isGet && log.life(run)?.status == 0
        let isThere: Finding.Verdict = log.mayAskAgain(run) ? .notSeen : log.unsettled(by: run)
        return Point(
            "gets what is sent to the queue",
            why: hasLeft
                ? "The messages come later. A program that ends loses what was on its way to it."
                : "A consumer whose channel is closed gets nothing more, and no error.",
            see: .helloRead
        ).finding(
            hasLeft ? .no : delivered >= Self.sent ? .yes : isThere,
            "\(consumption.verb) of '\(consumption.queue)' at \(consumption.place.time) ms; \(delivered) of \(Self.sent) "
                + "messages were delivered\(log.refusal(of: run))\(log.ending(of: run)).")
    }
}
