import AMQPWire

/// A program's command line, or that of one of its commands: what may stand there, and its help.
public struct Command: Sendable {
    /// With the program's name in front: `hello send`.
    public let name: String
    /// The words behind the name, as the help shows them.
    let takes: String
    let options: [Option]
    let summary: String
    /// What else the help says, below the options.
    let notes: String
    /// Another way to write the command's own word.
    let alias: String?
    private let count: ClosedRange<Int>
    /// The other program's words may follow without `--`: all that comes behind the last word of its own.
    let isProgramPlain: Bool
    /// The line of the program's help that it shares with other commands; nil: it has one of its own.
    let row: Row?

    /// How several commands are typed, and what they do.
    public struct Row: Sendable, Equatable {
        let name: String
        let summary: String

        public init(_ name: String, _ summary: String) {
            self.name = name
            self.summary = summary
        }
    }

    /// - Parameters:
    ///   - takes: the words behind the name: empty for none, `STEP` for one, `KEY...` for one or more, `[MESSAGE]` for any
    ///     number; with `[-- COMMAND...]` at its end what follows `--` is another program's
    ///   - alias: another way to write the command's own word: `list_queues` for `list-queues`
    ///   - isProgramPlain: the other program's words may follow without `--`
    ///   - row: the line of the program's help that it shares with others
    ///   - count: how many words there may be, where `takes` does not say
    public init(
        _ name: String, takes: String = "", options: [Option] = [], does summary: String, notes: String = "",
        alias: String? = nil, isProgramPlain: Bool = false, row: Row? = nil, count: ClosedRange<Int>? = nil
    ) {
        self.name = name
        self.takes = takes
        self.options = options
        self.summary = summary
        self.notes = notes
        self.alias = alias
        self.isProgramPlain = isProgramPlain
        self.row = row
        self.count = count ?? Self.count(of: takes)
    }

    private static func count(of takes: String) -> ClosedRange<Int> {
        switch takes {
        case "": 0...0
        case _ where takes.hasPrefix("["): 0...Int.max
        case _ where takes.hasSuffix("..."): 1...Int.max
        default: 1...1
        }
    }

    var most: Int { count.upperBound }

    var takesProgram: Bool { takes.contains("-- COMMAND") }

    /// Of the words behind its name, those before another program's.
    func own(_ words: [String]) -> [String] {
        var (own, plain, rest): ([String], Int, ArraySlice<String>) = ([], 0, words[...])
        while let word = rest.popFirst(), word != "--" {
            if !word.hasPrefix("-") {
                if isProgramPlain, plain >= most { break }
                plain += 1
            }
            own.append(word)
            let option = options.first { $0.name == word || $0.shortName == word }
            if let option, !option.value.isEmpty, let value = rest.popFirst() { own.append(value) }
        }
        return own
    }

    /// Reads what stands behind the name.
    public func read(_ words: some Sequence<String>) throws(UsageError) -> Arguments {
        do throws(UsageError) {
            let arguments = try Arguments(words, of: self)
            if arguments.words.count > count.upperBound {
                let word = quoted(arguments.words[count.upperBound].utf8)
                throw UsageError("\(word) is one word too many")
            }
            if arguments.words.count < count.lowerBound {
                let word = takes.prefix { $0 != " " && $0 != "." }
                throw UsageError("\(word) is missing")
            }
            if takesProgram, arguments.command?.isEmpty == true { throw UsageError("a command is missing after '--'") }
            return arguments
        } catch {
            throw error.of(name)
        }
    }

    // MARK: Help

    /// How it is typed, behind the name.
    var synopsis: String {
        let shown = options.count > 4 ? ["[OPTION]..."] : options.map { "[\($0.synopsis)]" }
        return ([name, takes] + shown).filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// The same for the program's help, which leaves the options to the command's own.
    var shortSynopsis: String { takes.isEmpty ? name : "\(name) \(takes)" }

    /// What `--help` says of it.
    public var help: String {
        let rows = options.map { ($0.synopsis, $0.summary) }
        return page(
            [["Usage: \(synopsis)"], wrapped(sentence(summary)), table(rows), notes.isEmpty ? [] : wrapped(notes)])
    }
}

extension UsageError {
    /// The same, of this command.
    func of(_ command: String) -> UsageError {
        var error = self
        error.command = self.command ?? command
        return error
    }
}

/// With a capital letter and a full stop.
private func sentence(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
}
