import BrokerServer
import Commands
import Foundation
import Platform

/// `workbook play`: all programs of a step side by side, each a process of its own.
enum PlayCommand {
    private static let broker = Option("--broker", "URL", "use a broker elsewhere instead of one of its own")
    private static let list = Option(
        "--list", "print the commands instead, for terminals of your own (Scripts/terminals)")

    private static let browser = Option(
        "--browser", "show it on the broker's live page too: begins when the page is open, and stays until CTRL+C")

    static let command = Command(
        "workbook play", takes: "STEP", options: [broker, list, browser], does: "runs a step's programs side by side")

    static func run(_ given: Arguments) async -> Int32 {
        let chapter = Chapter.named(given.words[0], command)
        if given.has(list) {
            for line in lines(chapter) { say(line) }
            return 0
        }
        let withPage = given.has(browser)
        if withPage, given.text(broker) != nil {
            wrong("--browser shows a broker of its own, not that of --broker", command)
        }
        do {
            try await withPage ? playInBrowser(chapter) : play(chapter, on: given.text(broker))
            Progress.add("play \(chapter.number)")
            return 0
        } catch {
            complain("\(error)")
            return 1
        }
    }

    /// What a person would type, in this order: `waits` goes on until Ctrl-C, `acts` ends by itself.
    static func lines(_ chapter: Chapter) -> [String] {
        func line(_ verb: String, _ part: Part) -> String {
            "\(verb) swift run \(chapter.step) \(part.typed)"
        }
        return chapter.play.waiting.map { line("waits", $0) } + chapter.play.acting.map { line("acts", $0) }
    }

    struct TakesTooLong: Error, CustomStringConvertible {
        let chapter: Chapter
        var description: String {
            "'\(chapter.step)' got no further within half a minute. Is the broker running? Did an earlier run leave "
                + "messages in its queues?"
        }
    }

    private static func play(_ chapter: Chapter, on url: String?) async throws {
        let program = try Programs.path(chapter.step)
        let broker = Broker.patient
        defer { broker.shutDown() }
        let address = try url ?? "amqp://guest:guest@localhost:\(broker.listen(port: 0))/"
        let programs = SideBySide(chapter, program: program, url: address)
        do { try await perform(chapter, programs) } catch {
            await programs.end()
            throw error
        }
        await programs.end()
    }

    /// The same where a browser can watch: each message lights up its way, and what waits goes on until CTRL+C.
    private static func playInBrowser(_ chapter: Chapter) async throws {
        let program = try Programs.path(chapter.step)
        let broker = Broker.patient
        defer { broker.shutDown() }
        let port = try broker.listen(port: 0)
        broker.setTracing(true)
        let page = try "http://localhost:\(broker.listenForManagement(port: 0))/"
        say(" [*] The broker's page is at \(page) (user guest, password guest). The step begins when it is open.")
        Browser.open(page)
        // Who only wants the lines gets them too, later.
        _ = await eventually(.seconds(60)) { broker.watcherCount > 0 }
        let programs = SideBySide(chapter, program: program, url: "amqp://guest:guest@localhost:\(port)/")
        do {
            try await perform(chapter, programs)
            // Until here a signal ends this at once, as it does without a page.
            let signals = Signals([SIGINT, SIGTERM])
            say(" [*] That was all. The page stays, with the programs that wait for messages. To exit press CTRL+C")
            _ = await Task.detached { signals.next() }.value
        } catch {
            await programs.end()
            throw error
        }
        await programs.end()
    }

    private static func perform(_ chapter: Chapter, _ programs: SideBySide) async throws {
        for index in chapter.play.waiting.indices {
            try programs.enter(index)
            guard await eventually(.seconds(30), { programs.lines(of: index) > 0 }) else {
                throw TakesTooLong(chapter: chapter)
            }
        }
        for index in chapter.play.acting.indices {
            let column = chapter.play.waiting.count + index
            try programs.enter(column)
            guard await eventually(.seconds(30), { programs.hasEnded(column) }) else {
                throw TakesTooLong(chapter: chapter)
            }
        }
        let total = chapter.play.answers + chapter.play.waiting.count
        let isDone = await eventually(.seconds(30)) {
            chapter.play.waiting.indices.map { programs.lines(of: $0) }.reduce(0, +) >= total
        }
        guard isDone else { throw TakesTooLong(chapter: chapter) }
    }
}
