import Commands

extension Option {
    /// What every producer takes.
    public static let count = Option("--count", "N", "N numbered messages: '0 Hello', '1 Hello', ...")
}

extension Arguments {
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
