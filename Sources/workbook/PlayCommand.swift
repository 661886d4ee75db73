import BrokerServer
import Foundation
import Synchronization

/// `workbook play`: all programs of a step side by side, each a process of its own.
enum PlayCommand {
    static let usage = """
        workbook play STEP [--broker URL | --list]
                   runs a step's programs side by side; STEP is a number from 1 to 9, or a name such as hello.
                   --list prints the commands instead, for terminals of your own (Scripts/terminals)
        """

    static func run(_ words: [String]) async -> Int32 {
        var url: String?
        var step: String?
        var lists = false
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "--broker":
                guard let value = rest.popFirst() else { fail("--broker needs a URL") }
                url = value
            case "--list": lists = true
            case _ where step == nil && !word.hasPrefix("-"): step = word
            default: fail("play has no '\(word)'\n\(usage)")
            }
        }
        guard let step else { fail("which step?\n\(usage)") }
        guard let chapter = Chapter.find(step) else { fail("there is no step '\(step)'\n\(usage)") }
        if lists {
            for line in list(chapter) { say(line) }
            return 0
        }
        do {
            try await play(chapter, on: url)
            Progress.add("play \(chapter.number)")
            return 0
        } catch {
            complain("\(error)")
            return 1
        }
    }

    /// What a person would type, in this order: `waits` goes on until Ctrl-C, `acts` ends by itself.
    static func list(_ chapter: Chapter) -> [String] {
        func line(_ verb: String, _ part: Chapter.Part) -> String {
            "\(verb) swift run \(chapter.step) \(part.typed)"
        }
        return chapter.waiting.map { line("waits", $0) } + chapter.acting.map { line("acts", $0) }
    }

    struct TakesTooLong: Error, CustomStringConvertible {
        let chapter: Chapter
        var description: String {
            "'\(chapter.step)' did not get further within half a minute. Is the broker there, and was nothing left in its "
                + "queues by an earlier run?"
        }
    }

    private static func play(_ chapter: Chapter, on url: String?) async throws {
        let program = try Programs.path(chapter.step)
        let broker = Broker.patient
        defer { broker.shutDown() }
        let address = try url ?? "amqp://guest:guest@localhost:\(broker.listen(port: 0))/"
        let stage = Stage(chapter, program: program, url: address)
        do { try await perform(chapter, stage) } catch {
            await stage.end()
            throw error
        }
        await stage.end()
    }

    private static func perform(_ chapter: Chapter, _ stage: Stage) async throws {
        for index in chapter.waiting.indices {
            try stage.enter(index)
            guard await eventually(.seconds(30), { stage.lines(of: index) > 0 }) else {
                throw TakesTooLong(chapter: chapter)
            }
        }
        for index in chapter.acting.indices {
            let column = chapter.waiting.count + index
            try stage.enter(column)
            guard await eventually(.seconds(30), { stage.hasEnded(column) }) else {
                throw TakesTooLong(chapter: chapter)
            }
        }
        let total = chapter.answers + chapter.waiting.count
        let isDone = await eventually(.seconds(30)) {
            chapter.waiting.indices.map { stage.lines(of: $0) }.reduce(0, +) >= total
        }
        guard isDone else { throw TakesTooLong(chapter: chapter) }
    }
}

/// The programs of a play, and the columns that show them.
private final class Stage: Sendable {
    private let parts: [Chapter.Part]
    private let columns: Columns
    private let program: String
    private let url: String
    private let state: Mutex<State>

    private struct State: Sendable {
        var running: [Int: RunningProgram] = [:]
        var lines: [Int: Int] = [:]
        var isOver = false
    }

    init(_ chapter: Chapter, program: String, url: String) {
        parts = chapter.waiting + chapter.acting
        columns = Columns(titles: Columns.titles(parts.map(\.name)), width: isatty(1) == 1 ? Self.screenWidth : nil)
        (self.program, self.url) = (program, url)
        state = Mutex(State())
        for row in columns.head { say(row) }
    }

    func enter(_ index: Int) throws {
        let program = try RunningProgram([program] + parts[index].words, environment: ["AMQP_URL": url]) { line in
            self.state.withLock { state in
                guard !state.isOver else { return }
                // Within the lock: two lines at once would share a row.
                for row in self.columns.rows(line, in: index) { say(row) }
                state.lines[index, default: 0] += 1
            }
        }
        state.withLock { $0.running[index] = program }
    }

    func lines(of index: Int) -> Int { state.withLock { $0.lines[index] ?? 0 } }

    func hasEnded(_ index: Int) -> Bool { state.withLock { $0.running[index] }?.hasEnded ?? true }

    /// Ctrl-C for all, and what they say then is not shown.
    func end() async {
        let all = state.withLock { state in
            state.isOver = true
            return Array(state.running.values)
        }
        for program in all { program.signal(SIGINT) }
        await eventually(.seconds(2)) { all.allSatisfy(\.hasEnded) }
        for program in all { program.signal(SIGKILL) }
    }

    private static var screenWidth: Int {
        var size = winsize()
        guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
