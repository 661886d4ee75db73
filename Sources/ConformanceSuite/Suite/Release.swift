import BrokerCore

/// A release of RabbitMQ: `4.3` begins all of 4.3, `4.3.6` is one.
struct Release: Comparable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    private var numbers: [Int]

    /// Nil for what does not begin with a number. Of `4.0.5-rc.1` it is 4.0.5.
    init?(_ text: String) {
        numbers = text.prefix { $0.isNumber || $0 == "." }.split(separator: ".").compactMap { Int($0) }
        if numbers.isEmpty { return nil }
    }

    init(stringLiteral text: String) {
        guard let release = Release(text) else { preconditionFailure("'\(text)' is not a release") }
        self = release
    }

    var description: String { numbers.map(String.init).joined(separator: ".") }

    static func < (one: Release, other: Release) -> Bool { one.numbers.lexicographicallyPrecedes(other.numbers) }

    /// Of those, the one that is most like this: of the same release, else the next before, else the first behind.
    func nearest(of others: [Release]) -> Release? {
        let sorted = others.sorted()
        let alike = sorted.filter { $0.numbers.prefix(2) == numbers.prefix(2) }
        return (alike.isEmpty ? sorted : alike).last { $0 <= self } ?? alike.first ?? sorted.first
    }

    /// The dialect of our own broker that is most like it.
    var dialect: Dialect {
        let releases = Dialect.allCases.map { ($0, Release($0.version)) }
        let nearest = nearest(of: releases.compactMap(\.1))
        return releases.first { $0.1 == nearest }?.0 ?? .v3_10
    }
}

/// The releases that something holds for.
struct Releases: Sendable, Equatable {
    var from: Release?
    var before: Release?

    /// True for nil, a broker that follows no release: whatever RabbitMQ does or once did, it may do too.
    func contains(_ release: Release?) -> Bool {
        guard let release else { return true }
        return from.map { $0 <= release } ?? true && before.map { release < $0 } ?? true
    }

    /// In words; nil: all of them.
    var text: String? {
        switch (from, before) {
        case (let from?, let before?): "from \(from), before \(before)"
        case (let from?, nil): "from \(from)"
        case (nil, let before?): "before \(before)"
        case (nil, nil): nil
        }
    }
}

/// What RabbitMQ does instead of what the rule says, a sentence for each range of releases that differs:
/// `"…"`, `.from("4.0", "…")`, `.before("4.0", "…")`, or `.before("4.0", "…").from("4.3", "…")`.
struct OtherTruth: Sendable, ExpressibleByStringLiteral {
    var sentences: [(releases: Releases, text: String)]

    init(stringLiteral text: String) { sentences = [(Releases(), text)] }
    private init(_ sentences: [(Releases, String)]) { self.sentences = sentences }

    static func from(_ release: Release, _ text: String) -> Self { Self([]).from(release, text) }
    static func before(_ release: Release, _ text: String) -> Self { Self([(Releases(before: release), text)]) }

    func from(_ release: Release, _ text: String) -> Self { Self(sentences + [(Releases(from: release), text)]) }

    /// Nil: there it does as the rule says.
    func sentence(for release: Release?) -> String? {
        let texts = sentences.filter { $0.releases.contains(release) }.map(\.text)
        return texts.isEmpty ? nil : texts.joined(separator: " ")
    }

    /// True when two releases differ.
    var hasVersions: Bool { sentences.contains { $0.releases != Releases() } }
}
