import AMQPClient

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
    var wantsHelp = false

    static let help = """
        Usage: bench [SCENARIO ...] [OPTIONS]       (build it with -c release, or the figures mean little)

        Measures the broker at AMQP_URL, by default amqp://guest:guest@localhost:5672/.

        \(Scenario.allCases.map { "  \(column($0.rawValue, 12))\($0.summary)" }.joined(separator: "\n"))

          --raw            pre-built frames from blocking sockets, so that the broker is the limit (the default)
          --client         with this package's client instead
          --count N        messages of a run             --seconds S   or about how long a run takes (2)
          --size OCTETS    of a body (100; confirm 1024) --runs N      runs after the warm-up (5)
          --window N       unconfirmed messages (256)    --pid PID     the broker's, for its resident memory
          --markdown       a table for a README          --json        every run's figures

          --broker NAME=URL   measure several brokers in turn, run by run; once for each
          --broker NAME/SCENARIO=URL      that broker's address for one scenario
          --pid NAME=PID      the memory of one of several
          --reference NAME    the broker to compare with; else the first
        """

    /// Throws what is wrong with the words, for the person who typed them. `url` is AMQP_URL's value.
    init(_ words: some Sequence<String>, url: String?) throws(BenchError) {
        var words = Array(words)[...]
        var pids: [(name: String?, pid: Int32)] = []
        while let word = words.popFirst() {
            switch word {
            case "-h", "--help": wantsHelp = true
            case "--raw": usesClient = false
            case "--client": usesClient = true
            case "--markdown": format = .markdown
            case "--json": format = .json
            case "--count": count = try Self.number(&words, word, 1...1_000_000_000)
            case "--size": size = try Self.number(&words, word, 0...100_000_000)
            case "--runs": runs = try Self.number(&words, word, 1...1_000)
            case "--window": window = try Self.number(&words, word, 1...1_000_000)
            case "--seconds":
                guard let text = words.popFirst(), let value = Double(text), (0.01...3_600).contains(value) else {
                    throw Self.wrong("--seconds takes a number from 0.01 to 3600")
                }
                seconds = value
            case "--reference": reference = try Self.word(&words, word)
            case "--broker": try add(Self.pair(&words, word))
            case "--pid":
                let text = try Self.word(&words, word)
                let equals = text.firstIndex(of: "=")
                let digits = equals.map { text[text.index(after: $0)...] } ?? text[...]
                guard let pid = Int32(digits), pid > 0 else {
                    throw Self.wrong("--pid takes a process id, not '\(digits)'")
                }
                pids.append((equals.map { String(text[..<$0]) }, pid))
            default:
                guard let scenario = Scenario(rawValue: word) else { throw Self.wrong("what is '\(word)'?") }
                scenarios.append(scenario)
            }
        }
        if scenarios.isEmpty { scenarios = Scenario.allCases }
        if targets.isEmpty {
            targets = [
                Target(
                    name: "broker", configuration: try Self.parse(url ?? "amqp://guest:guest@localhost:5672/"))
            ]
        }
        for (name, pid) in pids {
            guard let at = name.map({ name in targets.firstIndex { $0.name == name } }) ?? 0 else {
                throw Self.wrong("--pid names '\(name ?? "")', which no --broker has")
            }
            targets[at].pid = pid
        }
        if let reference, !targets.contains(where: { $0.name == reference }) {
            throw Self.wrong("--reference names '\(reference)', which no --broker has")
        }
    }

    private mutating func add(_ pair: (name: String, url: String)) throws(BenchError) {
        let configuration = try Self.parse(pair.url)
        let parts = pair.name.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            guard !pair.name.isEmpty, !targets.contains(where: { $0.name == pair.name }) else {
                throw Self.wrong("--broker names '\(pair.name)' twice, or nobody")
            }
            return targets.append(Target(name: pair.name, configuration: configuration))
        }
        guard let at = targets.firstIndex(where: { $0.name == parts[0] }), let scenario = Scenario(rawValue: parts[1])
        else { throw Self.wrong("--broker \(pair.name): first --broker \(parts[0])=URL, and a scenario behind the /") }
        targets[at].exceptions[scenario] = configuration
    }

    // MARK: Words

    private static func wrong(_ text: String) -> BenchError { BenchError("\(text)\nsee: bench --help") }

    private static func parse(_ url: String) throws(BenchError) -> ConnectionConfiguration {
        do throws(AMQPError) {
            return try ConnectionConfiguration(uri: url)
        } catch {
            throw BenchError("\(error)")
        }
    }

    private static func word(_ words: inout ArraySlice<String>, _ option: String) throws(BenchError) -> String {
        guard let word = words.popFirst() else { throw wrong("\(option) needs a value") }
        return word
    }

    private static func pair(
        _ words: inout ArraySlice<String>, _ option: String
    ) throws(BenchError) -> (name: String, url: String) {
        let word = try word(&words, option)
        guard let equals = word.firstIndex(of: "=") else { throw wrong("\(option) takes NAME=URL, not '\(word)'") }
        return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }

    private static func number(
        _ words: inout ArraySlice<String>, _ option: String, _ range: ClosedRange<Int>
    ) throws(BenchError) -> Int {
        guard let text = words.popFirst(), let value = Int(text), range.contains(value) else {
            throw wrong("\(option) takes a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
