import Dispatch
import Foundation

/// Commands that the person who runs the suite has named.
enum Shell {
    /// Longer than any broker takes to start, so that one which doesn't is a failed case and not a suite that hangs.
    private static let limit = Duration.seconds(300)

    /// Throws with the command's output unless it ends with status 0, within five minutes.
    ///
    /// Not Foundation's Process: on Linux that waits until everything the command has started has ended as well, and a
    /// command that restarts a broker leaves one behind, on purpose.
    static func run(_ command: String) async throws {
        let output = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: output) }
        let pid = try spawn(command, output: output.path)
        let watchdog = Task {
            try await Task.sleep(for: limit)
            // Nobody has asked for its status yet, or this would have been cancelled: the number is still its own.
            kill(pid, SIGKILL)
        }
        defer { watchdog.cancel() }
        let status = await withCheckedContinuation { continuation in
            // A thread of its own, because waiting blocks it.
            DispatchQueue(label: "Shell").async {
                var status: Int32 = 0
                while waitpid(pid, &status, 0) == -1, errno == EINTR {}
                continuation.resume(returning: status)
            }
        }
        guard status == 0 else {
            let said = (try? String(contentsOf: output, encoding: .utf8)) ?? ""
            throw SuiteError("wait status \(status) of: \(command)\n\(said.suffix(1000))")
        }
    }

    private static func spawn(_ command: String, output: String) throws -> pid_t {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
        #else
            var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        // A file, not a pipe: what the command leaves behind may keep a pipe open forever.
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let words: [String] = ["/bin/sh", "-c", command]
        var arguments = words.map { strdup($0) }
        arguments.append(nil)
        var environment = ProcessInfo.processInfo.environment.map { name, value in strdup("\(name)=\(value)") }
        environment.append(nil)
        defer { for word in arguments + environment { free(word) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/bin/sh", &actions, nil, &arguments, &environment)
        guard code == 0 else { throw SuiteError("cannot run /bin/sh: \(String(cString: strerror(code)))") }
        return pid
    }
}
