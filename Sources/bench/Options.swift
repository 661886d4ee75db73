import AMQPClient
import Commands

/// What the command line asks for.
struct Options {
    enum Format { case table, markdown, json }

    /// A broker to measure.
    struct Target: Sendable {
        var name: String
        var configuration: ConnectionConfiguration
        var pid: Int32?
        /// Where a scenario is measured at another address than the rest, for instance on a broker with a store.
        var exceptions: [Scenario: ConnectionConfiguration] = [:]

        func configuration(for scenario: Scenario) -> ConnectionConfiguration {
            exceptions[scenario] ?? configuration
        }
    }

    var scenarios: [Scenario] = []
    var targets: [Target] = []
    /// The name of the target that the others are compared with.
    var reference: String?
    var usesClient = false
    /// nil: as many as take ``seconds``.
    var count: Int?
    /// nil: each scenario's own.
    var size: Int?
    var runs = 5
    var seconds = 2.0
    var window = 256
    var format = Format.table
    /// The words are all that is looked at.
    var isCheck = false

    private enum Name {
        static let raw = Option(
            "--raw", "pre-built frames from blocking sockets, so that the broker is the limit (the default)")
        static let client = Option("--client", "with this package's client instead")
        static let count = Option("--count", "N", "messages of a run")
        static let seconds = Option("--seconds", "S", "or about how long a run takes [2]")
        static let size = Option("--size", "BYTES", "of a body [100; confirm 1024]")
        static let runs = Option("--runs", "N", "runs after the warm-up [5]")
        static let window = Option("--window", "N", "unconfirmed messages [256]")
        static let markdown = Option("--markdown", "a table for a README")
        static let json = Option("--json", "every run's figures")
        static let broker = Option(
            "--broker", "NAME=URL",
            "measure several brokers in turn, run by run; once for each. NAME/SCENARIO=URL is that broker's address for "
                + "one scenario")
        static let pid = Option("--pid", "[NAME=]PID", "the broker's process, for its resident memory")
        static let reference = Option("--reference", "NAME", "the broker to compare with [the first]")
        static let check = Option("--check", "measure nothing: only see whether these words make sense")

        static let all = [
            raw, client, count, seconds, size, runs, window, markdown, json, broker, pid, reference, check,
        ]
    }

    static let program = Program(
        "bench",
        itself: Command(
            "bench", takes: "[SCENARIO]...", options: Name.all,
            does:
                "Measures the broker at AMQP_URL, by default \(standardURL). Build it with -c release, or the figures "
                + "mean little",
            notes: "Scenarios, all unless some are named:\n"
                + Scenario.allCases.map { "  \($0.rawValue.padded(to: 12))\($0.summary)" }.joined(separator: "\n")))

    private static let standardURL = "amqp://guest:guest@localhost:5672/"

    /// `url` is AMQP_URL's value.
    init(_ given: Arguments, url: String?) throws(UsageError) {
        isCheck = given.has(Name.check)
        usesClient = given.has(Name.client)
        if usesClient, given.has(Name.raw) { throw UsageError("--raw and --client exclude each other") }
        format = given.has(Name.json) ? .json : given.has(Name.markdown) ? .markdown : .table
        count = try given.integer(Name.count, in: 1...1_000_000_000)
        size = try given.integer(Name.size, in: 0...100_000_000)
        runs = try given.integer(Name.runs, in: 1...1_000) ?? runs
        window = try given.integer(Name.window, in: 1...1_000_000) ?? window
        if let seconds = try given.seconds(Name.seconds, in: 0.01...3_600) { self.seconds = seconds / .seconds(1) }
        for word in given.words {
            guard let scenario = Scenario(rawValue: word) else { throw UsageError("there is no scenario '\(word)'") }
            scenarios.append(scenario)
        }
        if scenarios.isEmpty { scenarios = Scenario.allCases }
        for text in given.texts(Name.broker) { try add(Self.pair(text)) }
        if targets.isEmpty {
            targets = [Target(name: "broker", configuration: try Self.parse(url ?? Self.standardURL))]
        }
        for text in given.texts(Name.pid) { try setPID(text) }
        reference = given.text(Name.reference)
        if let reference, !targets.contains(where: { $0.name == reference }) {
            throw UsageError("--reference names '\(reference)', which no --broker has")
        }
    }

    private mutating func setPID(_ text: String) throws(UsageError) {
        let equals = text.firstIndex(of: "=")
        let digits = equals.map { text[text.index(after: $0)...] } ?? text[...]
        guard let pid = Int32(digits), pid > 0 else { throw UsageError("--pid takes a process id, not '\(digits)'") }
        let name = equals.map { text[..<$0] }
        guard let at = name.map({ name in targets.firstIndex { $0.name == name } }) ?? 0 else {
            throw UsageError("--pid names '\(name ?? "")', which no --broker has")
        }
        targets[at].pid = pid
    }

    private mutating func add(_ pair: (name: String, url: String)) throws(UsageError) {
        let configuration = try Self.parse(pair.url)
        let parts = pair.name.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            guard !pair.name.isEmpty, !targets.contains(where: { $0.name == pair.name }) else {
                let isNamed = !pair.name.isEmpty
                throw UsageError(isNamed ? "--broker names '\(pair.name)' twice" : "--broker needs a name: NAME=URL")
            }
            return targets.append(Target(name: pair.name, configuration: configuration))
        }
        guard let at = targets.firstIndex(where: { $0.name == parts[0] }), let scenario = Scenario(rawValue: parts[1])
        else { throw UsageError("--broker \(pair.name): first --broker \(parts[0])=URL, and a scenario after the /") }
        targets[at].exceptions[scenario] = configuration
    }

    private static func parse(_ url: String) throws(UsageError) -> ConnectionConfiguration {
        do throws(AMQPError) {
            return try ConnectionConfiguration(uri: url)
        } catch {
            throw UsageError("\(error)")
        }
    }

    private static func pair(_ text: String) throws(UsageError) -> (name: String, url: String) {
        guard let equals = text.firstIndex(of: "=") else {
            throw UsageError("--broker takes NAME=URL, not '\(ConnectionConfiguration.shown(text))'")
        }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }
}
