/// Chapter 5: keys of several words, and patterns.
struct TopicCheck: ProgramCheck {
    let inspection: Inspection

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        let log = await inspection.producerEnded(run)
        return EmitterJudge(type: "topic", see: .topicRead, log: log).findings
            + [KeyJudge(words: inspection.subject.words, log: log).isDotted].compactMap { $0 }
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        let judge = try await SubscriberCheck(inspection: inspection, type: "topic").run(run) { log in
            let patterns = KeyJudge(words: inspection.subject.words, log: log, isTopic: true).wanted
            let probes = patterns.enumerated().map { number, pattern in
                SubscriberCheck.Probe(key: Self.key(for: pattern), body: "Check \(number + 1) for '\(pattern)'")
            }
            // A program that asks for everything has nothing that it did not ask for.
            let isAsked = patterns.contains { TopicPattern.matches($0, Self.unasked) }
            return (isAsked ? [] : [.init(key: Self.unasked, body: "Check: not asked for", isWanted: false)]) + probes
        }
        let keys = KeyJudge(words: inspection.subject.words, log: judge.log, isTopic: true)
        return judge.findings(.topicRead) + [keys.oneQueue, keys.oneBindingEach(.topicRead)]
            + judge.selects(.topicBreak)
    }

    /// Fits no pattern that has a word of its own.
    private static let unasked = "workbook..check..not..asked..for"

    /// A routing key that the pattern fits.
    static func key(for pattern: String) -> String {
        pattern.split(separator: ".", omittingEmptySubsequences: false)
            .map { $0 == "*" ? "one" : $0 == "#" ? "any.number" : String($0) }.joined(separator: ".")
    }
}
