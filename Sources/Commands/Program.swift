import AMQPWire
import Platform

/// A program: what it does by itself, and its commands.
public struct Program: Sendable {
    /// What a command line asks for.
    public enum Request: Sendable {
        /// Print this, and be done.
        case say(String)
        /// Run the command of this name, `hello send`; the program's own name for the program itself.
        case run(String, Arguments)
    }

    public let name: String
    private let itself: Command?
    private let commands: [Command]
    /// What a command is called here: "command", "role".
    private let noun: String
    /// What the help lists below the commands.
    private let rows: [(String, String)]
    private let notes: String

    /// - Parameters:
    ///   - itself: what it does without a command; nil: it needs one
    ///   - rows: what the help lists below the commands, name and meaning
    ///   - notes: what the help ends with
    public init(
        _ name: String, itself: Command?, commands: [Command] = [], noun: String = "command",
        rows: [(String, String)] = [], notes: String = ""
    ) {
        self.name = name
        self.itself = itself
        self.commands = commands
        self.noun = noun
        self.rows = rows
        self.notes = notes
    }

    /// What the words ask for. `--help` and `--version` count wherever they stand before another program's words.
    public func read(_ words: some Sequence<String>) throws(UsageError) -> Request {
        let words = Array(words)
        let command = words.first.flatMap { word in commands.first { $0.name == "\(name) \(word)" || $0.alias == word }
        }
        let own = command.map { $0.own(Array(words.dropFirst())) } ?? Array(words.prefix { $0 != "--" })
        if own.contains("--help") || own.contains("-h") { return .say(command?.help ?? help) }
        if own.contains("--version") { return .say("\(name) \(Product.version)") }
        if let command { return .run(command.name, try command.read(words.dropFirst())) }
        if !commands.isEmpty, let word = words.first, itself.map({ $0.most == 0 }) ?? true, !word.hasPrefix("-") {
            throw UsageError("there is no \(noun) \(quoted(word.utf8))")
        }
        guard let itself else { throw UsageError("which \(noun)?") }
        return .run(name, try itself.read(words))
    }

    /// One line on what is wrong, and where to read more.
    public func complaint(_ error: UsageError) -> String {
        "\(error.command ?? name): \(error.reason); see \(error.command ?? name) --help"
    }

    /// What `--help` says.
    public var help: String {
        guard !commands.isEmpty else { return itself?.help ?? "" }
        var rows = itself.map { [Command.Row($0.synopsis, $0.summary)] } ?? []
        for command in commands {
            let row = command.row ?? Command.Row(command.shortSynopsis, command.summary)
            if !rows.contains(row) { rows.append(row) }
        }
        let areShared = commands.contains { $0.row != nil }
        let ofCommand = "\(name) \(noun.uppercased()) --help"
        if areShared { rows.append(Command.Row(ofCommand, "say more about a \(noun)")) }
        let usages = rows.map { ($0.name, $0.summary) }
        let own = itself?.options.map { ($0.synopsis, $0.summary) } ?? []
        let more = areShared ? [] : ["\(ofCommand) says more about a \(noun)."]
        return page(
            [["Usage:"] + table(usages), table(own + self.rows), (notes.isEmpty ? [] : wrapped(notes)) + more])
    }

    /// What this process was asked for. Prints help and version and ends with status 0; says in a line what is wrong,
    /// and ends with `failure`.
    public func request(failure: Int32 = 1) -> (command: String, arguments: Arguments) {
        do throws(UsageError) {
            switch try read(CommandLine.arguments.dropFirst()) {
            case .run(let name, let arguments): return (name, arguments)
            case .say(let text):
                _ = writeAll(text + "\n", to: STDOUT_FILENO)
                exit(0)
            }
        } catch {
            fail(error, status: failure)
        }
    }

    /// Says in a line what is wrong, and ends the process.
    ///
    /// - Parameter command: the command that found it; nil: the program itself
    public func fail(_ error: UsageError, of command: String? = nil, status: Int32 = 1) -> Never {
        _ = writeAll(complaint(error.of(command ?? name)) + "\n", to: STDERR_FILENO)
        exit(status)
    }
}
