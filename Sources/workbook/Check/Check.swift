/// Which role a program plays, by what it does, and the check of its chapter for it.
enum Check {
    /// Those whose programs can be checked.
    static let chapters = 1...9

    enum Role: Sendable { case producer, consumer }

    static func findings(_ chapter: Int, _ subject: Subject, _ pace: Pace = Pace()) async throws -> [Finding] {
        try await Rehearsal.hold(subject, pace) { stage in
            let run = try await stage.start()
            defer { run.kill() }
            guard let role = await role(chapter, run, stage) else { return [try nothing(run, stage)] }
            let findings = try await judge(chapter, role, run, stage)
            // What the broker refuses is wrong, even if none of the points is about it.
            if findings.allSatisfy(\.isGood), let finding = stage.log.isTurnedAway { return findings + [finding] }
            return findings
        }
    }

    private static func judge(
        _ chapter: Int, _ role: Role, _ run: Subject.Run, _ stage: Rehearsal
    ) async throws -> [Finding] {
        switch (chapter, role) {
        case (1, .producer): try await HelloCheck(stage: stage).producer(run)
        case (1, .consumer): try await HelloCheck(stage: stage).consumer(run)
        case (2, .producer): try await WorkerCheck(stage: stage).producer(run)
        case (2, .consumer): try await WorkerCheck(stage: stage).consumer(run)
        case (3, .producer): try await PubsubCheck(stage: stage).producer(run)
        case (3, .consumer): try await PubsubCheck(stage: stage).consumer(run)
        case (4, .producer): try await RoutingCheck(stage: stage).producer(run)
        case (4, .consumer): try await RoutingCheck(stage: stage).consumer(run)
        case (5, .producer): try await TopicCheck(stage: stage).producer(run)
        case (5, .consumer): try await TopicCheck(stage: stage).consumer(run)
        case (6, .producer): try await RPCCheck(stage: stage).producer(run)
        case (6, .consumer): try await RPCCheck(stage: stage).consumer(run)
        case (7, .producer): try await ConfirmsCheck(stage: stage).producer(run)
        case (7, .consumer): try await ConfirmsCheck(stage: stage).consumer(run)
        case (8, .producer): try await HeadersCheck(stage: stage).producer(run)
        case (8, .consumer): try await HeadersCheck(stage: stage).consumer(run)
        case (9, .producer): try await RetryCheck(stage: stage).producer(run)
        case (9, .consumer): try await RetryCheck(stage: stage).consumer(run)
        default: []
        }
    }

    /// Who consumes is a consumer, who publishes and does not consume a producer. A client of chapter 6 does both: it
    /// consumes from a queue of its own first.
    private static func role(_ chapter: Int, _ run: Subject.Run, _ stage: Rehearsal) async -> Role? {
        let isRPC = chapter == 6
        var role: Role?
        await stage.until(stage.pace.begin) { log in
            if let consumption = log.consumptions.first, !isRPC || consumption.queue == "rpc_queue" {
                role = .consumer
            } else if !log.published.isEmpty {
                role = .producer
            }
            return role != nil || run.hasEnded && log.connected.allSatisfy { log.isDisconnected($0.connection) }
                || isRPC && !log.consumptions.isEmpty
        }
        if role == nil, isRPC, !stage.log.consumptions.isEmpty {
            // A client that is about to ask has a queue of its own; all else is a server, of another queue.
            let asks = stage.log.hasOwnQueue
            let patience = asks ? stage.pace.answer : stage.pace.moment
            role = await stage.until(patience) { !$0.published.isEmpty } || asks ? .producer : .consumer
        }
        return role
    }

    /// It neither consumes nor publishes: the broker may have said why.
    private static func nothing(_ run: Subject.Run, _ stage: Rehearsal) throws -> Finding {
        let log = stage.log
        if let finding = log.isTurnedAway { return finding }
        let command = stage.subject.words.joined(separator: " ")
        let status = run.status().map { "It ended with status \($0)." } ?? "It is still running."
        if run.status() == 127 || run.status() == 126 {
            throw Rehearsal.CannotJudge(
                description:
                    "'\(command)' can't be started.\(run.printed) Write behind -- what you would type to start it.")
        }
        if let garbage = log.garbage.first {
            throw Rehearsal.CannotJudge(
                description:
                    "'\(command)' does not speak AMQP 0-9-1: \(garbage.text). Use a client library for that version.")
        }
        if log.connected.isEmpty {
            throw Rehearsal.CannotJudge(
                description:
                    "'\(command)' did not connect. \(status)\(run.printed) Let it connect to the address in the "
                    + "environment variable AMQP_URL, which is \(stage.watch.url) here.")
        }
        throw Rehearsal.CannotJudge(
            description:
                "'\(command)' connected at \(log.connected[0].time) ms, but neither consumed nor published. \(status)"
                + "\(run.printed) Start it in one of the step's roles.")
    }
}
