import Foundation
import Lifeline
import Synchronization
import TestSupport

import Platform

/// A shell command at work, as in a terminal of its own: what it prints comes line by line, and Ctrl-C reaches all of it.
///
/// Not Foundation's `Process`: a terminal sends Ctrl-C to a whole process group, and `Process` makes none.
final class Terminal {
    private let pid: pid_t
    private let output: Int32
    private var buffered: [UInt8] = []
    private var isAtEnd = false
    private var isAwaited = false
    private let end: End

    /// It is waited for from its beginning: for as long as a child that has ended is not, the thread that Swift Testing has
    /// for its own children meets it again and again, and leaves others a processor less.
    private final class End: Sendable {
        private let status = Mutex<Int32>(0)
        private let running = DispatchGroup()

        init(of pid: pid_t) {
            running.enter()
            let code = SystemThread.start { [self] in
                status.withLock { while waitpid(pid, &$0, 0) < 0, errno == EINTR {} }
                running.leave()
            }
            precondition(code == 0, "no thread: \(String(cString: strerror(code)))")
        }

        /// Its wait status; nil: it runs on after `patience`.
        func status(within patience: Duration) -> Int32? {
            let deadline = DispatchTime.now() + .milliseconds(Int(patience / .milliseconds(1)))
            return running.wait(timeout: deadline) == .success ? status.withLock { $0 } : nil
        }
    }

    /// Starts `/bin/sh -c command`.
    init(_ command: String, environment: [String: String], folder: URL) throws {
        // Not while another program is started: it would inherit the pipe, and a pipe that a stranger holds open never
        // ends.
        (pid, output) = try Program.starting.withLock { _ in
            try Self.start(command, environment: environment, folder: folder)
        }
        end = End(of: pid)
    }

    private static func start(
        _ command: String, environment: [String: String], folder: URL
    ) throws -> (pid_t, Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failure(description: "pipe: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        posix_spawnattr_init(&attributes)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        let script = "cd \"$1\" && exec /bin/sh -c \"$2\""
        var words: [UnsafeMutablePointer<CChar>?] =
            ["/bin/sh", "-c", script, "sh", folder.path, command].map { (word: String) in strdup(word) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            environment.merging(Lifeline.marked) { $1 }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, "/bin/sh", &actions, &attributes, &words, &variables)
        close(ends[1])
        guard result == 0 else {
            close(ends[0])
            throw Failure(description: "posix_spawn: \(String(cString: strerror(result)))")
        }
        return (pid, ends[0])
    }

    deinit {
        if !isAwaited { kill(-pid, SIGKILL) }
        close(output)
    }

    struct Failure: Error, CustomStringConvertible { let description: String }

    /// The next line, or nil at the end of the output or after `patience`.
    func nextLine(patience: Duration = .patience) -> String? {
        let deadline = ContinuousClock.now + patience
        while true {
            if let end = buffered.firstIndex(of: UInt8(ascii: "\n")) {
                defer { buffered.removeSubrange(...end) }
                return String(decoding: buffered[..<end], as: UTF8.self)
            }
            if isAtEnd {
                defer { buffered = [] }
                return buffered.isEmpty ? nil : String(decoding: buffered, as: UTF8.self)
            }
            let left = deadline - .now
            guard left > .zero else { return nil }
            var wait = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, Int32(left / .milliseconds(1)) + 1) > 0 else { continue }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = read(output, &chunk, chunk.count)
            if count > 0 { buffered += chunk[..<count] } else { isAtEnd = true }
        }
    }

    /// What is still printed until the end of the output.
    func rest() -> [String] {
        var lines: [String] = []
        while let line = nextLine() { lines.append(line) }
        return lines
    }

    /// As from the keyboard: to all processes of the command.
    func send(_ signal: Int32) { kill(-pid, signal) }

    /// The exit status, or 128 and the number of the signal that ended it. Waits for the end, and
    /// brings it about when it does not come.
    func wait() -> Int32 {
        isAwaited = true
        var raw = end.status(within: .patience)
        while raw == nil {
            kill(-pid, SIGKILL)
            raw = end.status(within: .seconds(1))
        }
        let status = raw ?? 0
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }
}
