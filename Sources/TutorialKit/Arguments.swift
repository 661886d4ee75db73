/// An option of a role.
public struct Option: Sendable {
    let name: String
    /// Empty: it takes none.
    let value: String
    let summary: String

    /// - Parameters:
    ///   - name: as it is typed: `--count`
    ///   - value: what stands for its value in the usage: `N`
    public init(_ name: String, _ value: String, _ summary: String) {
        self.name = name
        self.value = value
        self.summary = summary
    }

    /// An option without.
    public init(_ name: String, _ summary: String) { self.init(name, "", summary) }

    var synopsis: String { value.isEmpty ? name : "\(name) \(value)" }

    /// What every producer takes.
    public static let count = Option("--count", "N", "N numbered messages: '0 Hello', '1 Hello', ...")
}

/// What stands on the command line behind the role.
public struct Arguments: Sendable {
    /// Everything that is not an option.
    public let words: [String]
    private let values: [String: String]

    /// Sorts options from words. `--` ends the options, so that any text can be sent.
    init(_ given: ArraySlice<String>, options: [Option]) throws {
        var words: [String] = []
        var values: [String: String] = [:]
        var rest = given
        while let word = rest.popFirst() {
            if word == "--" {
                words += rest
                break
            }
            guard word.hasPrefix("--") else {
                words.append(word)
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let option = options.first(where: { $0.name == parts[0] }) else {
                throw UsageError(
                    reason: "There is no option '\(parts[0])' here. If it is text to send, put '--' before it.")
            }
            if option.value.isEmpty {
                guard parts.count == 1 else { throw UsageError(reason: "\(option.name) takes no value.") }
                values[option.name] = ""
                continue
            }
            guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
                throw UsageError(reason: "\(word) takes a value.")
            }
            values[parts[0]] = value
        }
        (self.words, self.values) = (words, values)
    }

    /// Whether the option is there.
    public func has(_ option: Option) -> Bool { values[option.name] != nil }

    /// A whole number, or nil when the option is not there.
    public func integer(_ option: Option, in range: ClosedRange<Int> = 0...Int.max) throws -> Int? {
        guard let text = values[option.name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let limits =
                range.upperBound == .max ? "from \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
            throw UsageError(reason: "\(option.name) takes a whole number, \(limits), not '\(text)'.")
        }
        return number
    }

    /// Seconds, fractions allowed, or nil when the option is not there.
    public func seconds(_ option: Option) throws -> Duration? {
        guard let text = values[option.name] else { return nil }
        guard let duration = Duration(secondsIn: text) else {
            throw UsageError(reason: "\(option.name) takes a number of seconds, not '\(text)'.")
        }
        return duration
    }

    /// The messages to send: the words behind the first `skipping`, or `standard` when there are none; with `--count N`,
    /// N of them with their number in front, and with `--stamped` number and time.
    public func messages(skipping skipped: Int = 0, or standard: String) throws -> Messages {
        let words = self.words.dropFirst(skipped)
        return Messages(
            text: words.isEmpty ? standard : words.joined(separator: " "), count: try integer(.count),
            stamp: has(.stamped) ? .now : nil)
    }
}

/// One message, or a number of them that begin with `0 `, `1 `, and so on. Made as they are needed, as `--count` may be
/// large; and no more once the task is cancelled, as a publish that need not wait does not look at that.
public struct Messages: Sequence, Sendable {
    let text: String
    let count: Int?
    let stamp: Stamp?

    public func makeIterator() -> AnyIterator<String> {
        var numbers = (0..<(count ?? 1)).makeIterator()
        return AnyIterator {
            guard !Task.isCancelled, let number = numbers.next() else { return nil }
            return stamp?.message(number, text) ?? (count == nil ? text : "\(number) \(text)")
        }
    }
}

extension Duration {
    /// nil for what is no number, below zero or above a day.
    init?(secondsIn text: String) {
        guard let seconds = Double(text), (0...86_400).contains(seconds) else { return nil }
        self = .seconds(seconds)
    }
}
