import Platform
import Synchronization

/// Where the steps print: each line whole, and at once.
///
/// Swift's own `print` goes through stdio, which keeps lines back while the output is a file or a pipe: `receive > logs`
/// would stay empty until the program ends.
public enum Console {
    /// One line at a time: a terminal or a pipe may take a long line in pieces.
    private static let turn = Mutex(())

    /// Whether lines that show a stamped message are printed in ``Stamp``'s form.
    @TaskLocal static var isStamped = false

    /// Prints a line. Within a ``Play`` it goes to the play, which tells the roles apart.
    public static func print(_ line: String) {
        if let voice = Play.voice { return voice.say(line) }
        write(isStamped ? Stamp.line(for: line) : line, to: STDOUT_FILENO)
    }

    /// Prints a line on standard error.
    public static func printError(_ line: String) { write(line, to: STDERR_FILENO) }

    static func write(_ line: String, to descriptor: Int32) {
        let failure = turn.withLock { _ in writeAll(line + "\n", to: descriptor) }
        guard failure != 0 else { return }
        // A full disk, or a reader that is gone: going on would mean to take messages and show them to nobody.
        if descriptor != STDERR_FILENO { printError("Cannot write the output: \(String(cString: strerror(failure))).") }
        exit(1)
    }
}
