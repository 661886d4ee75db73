import AMQPTransport
import BrokerCore

/// Runs the check of a chapter on a program, in the role that it plays.
enum Check {
    enum Role: Sendable { case producer, consumer }

    static func findings(
        _ chapter: Chapter, _ subject: Subject, _ pace: Pace = Pace(), as dialect: Dialect = .v3_10
    ) async throws -> [Finding] {
        try await Inspection.hold(subject, pace, as: dialect) { inspection in
            if chapter.check.leaps { inspection.watch.interference.forgetHeartbeats() }
            var run = try await inspection.start()
            defer { run.kill() }
            var shown = await chapter.check.role(of: run, inspection)
            let needs = shown == nil ? chapter.check.needs(inspection.log) : []
            if !needs.isEmpty {
                run.kill()
                let channel = try await inspection.openChannel()
                for queue in needs { try await channel.declareQueue(queue) }
                run = try await inspection.start()
                shown = await chapter.check.role(of: run, inspection)
            }
            guard let role = shown else { return [try await nothing(chapter, run, inspection)] }
            inspection.begin()
            let check = chapter.check.init(inspection: inspection)
            let findings =
                switch role {
                case .producer: try await check.producer(run)
                case .consumer: try await check.consumer(run)
                }
            if findings.isEmpty { throw Inspection.CannotJudge.silent(run) }
            let log = inspection.log
            let isUnseen = findings.contains { $0.verdict == .notSeen }
            // What the broker refuses is wrong, even if none of the points is about it. So is a consumer that leaves.
            let cause =
                findings.contains(where: \.isWrong)
                ? nil : log.isTurnedAway ?? (isUnseen && role == .consumer ? log.leaves(run.number) : nil)
            let end = log.isOutOfTime && isUnseen && cause == nil ? outOfTime(inspection) : nil
            return findings + [cause, end].compactMap(\.self)
        }
    }

    /// What never ends, or takes long: the points that were not seen have a reason.
    private static func outOfTime(_ inspection: Inspection) -> Finding {
        let log = inspection.log
        let (published, handed) = (log.published.count + log.unkept, log.handed.count)
        return Point("does all that is asked of it in the check's time", why: "", see: .helloRead).finding(
            .notSeen,
            "\(inspection.pace.whole.components.seconds) s of its own were not enough: until then it published "
                + "\(counted(published, "message")) and got \(handed). Give it less to do: fewer messages, shorter waits, less work for each."
        )
    }

    /// It neither consumes nor publishes: the broker may have said why.
    private static func nothing(
        _ chapter: Chapter, _ run: Subject.Run, _ inspection: Inspection
    ) async throws -> Finding {
        let log = inspection.log
        if let finding = log.isTurnedAway ?? (chapter.check.declares ? log.onlyAsks(run.number) : nil) {
            return finding
        }
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
            let elsewhere =
                await isBrokerElsewhere() ? "; perhaps it went to localhost:5672 (a broker answers there)" : ""
            throw Inspection.CannotJudge(
                description:
                    "'\(command)' connected to no broker here\(elsewhere). \(status)\(run.printed) Connect it to the address in "
                    + "the environment variable AMQP_URL, which changes each time.")
        }
        throw Inspection.CannotJudge(
            description:
                "'\(command)' connected at \(log.connected[0].time) ms, but neither consumed nor published"
                + (log.missing(for: run.number).map {
                    "; \(log.asksInVain($0)) \(status)\(run.printed) The broker of a check is empty at first: declare the "
                        + "queue, and not passively."
                } ?? ". \(status)\(run.printed) Start it in one of the step's roles."))
    }

    /// Whether something answers where programs look for a broker that nobody told them of.
    private static func isBrokerElsewhere() async -> Bool {
        guard
            let stream = try? await TCPStream.connect(
                host: "localhost", port: 5672, timeoutMilliseconds: 500)
        else { return false }
        stream.abort()
        return true
    }
}
