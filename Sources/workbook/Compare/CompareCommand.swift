import AMQPClient
import BrokerServer
import Commands
import Foundation

/// `workbook compare`: plays a step with the workbook's programs, then with others in their place, and shows where the
/// outputs differ.
enum CompareCommand {
    private static let broker = Option("--broker", "URL", "use a broker elsewhere instead of one of its own")
    private static let port = Option(
        "--port", "5672", "put its own broker on this port, for programs that go to localhost:5672 anyway")
    private static let anyQuotes = Option("--any-quotes", "'text', \"text\", b'text' and text are the same")
    private static let patience = Option("--patience", "S", "seconds to wait for a line or an end [20]")
    private static let role = Option("--role", "ROLE[=COMMAND]", "a program for this role alone; repeatable")

    static let command = Command(
        "workbook compare", takes: "STEP [-- COMMAND...]", options: [broker, port, anyQuotes, patience, role],
        does: "plays a step with the workbook's programs and with yours, and shows where the outputs differ",
        notes: """
            COMMAND is given the role and its words: -- python worker.py becomes python worker.py work, and \
            python worker.py new-task "Short task." With --role ROLE -- COMMAND, or --role ROLE=COMMAND for one role or \
            for each, it is given the words after the role:
            compare 1 --role send='python send.py' --role receive='python receive.py'
            Yours must connect to AMQP_URL.
            """, count: 1...1)

    private struct Options {
        var url: String?
        var port = 0
        var anyQuotes = false
        var patience = Duration.seconds(20)

        init(_ given: Arguments) throws(UsageError) {
            url = given.text(CompareCommand.broker)
            port = try given.integer(CompareCommand.port, in: 1...65535) ?? port
            anyQuotes = given.has(CompareCommand.anyQuotes)
            patience = try given.seconds(CompareCommand.patience, in: 0.1...3600) ?? patience
        }
    }

    static func run(_ given: Arguments) async -> Int32 {
        let chapter = Chapter.named(given.words[0], command)
        let scene = chapter.compare
        let (options, casting): (Options, Casting)
        do throws(UsageError) {
            options = try Options(given)
        } catch {
            wrong(error.reason, command)
        }
        do throws(Casting.Mistake) {
            casting = try Casting(named: given.texts(role), command: given.command ?? [], roles: scene.roles)
        } catch {
            wrong("\(error)", command)
        }
        return await compare(chapter, scene, casting, options)
    }

    private static func compare(
        _ chapter: Chapter, _ scene: CompareScene, _ casting: Casting, _ options: Options
    ) async -> Int32 {
        do {
            let own = Casting(program: try Programs.path(chapter.step), roles: scene.roles)
            let broker = Broker.patient
            defer { broker.shutDown() }
            let url = try options.url ?? "amqp://guest:guest@localhost:\(broker.listen(port: options.port))/"
            if let queue = scene.queue ?? scene.stream { try await expectNothing(in: queue, at: url) }
            // The workbook's own worker need not take its time. Others may read the same variable; both get it.
            var environment: [String: String] = [:]
            if ProcessInfo.processInfo.environment["SECONDS_PER_DOT"] == nil { environment["SECONDS_PER_DOT"] = "0.4" }
            func play(_ casting: Casting, lines: Int) async throws -> [TerminalOutput] {
                let outputs = try await Performance(
                    scene: scene, commands: casting.commands, url: url, environment: environment,
                    patience: options.patience
                ).outputs(lines: lines)
                if let stream = scene.stream { try await delete(stream, at: url) }
                return outputs
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

    /// It was empty before the performance, so nothing is lost that somebody else has put there.
    private static func delete(_ stream: String, at url: String) async throws {
        let connection = try await Connection.open(url)
        try await connection.openChannel().deleteQueue(stream)
        try await connection.close()
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
            description: "The queue '\(queue)' on that broker is in use: messages \(found.messageCount), consumers "
                + "\(found.consumerCount). Stop the consumers and empty or delete it, or leave --broker out.")
    }
}
