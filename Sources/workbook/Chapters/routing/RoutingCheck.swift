/// Chapter 4: a key for each message, a binding for each severity.
struct RoutingCheck: ProgramCheck {
    let inspection: Inspection

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        let log = await inspection.producerEnded(run)
        return try await EmitterJudge(type: "direct", see: .routingRead, log: log).findings
            + [KeyJudge(words: inspection.subject.words, log: log).isSeverity].compactMap { $0 }
            + OtherRole.findings(exchange: "direct_logs", type: .direct, inspection)
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        let judge = try await SubscriberCheck(inspection: inspection, type: "direct").run(run) { log in
            let keys = KeyJudge(words: inspection.subject.words, log: log).wanted
            return [.init(key: "workbook-check", body: "Check: not asked for", isWanted: false)]
                + keys.enumerated().map { .init(key: $1, body: "Check \($0 + 1), '\($1)'") }
        }
        let keys = KeyJudge(words: inspection.subject.words, log: judge.log)
        return try await judge.findings(.routingRead) + [keys.oneQueue, keys.oneBindingEach(.routingRead)]
            + judge.selects(.routingPicture)
            + OtherRole.findings(exchange: "direct_logs", type: .direct, inspection)
    }
}
