import AMQPClient
import Commands
import Platform

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
        let program = program
        let (command, arguments) = program.request()
        let interrupt = Interrupt()
        let result = await interrupt.cancels { try await self.perform(command, arguments) }
        if case .failure(let error) = result, !interrupt.hasHappened {
            if let error = error as? UsageError { program.fail(error, of: command) }
            Console.printError("\(name): \(error)\(advice(after: error))")
            exit(1)
        }
        exit(0)
    }

    /// A role ends with its connection, unless its step is about that.
    private func advice(after error: any Error) -> String {
        let isClusters = !BrokerAddress.fromEnvironment.nodes.isEmpty && (error as? AMQPError)?.scope == .connection
        return isClusters ? " Start this role again: it takes the first address that answers." : ""
    }

    private func perform(_ command: String, _ arguments: Arguments) async throws {
        guard let role = roles.first(where: { "\(name) \($0.name)" == command }) else {
            return try await Play().perform(story)
        }
        try await Console.$isStamped.withValue(arguments.has(.stamped)) {
            try await role.body(.fromEnvironment, arguments)
        }
    }

    private var program: Program {
        // Several roles may have the same.
        let options = roles.flatMap(\.options).reduce(into: [(String, String)]()) { rows, option in
            if !rows.contains(where: { $0.0 == option.synopsis }) { rows.append((option.synopsis, option.summary)) }
        }
        let address = (
            BrokerAddress.variable,
            "the broker that a role talks to; several addresses, with spaces between them, for a cluster; if not set, "
                + BrokerAddress.standard
        )
        return Program(
            name, itself: Command(name, does: "run the whole step in this terminal, with a broker of its own"),
            commands: roles.map { role in
                Command("\(name) \(role.name)", takes: role.takes, options: role.options, does: role.summary)
            },
            noun: "role",
            rows: options + [address] + variables)
    }
}
