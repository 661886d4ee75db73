#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Synchronization

/// Where the steps print: each line whole, and at once.
///
/// Swift's own `print` goes through stdio, which keeps lines back while the output is a file or a pipe: `receive > logs`
/// would stay empty until the program ends. Here every line is one `write(2)`.
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
        let failure = turn.withLock { _ in writeAll(Array((line + "\n").utf8), to: descriptor) }
        guard failure != 0 else { return }
        // A full disk, or a reader that is gone: going on would mean to take messages and show them to nobody.
        if descriptor != STDERR_FILENO { printError("Cannot write the output: \(String(cString: strerror(failure))).") }
        exit(1)
    }

    /// Returns 0, or the `errno` of what went wrong.
    private static func writeAll(_ octets: [UInt8], to descriptor: Int32) -> Int32 {
        var rest = octets[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Some terminals and pipes are handed over in non-blocking mode.
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&wait, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }
}

/// The system's `write`, under a name that `Console.write` does not hide.
private func systemWrite(_ descriptor: Int32, _ octets: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, octets, count)
}
