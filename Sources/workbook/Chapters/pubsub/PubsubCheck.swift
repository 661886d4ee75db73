/// Chapter 3: one message, every receiver.
struct PubsubCheck: ProgramCheck {
    let inspection: Inspection

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        EmitterJudge(type: "fanout", see: .pubsubRead, log: await inspection.producerEnded(run)).findings
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        let judge = try await SubscriberCheck(inspection: inspection, type: "fanout").run(run) { _ in
            ["Check 1", HelloCheck.foreign, ""].map { .init(key: "", body: $0) }
        }
        return judge.findings(.pubsubRead) + judge.selects(.pubsubPredict).prefix(1)
    }
}
