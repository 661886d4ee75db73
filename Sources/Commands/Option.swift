/// An option of a command.
public struct Option: Sendable {
    /// As it is typed: `--count`.
    public let name: String
    /// What stands for its value in the help: `N`. Empty: it takes none.
    public let value: String
    /// What it is for, in a few words.
    public let summary: String
    let shortName: String?

    /// An option with a value.
    ///
    /// - Parameters:
    ///   - name: as it is typed: `--count`
    ///   - value: what stands for its value in the help: `N`
    ///   - shortName: another way to type it: `-c`
    public init(_ name: String, _ value: String, _ summary: String, shortName: String? = nil) {
        self.name = name
        self.value = value
        self.summary = summary
        self.shortName = shortName
    }

    /// An option without.
    public init(_ name: String, _ summary: String, shortName: String? = nil) {
        self.init(name, "", summary, shortName: shortName)
    }

    /// With its value, as the help shows it.
    package var synopsis: String { value.isEmpty ? name : "\(name) \(value)" }
}

/// Words on a command line that make no sense.
public struct UsageError: Error, Equatable, CustomStringConvertible {
    /// What is wrong, as a part of a sentence without a full stop.
    public let reason: String
    /// The command whose `--help` tells more; nil: the program's own.
    var command: String?

    public init(_ reason: String) { self.reason = reason }

    public static func == (left: UsageError, right: UsageError) -> Bool { left.reason == right.reason }

    public var description: String { reason }
}
