import Foundation
import Synchronization

/// The programs of a play, and the columns that show them.
final class SideBySide: Sendable {
    private let parts: [Part]
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
        parts = chapter.play.waiting + chapter.play.acting
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
        await all.interrupt()
    }

    private static var screenWidth: Int {
        var size = winsize()
        guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
