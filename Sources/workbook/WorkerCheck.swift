import AMQPClient
import AMQPWire

/// Watches a worker, or the program that hands out tasks: chapter 2.
struct WorkerCheck {
    let subject: Subject
    /// How long a worker may take to begin, and how long a dot may take at most.
    var patience = Duration.seconds(20)
    var longestDot = Duration.seconds(1)
    /// How long for what comes at once, or never.
    var moment = Duration.milliseconds(300)
    /// In milliseconds. What takes less was not done.
    var shortestDot: Int64 = 400

    func findings() async throws -> [Finding] {
        let watch = try ObservingBroker()
        defer { watch.shutDown() }
        let run = try await subject.start(watch.url)
        defer { run.kill() }
        let began = await eventually(patience) { run.hasEnded() || consumed(watch) }
        if let published = ProducerJudge(observations: watch.observations).findings, !consumed(watch) {
            return published
        }
        guard began, consumed(watch), let queue = consumedQueue(watch) else {
            let printed = run.lastLines().joined(separator: " | ")
            return [
                Finding(
                    isGood: false, title: "consumes",
                    seen: (began ? "It ended without a basic.consume." : "No basic.consume within \(patience).")
                        + (printed.isEmpty ? "" : " It printed: \(printed)"),
                    why: "A worker that does not consume gets nothing. Does it connect to AMQP_URL? See 'Read it'.")
            ]
        }
        let connection = try await Connection.open(over: watch.broker.connect())
        let channel = try await connection.openChannel()
        try await giveTasks(channel, queue, watch)
        var findings = WorkerJudge(shortestTask: shortestDot, observations: watch.observations).findings
        run.kill()
        findings.append(try await killed(channel, queue, watch))
        try await connection.close()
        return findings
    }

    /// Three tasks of a dot each; returns when they are done, or there is no hope left.
    private func giveTasks(_ channel: Channel, _ queue: String, _ watch: ObservingBroker) async throws {
        for number in 1...3 {
            try await channel.publish(Message("Task \(number).", persistent: true), routingKey: queue)
        }
        func acknowledged() -> Int {
            WorkerJudge(shortestTask: 0, observations: watch.observations).deliveries.count { !$0.acknowledged.isEmpty }
        }
        await eventually(longestDot * 6) { acknowledged() >= 3 || closed(watch) }
        // A second ack comes at once or never.
        await eventually(moment) { closed(watch) }
    }

    private func killed(_ channel: Channel, _ queue: String, _ watch: ObservingBroker) async throws -> Finding {
        let title = "loses nothing when it is killed"
        // What the killed program had goes back to the queue before it, and must not be taken for what comes.
        await eventually(patience) { (try? await channel.declareQueue(queue, passive: true).consumerCount) == 0 }
        _ = try await channel.purgeQueue(queue)
        let before = watch.observations.count
        let run = try await subject.start(watch.url)
        defer { run.kill() }
        let task = "Task in which it dies" + String(repeating: ".", count: 60)
        try await channel.publish(Message(task, persistent: true), routingKey: queue)
        func delivery() -> WorkerJudge.Handed? {
            WorkerJudge(shortestTask: 0, observations: Array(watch.observations[before...])).deliveries
                .first { $0.body == task }
        }
        guard await eventually(patience, { delivery() != nil }), let handed = delivery() else {
            return Finding(isGood: false, title: title, seen: "Started again, it took no task.", why: "See 'Run it'.")
        }
        // Who acknowledges first does so at once: let it.
        let isAcknowledged = await eventually(moment) { delivery()?.acknowledged.isEmpty == false }
        // An ack that was seen on its way is still to arrive: cut off now, the program would seem to have lost nothing.
        if isAcknowledged { try await Task.sleep(for: .milliseconds(500)) }
        let killedAt = watch.now
        run.kill()
        var back: Delivery?
        await eventually(moment * 10) {
            back = try? await channel.get(queue, noAck: true)
            return back != nil
        }
        let story = "a task was delivered at \(handed.time) ms, and the program was killed at \(killedAt) ms"
        return back.map { back in
            Finding(
                isGood: true, title: title,
                seen: "\(story): it is in the queue again, redelivered: \(back.redelivered ? "yes" : "no").")
        }
            ?? Finding(
                isGood: false, title: title, seen: "\(story): it is nowhere.",
                why:
                    "The broker forgot it, because it was told so: by no-ack, or by an ack before the work. See 'Run it'."
            )
    }

    private func consumed(_ watch: ObservingBroker) -> Bool {
        watch.observations.contains { if case .method(.basicConsumeOk) = $0.what { true } else { false } }
    }

    private func consumedQueue(_ watch: ObservingBroker) -> String? {
        WorkerJudge(shortestTask: 0, observations: watch.observations).consume?.method.queue.text
    }

    private func closed(_ watch: ObservingBroker) -> Bool {
        watch.observations.contains { seen in
            guard seen.direction == .fromBroker else { return false }
            return if case .method(.channelClose) = seen.what { true } else { false }
        }
    }
}

/// Asks again and again, until it is so or the time is up.
@discardableResult
func eventually(_ patience: Duration, _ condition: () async -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + patience
    while true {
        if await condition() { return true }
        if ContinuousClock.now > deadline { return false }
        try? await Task.sleep(for: .milliseconds(5))
    }
}
