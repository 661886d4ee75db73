import BrokerCore

/// Runs the check of a chapter on a program, in the role that it plays.
enum Check {
    enum Role: Sendable { case producer, consumer }

    static func findings(
        _ chapter: Chapter, _ subject: Subject, _ pace: Pace = Pace(), as dialect: Dialect = .v3_10
    ) async throws -> [Finding] {
        try await Inspection.hold(subject, pace, as: dialect) { inspection in
            let run = try await inspection.start()
            defer { run.kill() }
            guard let role = await chapter.check.role(of: run, inspection) else {
                return [try nothing(run, inspection)]
            }
            let check = chapter.check.init(inspection: inspection)
            let findings =
                switch role {
                case .producer: try await check.producer(run)
                case .consumer: try await check.consumer(run)
                }
            // What the broker refuses is wrong, even if none of the points is about it.
            if findings.allSatisfy(\.isGood), let finding = inspection.log.isTurnedAway { return findings + [finding] }
            return findings
        }
    }

    /// It neither consumes nor publishes: the broker may have said why.
    private static func nothing(_ run: Subject.Run, _ inspection: Inspection) throws -> Finding {
        let log = inspection.log
        if let finding = log.isTurnedAway { return finding }
        let command = inspection.subject.words.joined(separator: " ")
        let status = run.status().map { "It ended with status \($0)." } ?? "It is still running."
        if run.status() == 127 || run.status() == 126 {
            throw Inspection.CannotJudge(
                description:
                    "'\(command)' can't be started.\(run.printed) After --, write what you would type to start it.")
        }
        if let garbage = log.garbage.first {
            throw Inspection.CannotJudge(
                description:
                    "'\(command)' does not speak AMQP 0-9-1: \(garbage.text). Use a client library for that version.")
        }
        if log.connected.isEmpty {
            throw Inspection.CannotJudge(
                description:
                    "'\(command)' did not connect. \(status)\(run.printed) Let it connect to the address in the "
                    + "environment variable AMQP_URL, which is \(inspection.watch.url) here.")
        }
        throw Inspection.CannotJudge(
            description:
                "'\(command)' connected at \(log.connected[0].time) ms, but neither consumed nor published. \(status)"
                + "\(run.printed) Start it in one of the step's roles.")
    }
}
