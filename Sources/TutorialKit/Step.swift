import AMQPClient

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One of the programs that a step consists of.
public struct Role: Sendable {
    /// What a role does, with the broker to talk to and what stands behind it on the command line.
    public typealias Body = @Sendable (BrokerAddress, Arguments) async throws -> Void

    let name: String
    let takes: String
    let options: [Option]
    let summary: String
    let body: Body

    /// - Parameters:
    ///   - takes: the words behind the role, as the usage shows them: empty for none, `[MESSAGE]` for any number, `KEY...`
    ///     for one or more
    public init(
        _ name: String, takes: String = "", options: [Option] = [], does summary: String, _ body: @escaping Body
    ) {
        self.name = name
        self.takes = takes
        self.options = options
        self.summary = summary
        self.body = body
    }

    var synopsis: String {
        let options = options.map { "[\($0.synopsis)]" }
        return ([name, takes] + options).filter { !$0.isEmpty }.joined(separator: " ")
    }

    func arguments(_ given: ArraySlice<String>) throws -> Arguments {
        let arguments = try Arguments(given, options: options)
        if takes.isEmpty, let word = arguments.words.first {
            throw UsageError(reason: "'\(name)' takes no '\(word)'.")
        }
        if takes.hasSuffix("..."), arguments.words.isEmpty {
            throw UsageError(reason: "'\(name)' takes one or more words: \(takes)")
        }
        return arguments
    }
}

/// A step of the workbook: its roles, and the play of all of them together.
public struct Step: Sendable {
    let name: String
    let roles: [Role]
    let variables: [(name: String, summary: String)]
    let story: @Sendable (Play) async throws -> Void

    /// - Parameter variables: what it reads from the environment, for the usage
    public init(
        _ name: String, roles: [Role], variables: [(name: String, summary: String)] = [],
        play story: @escaping @Sendable (Play) async throws -> Void
    ) {
        self.name = name
        self.roles = roles
        self.variables = variables
        self.story = story
    }

    /// Does what the command line says, then ends the process: 0 when it went well or was ended by Ctrl-C, otherwise 1.
    public func run() async -> Never {
        let words = CommandLine.arguments.dropFirst()
        if words.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
            Console.print(usage)
            exit(0)
        }
        let interrupt = Interrupt()
        let result = await interrupt.cancels { try await self.perform(words) }
        if case .failure(let error) = result, !interrupt.hasHappened {
            report(error)
            exit(1)
        }
        exit(0)
    }

    private func perform(_ words: ArraySlice<String>) async throws {
        guard let word = words.first else { return try await Play().perform(story) }
        guard let role = roles.first(where: { $0.name == word }) else {
            throw UsageError(reason: "There is no role '\(word)'.")
        }
        let arguments = try role.arguments(words.dropFirst())
        try await Console.$isStamped.withValue(arguments.has(.stamped)) {
            try await role.body(.fromEnvironment, arguments)
        }
    }

    private func report(_ error: any Error) {
        switch error {
        case let error as UsageError: Console.printError("\(name): \(error.reason)\n\n\(usage)")
        default: Console.printError("\(name): \(error)")
        }
    }

    private var usage: String {
        var rows = [(name, "the whole step in this terminal, with a broker of its own")]
        rows += roles.map { ("\(name) \($0.synopsis)", $0.summary) }
        // Several roles may have the same.
        let options = roles.flatMap(\.options).reduce(into: [(String, String)]()) { rows, option in
            if !rows.contains(where: { $0.0 == option.synopsis }) { rows.append((option.synopsis, option.summary)) }
        }
        let address = (BrokerAddress.variable, "the broker that a role talks to; if not set, \(BrokerAddress.standard)")
        return """
            Usage:
            \(table(rows))

            \(table(options + [address] + variables))
            """
    }

    private func table(_ rows: [(String, String)]) -> String {
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { "  \(padded($0.0, to: width))  \($0.1)" }.joined(separator: "\n")
    }
}

/// Without Foundation there is no `padding(toLength:)`.
func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}
