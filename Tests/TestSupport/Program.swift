import Lifeline
import Synchronization

import Platform

/// A built executable, running: its lines as they come, and its end.
///
/// By `posix_spawn` rather than Foundation's `Process`: tests start programs side by side, and a pipe that a neighbour
/// inherits does not end with the program that it belongs to. Here the pipes close themselves in every child.
package final class Program: Sendable {
    /// What it has printed so far.
    package struct Output: Sendable {
        package var lines: [String] = []
        package var errors: [String] = []
        /// Its exit status, or 256 plus the signal that ended it; nil while it runs.
        package var status: Int?
    }

    package struct CannotStart: Error {
        let reason: String
    }

    package let name: String
    package let pid: pid_t
    private let state = Mutex(Output())
    private let changed: @Sendable () -> Void

    /// - Parameters:
    ///   - input: what it reads from its standard input, no more than a pipe holds; nil: nothing
    ///   - file: takes its standard output in place of ``Output/lines``
    ///   - changed: called after each change of what is seen of it
    package init(
        _ path: String, _ words: [String], environment: [String: String], input: String? = nil,
        file: String? = nil, changed: @escaping @Sendable () -> Void
    ) throws {
        name = ([path.split(separator: "/").last.map(String.init) ?? path] + words).joined(separator: " ")
        self.changed = changed
        let ours: [Int32]
        (pid, ours) = try Self.starting.withLock { _ in
            let (output, errors) = (try Pipe(), try Pipe())
            defer { for pipe in [output, errors] { close(pipe.write) } }
            let given = try input.map { try Pipe(holding: $0) }
            defer { if let given { close(given.read) } }
            let pid = try Self.spawn(path, words, environment, input: given?.read, file: file, output, errors)
            return (pid, [output.read, errors.read])
        }
        // A thread for each: they wait in system calls, which no task may.
        detach { self.follow(ours) }
    }

    package var output: Output { state.withLock { $0 } }
    package var lines: [String] { output.lines }
    package var hasEnded: Bool { output.status != nil }

    /// For a failed expectation.
    package var account: String {
        let output = output
        let end = output.status.map { "ended with \($0)" } ?? "still running"
        return "\(name): \(end), lines \(output.lines)" + (output.errors.isEmpty ? "" : ", errors \(output.errors)")
    }

    package func signal(_ number: Int32) {
        // Under the lock: a process is not forgotten, and its id not given to another, before its status is set.
        state.withLock { if $0.status == nil { kill(pid, number) } }
    }

    // MARK: Following it

    /// Reads both pipes to their ends, then waits for the process.
    private func follow(_ descriptors: [Int32]) {
        var open = descriptors
        var rests: [[UInt8]] = [[], []]
        var chunk = [UInt8](repeating: 0, count: 1 << 14)
        while !open.isEmpty {
            var wanted = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            poll(&wanted, nfds_t(wanted.count), -1)
            for entry in wanted where entry.revents != 0 {
                let count = read(entry.fd, &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                let index = entry.fd == descriptors[0] ? 0 : 1
                if count > 0 {
                    rests[index] += chunk[..<count]
                    takeLines(&rests[index], isError: index == 1)
                } else {
                    open.removeAll { $0 == entry.fd }
                    close(entry.fd)
                }
            }
        }
        reap()
    }

    private func takeLines(_ octets: inout [UInt8], isError: Bool) {
        var lines = octets.split(separator: 10, omittingEmptySubsequences: false)
        let rest = lines.removeLast()
        let texts = lines.map { String(decoding: $0, as: UTF8.self) }
        octets = Array(rest)
        state.withLock { if isError { $0.errors += texts } else { $0.lines += texts } }
        changed()
    }

    private func reap() {
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        state.withLock { output in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            let signal = Int(status & 0x7f)
            output.status = signal == 0 ? Int(status >> 8 & 0xff) : 256 + signal
        }
        changed()
    }

    // MARK: Starting it

    /// One at a time, ``Terminal``s too: a pipe is made first, and marked to close itself in children a moment later.
    package static let starting = Mutex(())

    private struct Pipe {
        let read: Int32
        let write: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else { throw CannotStart(reason: "no pipe: errno \(errno)") }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            (read, write) = (ends[0], ends[1])
        }

        /// One that holds that, and then ends.
        init(holding text: String) throws {
            try self.init()
            let octets = Array(text.utf8)
            _ = octets.withUnsafeBytes { systemWrite(write, $0.baseAddress, $0.count) }
            close(write)
        }
    }

    private static func spawn(
        _ path: String, _ words: [String], _ environment: [String: String], input: Int32?, file: String?,
        _ output: Pipe, _ errors: Pipe
    ) throws -> pid_t {
        #if os(Linux)
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        if let file {
            posix_spawn_file_actions_addopen(&actions, 1, file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        } else {
            posix_spawn_file_actions_adddup2(&actions, output.write, 1)
        }
        posix_spawn_file_actions_adddup2(&actions, errors.write, 2)
        // As from a shell: no signal is blocked or ignored, whatever the test runner does with its own.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for number in [SIGINT, SIGTERM, SIGPIPE] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        let arguments = ([path] + words).map { strdup($0) } + [nil]
        let variables = environment.merging(Lifeline.marked) { $1 }.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, path, &actions, &attributes, arguments, variables)
        guard failure == 0 else { throw CannotStart(reason: "\(path): \(String(cString: strerror(failure)))") }
        return pid
    }
}

/// Runs `body` on a thread of its own.
private func detach(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let box = Unmanaged.passRetained(Box(body)).toOpaque()
    #if os(Linux)
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { raw in
                raw.map { Unmanaged<Box>.fromOpaque($0).takeRetainedValue().body() }
                return nil
            }, box)
        pthread_detach(thread)
    #else
        var thread: pthread_t?
        pthread_create(
            &thread, nil,
            { raw in
                Unmanaged<Box>.fromOpaque(raw).takeRetainedValue().body()
                return nil
            }, box)
        if let thread { pthread_detach(thread) }
    #endif
}

/// The system's `write`, under a name that a pipe's end does not hide.
private func systemWrite(_ descriptor: Int32, _ octets: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, octets, count)
}
