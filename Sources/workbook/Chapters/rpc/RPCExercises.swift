import AMQPClient
import AMQPWire

/// The exercises of chapter 6.
enum RPCExercises {
    /// 6.1: ten questions at once over one callback queue.
    @Sendable static func tenAtOnce(_ inspection: Inspection) async throws -> [Finding] {
        try await inspection.openChannel().declareQueue("rpc_queue")
        let run = try await inspection.start()
        defer { run.kill() }
        await inspection.until(inspection.pace.begin) { log in !log.published.isEmpty || run.hasEnded }
        // Ten come at once, or somebody waits for an answer.
        await inspection.until(inspection.pace.moment) { log in log.published.count >= 10 || run.hasEnded
        }
        let requests = inspection.log.published
        guard !requests.isEmpty else { throw Inspection.CannotJudge.silent(run) }
        // The last first: a client that trusts in the order is found out.
        for request in requests.reversed() { try await answer(request, inspection) }
        await inspection.until(inspection.pace.answer) { _ in run.hasEnded }

        let ids = Set(requests.map { $0.properties.correlationID })
        let queues = Set(requests.map { $0.properties.replyTo })
        let wanted = Set(requests.compactMap { Int($0.body).flatMap(fibonacci) }.map(String.init))
        let printed = run.lastLines().filter { line in wanted.contains { line.hasSuffix($0) } }
        return [
            Point(
                "asks ten questions before the first answer",
                why: "If you ask one at a time, each question waits for the answer before it.",
                see: .rpcRead
            ).finding(requests.count >= 10, "\(requests.count) requests before an answer."),
            Point(
                "each with a correlation id of its own", why: "Nothing else tells the answers apart.",
                see: .rpcRead
            ).finding(ids.count == requests.count, "\(ids.count) different ids in \(requests.count) requests."),
            Point(
                "one callback queue for all",
                why: "A queue for each question is slow, and many questions make many queues.",
                see: .rpcRead
            ).finding(queues.count == 1 && !queues.contains(nil), "\(queues.count) different queues in reply-to."),
            Point(
                "prints every answer", why: "Answers come in any order; here the last question was answered first.",
                see: .rpcRead
            ).finding(printed.count >= requests.count, "It printed: \(Subject.shown(run.lastLines()))"),
        ]
    }

    /// 6.3: the answer comes without a queue.
    @Sendable static func directReplyTo(_ inspection: Inspection) async throws -> [Finding] {
        try await inspection.openChannel().declareQueue("rpc_queue")
        let run = try await inspection.start()
        defer { run.kill() }
        await inspection.until(inspection.pace.begin) { log in !log.published.isEmpty || run.hasEnded }
        let log = inspection.log
        guard let request = log.published.first else { throw Inspection.CannotJudge.silent(run) }
        // What the broker made of the reply-to is in the request as it comes out of the queue, a moment after it was seen on
        // its way there.
        var requests: [Delivery] = []
        try await inspection.eventually(inspection.pace.answer) {
            requests += try await inspection.take("rpc_queue") ?? []
            return !requests.isEmpty || run.hasEnded
        }
        for delivery in requests {
            guard let replyTo = delivery.properties.replyTo, let n = Int(delivery.text), let result = fibonacci(n)
            else { continue }
            try await inspection.publish(
                "\(result)", key: replyTo.text,
                properties: BasicProperties(correlationID: delivery.properties.correlationID))
        }
        await inspection.until(inspection.pace.answer) { _ in run.hasEnded }
        let consumption = log.consumptions.first { $0.queue == "amq.rabbitmq.reply-to" }
        let declared = log.queues.first { $0.method.exclusive || $0.method.queue.isEmpty }
        let result = Int(request.body).flatMap(fibonacci).map(String.init) ?? "?"
        return [
            Point(
                "consumes from amq.rabbitmq.reply-to, with no-ack",
                why: "There is no queue, so nothing to acknowledge.",
                see: .rpcRead
            ).finding(
                consumption?.method.noAck == true,
                consumption.map { "basic.consume at \($0.place.time) ms, no-ack: \($0.method.noAck)." }
                    ?? "It consumed from '\(log.consumptions.first?.queue ?? "nothing")'."),
            Point(
                "declares no callback queue", why: "It is what this way saves.", see: .rpcRead
            ).finding(
                declared == nil, declared.map { "queue.declare of '\($0.name)' at \($0.place.time) ms." } ?? "None."),
            Point(
                "gets its answer", why: "The request names amq.rabbitmq.reply-to as its reply-to, on the same channel.",
                see: .rpcRead
            ).finding(
                run.lastLines().contains { $0.contains(result) },
                "It printed: \(Subject.shown(run.lastLines()))"),
        ]
    }

    private static func answer(_ request: WireLog.Published, _ inspection: Inspection) async throws {
        guard let replyTo = request.properties.replyTo, let n = Int(request.body), let result = fibonacci(n) else {
            return
        }
        try await inspection.publish(
            "\(result)", key: replyTo.text, properties: BasicProperties(correlationID: request.properties.correlationID)
        )
    }

    static func fibonacci(_ n: Int) -> Int? {
        guard (0...90).contains(n) else { return nil }
        var (current, next) = (0, 1)
        for _ in 0..<n { (current, next) = (next, current + next) }
        return current
    }
}
