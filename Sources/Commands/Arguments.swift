import AMQPWire

/// What stands on a command line behind the command's name.
public struct Arguments: Sendable {
    /// Everything that is not an option.
    public let words: [String]
    /// What stands behind `--`, for a command that takes another program's words there; nil: there is no `--`.
    public let command: [String]?
    private let given: [String: [String]]

    /// Sorts options from words. `--` ends the options, so that any text can be sent.
    init(_ words: some Sequence<String>, of command: Command) throws(UsageError) {
        var (plain, behind): ([String], [String]?) = ([], nil)
        var given: [String: [String]] = [:]
        var rest = Array(words)[...]
        while let word = rest.popFirst() {
            if word == "--" {
                if command.takesProgram { behind = Array(rest) } else { plain += rest }
                break
            }
            if command.isProgramPlain, plain.count >= command.most, !word.hasPrefix("-") {
                behind = [word] + rest
                break
            }
            let name = word.hasPrefix("--") ? String(word.prefix { $0 != "=" }) : word
            guard let option = command.options.first(where: { $0.name == name || $0.shortName == name }) else {
                guard word.hasPrefix("--") else {
                    plain.append(word)
                    continue
                }
                let advice = command.most > 0 ? "; put '--' before text that begins this way" : ""
                throw UsageError("there is no option \(quoted(name.utf8))\(advice)")
            }
            let attached = word.count > name.count ? String(word.dropFirst(name.count + 1)) : nil
            if option.value.isEmpty {
                guard attached == nil else { throw UsageError("\(option.name) takes no value") }
                given[option.name, default: []].append("")
            } else {
                guard let value = attached ?? rest.popFirst() else { throw UsageError("\(option.name) needs a value") }
                given[option.name, default: []].append(value)
            }
        }
        (self.words, self.command, self.given) = (plain, behind, given)
    }

    /// Whether the option is there.
    public func has(_ option: Option) -> Bool { given[option.name] != nil }

    /// The option's value, the last if it is there several times; nil when it is not.
    public func text(_ option: Option) -> String? { given[option.name]?.last }

    /// The values of an option that may be repeated, in their order.
    public func texts(_ option: Option) -> [String] { given[option.name] ?? [] }

    /// A whole number, or nil when the option is not there.
    public func integer(_ option: Option, in range: ClosedRange<Int> = 0...Int.max) throws(UsageError) -> Int? {
        try number(option, in: range)
    }

    /// The same, of any integer type.
    public func number<Number: FixedWidthInteger>(
        _ option: Option, in range: ClosedRange<Number>
    ) throws(UsageError) -> Number? {
        guard let text = text(option) else { return nil }
        guard let number = Number(text), range.contains(number) else {
            let limits =
                range.upperBound == .max && Number.bitWidth == 64
                ? "from \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw UsageError("\(option.name) takes a whole number \(limits), not \(quoted(text.utf8))")
        }
        return number
    }

    /// Seconds, fractions allowed, or nil when the option is not there.
    public func seconds(_ option: Option, in range: ClosedRange<Double> = 0...86_400) throws(UsageError) -> Duration? {
        guard let text = text(option) else { return nil }
        guard let duration = Duration(secondsIn: text, range) else {
            throw UsageError("\(option.name) takes a number of seconds, not \(quoted(text.utf8))")
        }
        return duration
    }
}

extension Duration {
    /// nil for text that is no number, and for a number outside the range.
    package init?(secondsIn text: String, _ range: ClosedRange<Double> = 0...86_400) {
        guard let seconds = Double(text), range.contains(seconds) else { return nil }
        self = .seconds(seconds)
    }
}
