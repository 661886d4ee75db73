/// One case on one broker: a line of a results file (`CONFORMANCE_RESULTS`).
public struct CaseResult: Codable, Sendable {
    /// A rule that the case proves, with its meaning, so that a results file can be read on its own.
    public struct Rule: Codable, Sendable, Equatable {
        public var id: String
        public var meaning: String

        public init(id: String, meaning: String) {
            self.id = id
            self.meaning = meaning
        }
    }

    /// The case's id, in words: `topic.hash-matches-zero-words`.
    public var id: String
    public var title: String
    public var rules: [Rule]
    public var verdict: Verdict
    /// The verdicts that are on record for this broker: ``verdict`` is one of them unless something changed. More than
    /// one: what the broker does varies.
    public var recorded: [Verdict]
    /// What was seen, for every verdict but "conforms"; for a skipped case, what is missing.
    public var reason: String
    /// The reason on record for a verdict other than "conforms".
    public var recordedReason: String
    /// The case's line in the broker's baseline without the id: the verdicts, a tab, the reason. nil: it has none.
    public var baseline: String?
    public var milliseconds: Double
    /// The broker and how it was reached: `RabbitMQ 3.10.8`, `messaging-patterns, in memory`.
    public var broker: String
    /// The chapter of the workbook that teaches what the case is about, as a path: `Tutorials/05-topic/README.md`.
    public var chapter: String
    /// The command that runs this case alone.
    public var rerun: String
    /// The frames of all its connections, decoded, a line each.
    public var wire: [String]

    public init(
        id: String, title: String, rules: [Rule], verdict: Verdict, recorded: [Verdict], reason: String,
        recordedReason: String, baseline: String? = nil, milliseconds: Double, broker: String, chapter: String,
        rerun: String, wire: [String]
    ) {
        self.id = id
        self.title = title
        self.rules = rules
        self.verdict = verdict
        self.recorded = recorded
        self.reason = reason
        self.recordedReason = recordedReason
        self.baseline = baseline
        self.milliseconds = milliseconds
        self.broker = broker
        self.chapter = chapter
        self.rerun = rerun
        self.wire = wire
    }

    /// The first word of the id: what the report groups by.
    public var area: String { id.split(separator: ".").first.map(String.init) ?? id }

    /// False for a regression and for an unexpected pass: both need somebody to look.
    public var isAsRecorded: Bool { verdict == .skipped || verdict == .informational || recorded.contains(verdict) }

    /// What is on record, in words: `failed or conforms`.
    public var recordedText: String { recorded.map(\.rawValue).joined(separator: " or ") }
}
