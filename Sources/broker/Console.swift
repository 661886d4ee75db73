import Platform

/// Standard input, output and error. Everything is written at once, whether somebody looks at a terminal or a file.
enum Console {
    static func print(_ line: String) { _ = writeAll(line + "\n", to: STDOUT_FILENO) }

    static func complain(_ line: String) { _ = writeAll(line + "\n", to: STDERR_FILENO) }

    /// Says what is wrong and ends with status 1.
    static func fail(_ reason: String) -> Never {
        complain("broker: \(reason)")
        exit(1)
    }

    /// A password: a line of standard input, which a terminal does not show. nil: there is none.
    static func readPassword(of user: String) -> [UInt8]? {
        guard isatty(STDIN_FILENO) == 1 else { return readLine(strippingNewline: true).map { Array($0.utf8) } }
        _ = writeAll("Password of \(user): ", to: STDERR_FILENO)
        var settings = termios()
        tcgetattr(STDIN_FILENO, &settings)
        var silent = settings
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
            complain("")
        }
        return readLine(strippingNewline: true).map { Array($0.utf8) }
    }

    /// A file's octets, at most this many; nil when it can't be read, with the system's reason in `errno`.
    static func readFile(_ path: String, limit: Int = 1 << 22) -> [UInt8]? {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { return nil }
        defer { close(fd) }
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while octets.count < limit {
            let count = read(fd, &chunk, chunk.count)
            if count < 0 { return nil }
            if count == 0 { break }
            octets += chunk.prefix(count)
        }
        return octets
    }

    /// Writes a file anew. False: it can't be written, with the system's reason in `errno`.
    static func write(_ text: String, to path: String) -> Bool {
        let fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard fd >= 0 else { return false }
        defer { close(fd) }
        return writeAll(text, to: fd) == 0
    }

    /// The system's words for the last call that failed.
    static var systemError: String { String(cString: strerror(errno)) }
}
