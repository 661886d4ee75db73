import Foundation

/// A program to be watched: how to start it, so that it talks to a broker.
struct Subject: Sendable {
    /// One run of it.
    struct Run: Sendable {
        /// Which of a check's programs it is, from 1.
        var number = 1
        /// Ends it at once, with no chance to say good-bye.
        var kill: @Sendable () -> Void
        /// How it ended: its exit status; nil while it runs, and while lines that it printed are still on their way.
        var status: @Sendable () -> Int32?
        /// The last two hundred lines that it printed.
        var lastLines: @Sendable () -> [String]
        /// For how long it was ready to run, and the machine ran others.
        var withheld: @Sendable () -> Duration = { .zero }

        var hasEnded: Bool { status() != nil }
        /// Its last lines as a sentence to append; empty when it printed none.
        var printed: String { Subject.printed(lastLines()) }
    }

    /// The last of a program's lines as a sentence to append; empty when there are none.
    static func printed(_ lines: [String]) -> String {
        lines.isEmpty ? "" : " It printed: \(shown(lines, most: 5))"
    }

    /// The last of a program's lines, and of each the beginning.
    static func shown(_ lines: [String], most: Int = 20) -> String {
        let last = lines.suffix(most).map { $0.count > 300 ? $0.prefix(300) + "…" : $0 }
        return last.isEmpty ? "nothing" : last.joined(separator: " | ")
    }

    /// The words of the command, by which a check knows what a receiver was asked for.
    var words: [String]
    /// Starts it with `AMQP_URL` set to this, and more in its environment.
    var start: @Sendable (_ url: String, _ environment: [String: String]) async throws -> Run

    /// A command, as one would type it.
    ///
    /// - Parameter environment: besides `AMQP_URL`
    static func command(_ words: [String], environment: [String: String] = [:]) -> Subject {
        Subject(words: words) { url, more in
            let shared = PrintedLines(most: 200)
            let all = environment.merging(more) { $1 }.merging(["AMQP_URL": url]) { $1 }
            let program = try RunningProgram(words, environment: all) { shared.add($0) }
            let withheld = Withheld(group: program.pid)
            return Run(
                kill: { program.killAll() }, status: { program.statusBehindItsLines }, lastLines: { shared.lines },
                withheld: { withheld.total })
        }
    }
}
