/// Chapter 5: keys of several words, and patterns.
struct TopicCheck: ProgramCheck {
    let inspection: Inspection

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        let log = await inspection.producerEnded(run)
        return try await EmitterJudge(type: "topic", see: .topicRead, log: log).findings
            + [KeyJudge(words: inspection.subject.words, log: log).isDotted].compactMap { $0 }
            + OtherRole.findings(exchange: "topic_logs", type: .topic, inspection)
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        let judge = try await SubscriberCheck(inspection: inspection, type: "topic").run(run) { log in
            Self.probes(KeyJudge(words: inspection.subject.words, log: log, isTopic: true))
        }
        let keys = KeyJudge(words: inspection.subject.words, log: judge.log, isTopic: true)
        return try await judge.findings(.topicRead) + [keys.oneQueue, keys.oneBindingEach(.topicRead)]
            + judge.selects(.topicBreak)
            + OtherRole.findings(exchange: "topic_logs", type: .topic, inspection)
    }

    /// A message for each pattern, and one that the program did not ask for. One that asks for everything gets none of these.
    static func probes(_ judge: KeyJudge) -> [SubscriberCheck.Probe] {
        let patterns = judge.wanted
        let probes = patterns.enumerated().map { number, pattern in
            SubscriberCheck.Probe(key: key(for: pattern), body: "Check \(number + 1) for '\(pattern)'")
        }
        let isAsked = judge.wantsAll || patterns.contains { TopicPattern.matches($0, unasked) }
        return (isAsked ? [] : [.init(key: unasked, body: "Check: not asked for", isWanted: false)]) + probes
    }

    /// Fits no pattern that has a word of its own.
    private static let unasked = "workbook..check..not..asked..for"

    /// A routing key that the pattern fits.
    static func key(for pattern: String) -> String {
        pattern.split(separator: ".", omittingEmptySubsequences: false)
            .map { $0 == "*" ? "one" : $0 == "#" ? "any.number" : String($0) }.joined(separator: ".")
    }
}
