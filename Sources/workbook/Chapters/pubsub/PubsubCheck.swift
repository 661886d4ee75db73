/// Chapter 3: one message, every receiver.
struct PubsubCheck: ProgramCheck {
    let inspection: Inspection

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        let log = await inspection.producerEnded(run)
        return try await EmitterJudge(type: "fanout", see: .pubsubRead, log: log).findings
            + OtherRole.findings(exchange: "logs", type: .fanout, inspection)
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        let judge = try await SubscriberCheck(inspection: inspection, type: "fanout").run(run) { _ in
            ["Check 1", HelloCheck.foreign, ""].map { .init(key: "", body: $0) }
        }
        return try await judge.findings(.pubsubRead) + judge.selects(.pubsubPredict).prefix(1)
            + OtherRole.findings(exchange: "logs", type: .fanout, inspection)
    }
}
