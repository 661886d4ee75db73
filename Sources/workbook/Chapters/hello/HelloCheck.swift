import AMQPClient

/// Chapter 1: does the message arrive, and does its receiver settle it once?
struct HelloCheck: ProgramCheck {
    let inspection: Inspection

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        let log = await inspection.producerEnded(run)
        guard let first = log.published.first else { return [] }
        let arrived = first.exchange.isEmpty ? try await inspection.take(first.key)?.map(\.text) : nil
        return HelloSenderJudge(log: log, arrived: arrived).findings
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        guard let queue = await inspection.consumerBegan() else { return [] }
        if inspection.log.consumptions.contains(where: \.isGranted), inspection.log.refusals.isEmpty {
            for number in 1...3 { try await inspection.publish("Check \(number)", key: queue) }
            // A program that acknowledges does so now; one that does it once too often is turned away.
            await inspection.until(inspection.pace.answer) { log in
                log.handed.count >= 3
                    && (log.consumptions[0].method.noAck || log.handed.allSatisfy { !$0.acks.isEmpty })
                    || !log.refusals.isEmpty
            }
            await inspection.until(inspection.pace.moment) { !$0.refusals.isEmpty }
        }
        return HelloReceiverJudge(log: inspection.log).findings
    }
}

struct HelloSenderJudge {
    let log: WireLog
    /// What the queue of the first routing key holds afterwards; nil when there is no such queue.
    let arrived: [String]?

    var findings: [Finding] {
        guard let first = log.published.first else { return [] }
        let sent = log.published.map(\.body)
        let missing = sent.count { arrived?.contains($0) != true }
        return [
            log.declares(
                first.key, before: first.place,
                Point(
                    "declares the queue that it sends to first",
                    why: "Through the default exchange the routing key is the name of a queue. If that queue "
                        + "doesn't exist, the broker drops the message without an error.", see: .helloRead)),
            Point(
                "its message arrives in the queue",
                why:
                    "\"Sent\" only means that it has left the producer. A message that no queue takes is dropped, which is "
                    + "not an error.", see: .helloBreak
            ).finding(
                missing == 0,
                "basic.publish at \(first.place.time) ms to exchange '\(first.exchange)', routing key '\(first.key)'; "
                    + (arrived == nil
                        ? "there is no such queue." : "\(sent.count - missing) of \(sent.count) arrived.")),
            log.saysGoodbye(first.place.connection),
        ]
    }
}

struct HelloReceiverJudge {
    let log: WireLog

    var findings: [Finding] {
        guard let consumption = log.consumptions.first else { return [] }
        let delivered = log.handed.count
        let declared = log.declares(
            consumption.queue, before: consumption.place,
            Point(
                "declares the queue that it reads first",
                why: "The first program creates the queue. Consuming from one that doesn't exist is an error, 404.",
                see: .helloRead))
        let received = Point(
            "gets what is sent to the queue",
            why: "A consumer whose channel is closed gets nothing more, and no error.",
            see: .helloRead
        ).finding(
            delivered >= 3,
            "basic.consume of '\(consumption.queue)' at \(consumption.place.time) ms; \(delivered) of 3 messages were "
                + "delivered\(log.refusal(on: consumption.place.connection)).")
        // Without a consumer there is nothing to acknowledge; turned away because of an ack, it gets nothing more.
        guard consumption.isGranted else { return [declared, received] }
        return [declared, log.settlesOnce(consumption)] + (log.refusals.isEmpty ? [received] : [])
    }
}
