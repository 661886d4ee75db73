import AMQPClient
import BrokerServer
import Foundation

/// `workbook compare`: plays a step with the workbook's programs, then with others in their place, and shows where the
/// outputs differ.
enum CompareCommand {
    static let usage = """
        workbook compare STEP [OPTIONS] -- COMMAND...
                   plays a step twice on one broker, with the workbook's programs and with yours, and shows where the
                   outputs differ. COMMAND is given the role and its words: -- python worker.py becomes
                   python worker.py work, python worker.py new-task "Short task."
        workbook compare STEP [OPTIONS] --role ROLE -- COMMAND...
        workbook compare STEP [OPTIONS] --role ROLE=COMMAND [--role ROLE=COMMAND]
                   the same, with a program for one role, or one for each: it is given the words behind the role.
                   compare 1 --role send='python send.py' --role receive='python receive.py'
                   Yours must connect to AMQP_URL. Options:
                   --broker URL    on a broker elsewhere instead of one of its own
                   --port 5672     its own broker on this port, for programs that go to localhost:5672 anyway
                   --any-quotes    'text', "text", b'text' and text are the same
                   --patience S    seconds to wait for a line or an end; 20 if not given
        """

    private struct Options {
        var step: Chapter?
        var url: String?
        var port = 0
        var anyQuotes = false
        var patience = Duration.seconds(20)
        var named: [String] = []
        var command: [String] = []
    }

    static func run(_ words: [String]) async -> Int32 {
        let options = options(words)
        guard let chapter = options.step else { fail("which step?\n\(usage)") }
        let scene = chapter.compare
        do throws(Casting.Mistake) {
            let casting = try Casting(named: options.named, command: options.command, roles: scene.roles)
            return await compare(chapter, scene, casting, options)
        } catch {
            fail("\(error)\n\(usage)")
        }
    }

    private static func options(_ words: [String]) -> Options {
        var options = Options()
        var rest = words[...]
        func value(of word: String) -> String {
            guard let value = rest.popFirst() else { fail("\(word) needs a value\n\(usage)") }
            return value
        }
        while let word = rest.popFirst() {
            switch word {
            case "--":
                options.command = Array(rest)
                rest = []
            case "--broker": options.url = value(of: word)
            case "--port":
                let text = value(of: word)
                guard let port = Int(text), (1...65535).contains(port) else { fail("'\(text)' is no port") }
                options.port = port
            case "--any-quotes": options.anyQuotes = true
            case "--patience":
                let text = value(of: word)
                guard let seconds = Double(text), (0.1...3600).contains(seconds) else {
                    fail("--patience is a number of seconds, not '\(text)'")
                }
                options.patience = .seconds(seconds)
            case "--role": options.named.append(value(of: word))
            case _ where options.step == nil && !word.hasPrefix("-"):
                guard let chapter = Chapter.find(word) else { fail("there is no step '\(word)'\n\(usage)") }
                options.step = chapter
            default: fail("compare has no '\(word)'; a command stands behind '--'\n\(usage)")
            }
        }
        return options
    }

    private static func compare(
        _ chapter: Chapter, _ scene: CompareScene, _ casting: Casting, _ options: Options
    ) async -> Int32 {
        do {
            let own = Casting(program: try Programs.path(chapter.step), roles: scene.roles)
            let broker = Broker.patient
            defer { broker.shutDown() }
            let url = try options.url ?? "amqp://guest:guest@localhost:\(broker.listen(port: options.port))/"
            if let queue = scene.queue { try await expectNothing(in: queue, at: url) }
            // The workbook's own worker need not take its time. Others may read the same variable; both get it.
            var environment: [String: String] = [:]
            if ProcessInfo.processInfo.environment["SECONDS_PER_DOT"] == nil { environment["SECONDS_PER_DOT"] = "0.4" }
            func play(_ casting: Casting, lines: Int) async throws -> [TerminalOutput] {
                try await Performance(
                    scene: scene, commands: casting.commands, url: url, environment: environment,
                    patience: options.patience
                ).outputs(lines: lines)
            }
            let ours = try await play(own, lines: scene.answers + scene.waiting.count)
            let shown = ours.prefix(scene.waiting.count).map(\.lines.count).reduce(0, +)
            let theirs = try await play(casting.filled(by: own), lines: shown)
            let comparison = Comparison(ours: ours, theirs: theirs, anyQuotes: options.anyQuotes)
            let place = options.url == nil ? "a broker of its own" : "the broker that --broker names"
            say("compare \(chapter.number) \(chapter.step), on \(place)")
            for line in wrapped(scene.rule, indent: 0) { say(line) }
            for line in comparison.report { say(line) }
            if theirs.prefix(scene.waiting.count).allSatisfy(\.lines.isEmpty), options.port == 0 {
                say("Nothing came from yours. It must connect to AMQP_URL; --port 5672 is for those that can't.")
            }
            if comparison.isSame { Progress.add("compare \(chapter.number)") }
            return comparison.isSame ? 0 : 1
        } catch {
            complain("\(error)")
            return 2
        }
    }

    struct NotEmpty: Error, CustomStringConvertible { let description: String }

    /// Messages or consumers from before would be taken for a difference.
    private static func expectNothing(in queue: String, at url: String) async throws {
        let connection = try await Connection.open(url)
        let channel = try await connection.openChannel()
        // No such queue: nothing in it.
        let found = try? await channel.declareQueue(queue, passive: true)
        try await connection.close()
        guard let found, found.messageCount + found.consumerCount > 0 else { return }
        throw NotEmpty(
            description: "The queue '\(queue)' on that broker has \(found.messageCount) messages and "
                + "\(found.consumerCount) consumers. Stop them and empty it, or leave --broker out.")
    }
}
