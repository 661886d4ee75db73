import ConformanceReport

/// A case as it is told of, without being run.
public struct ListedCase: Sendable {
    public let id: String
    public let title: String
    /// The rules that it proves.
    public let rules: [CaseResult.Rule]
    private let rabbitmq: OtherTruth?

    init(_ proves: Proves, title: String, rules: [CaseResult.Rule]) {
        (id, self.title, self.rules, rabbitmq) = (proves.id, title, rules, proves.rabbitmq)
    }

    /// What a release of RabbitMQ does instead of what the rule says; nil: it does as the rule says.
    func otherTruth(in release: Release) -> String? { rabbitmq?.sentence(for: release) }
}

/// What two releases of RabbitMQ do otherwise than each other, by the cases that know it.
public struct Differences: Sendable {
    private let releases: [Release]
    private let cases: [ListedCase]

    /// Of these cases those that differ. nil for what are no two releases, `3.10..4.3`.
    public init?(_ range: String, of cases: [ListedCase]) {
        guard let releases = Self.releases(range) else { return nil }
        self.releases = releases
        self.cases = cases.filter { $0.otherTruth(in: releases[0]) != $0.otherTruth(in: releases[1]) }
            .sorted { $0.id < $1.id }
    }

    /// Whether it names two releases.
    public static func areReleases(_ range: String) -> Bool { releases(range) != nil }

    private static func releases(_ range: String) -> [Release]? {
        let parts = range.components(separatedBy: "..").map { Release($0) }
        guard parts.count == 2, let first = parts[0], let second = parts[1] else { return nil }
        return [first, second]
    }

    public var text: String {
        var lines = ["Cases that know a difference between RabbitMQ \(releases[0]) and \(releases[1]): \(cases.count)"]
        for one in cases {
            lines += ["", "\(one.id): \(one.title)"]
            lines += one.rules.map { "    rule  \($0.meaning) [\($0.id)]" }
            let width = max(4, releases.map { "\($0)".count }.max() ?? 0)
            for release in releases {
                let margin = String(repeating: " ", count: width - "\(release)".count)
                lines.append("    \(release)\(margin)  \(one.otherTruth(in: release) ?? "as the rule says")")
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }
}
