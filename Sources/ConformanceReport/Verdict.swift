/// What a case has found out about a broker, from the best to the worst.
public enum Verdict: String, Sendable, Codable, CaseIterable {
    /// The broker does what the specification says (and, for RabbitMQ's extensions, what their page says).
    case conforms
    /// The specification says one thing, RabbitMQ does another, and this broker does as RabbitMQ.
    case conformsAsRabbitMQ = "conforms as RabbitMQ"
    /// Both ways are allowed; the case writes down which one it was.
    case informational
    /// It refuses what has to be refused, but with another code, scope or manner.
    case nonStrict = "non-strict"
    case failed
    /// The case could not be run against this broker; the reason says what is missing.
    case skipped

    /// Higher is worse. Skipped is neither: it says nothing about the broker.
    public var severity: Int {
        switch self {
        case .conforms, .informational, .skipped: 0
        case .conformsAsRabbitMQ: 1
        case .nonStrict: 2
        case .failed: 3
        }
    }
}
