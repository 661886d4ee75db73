import Foundation
import Lifeline
import Synchronization

/// A command that runs as a process of its own, and what it prints, line by line.
///
/// Often the command only starts the program: a shell, npm, uv. So what ends it ends its process group, and whatever else
/// carries its mark in its environment.
final class RunningProgram: Sendable {
    struct CannotStart: Error, CustomStringConvertible { let description: String }

    // Foundation's `Process` is not `Sendable`; the lock guards it.
    private let process: Mutex<Process>
    let pid: Int32
    /// In the environment of all that it starts.
    private let mark = "\(getpid())-\(UInt64.random(in: .min ... .max))"
    private let outputs: [LineReader]
    private let sawEnd = Mutex<ContinuousClock.Instant?>(nil)

    /// - Parameters:
    ///   - onLine: gets each line that it prints, on a thread of its own
    ///   - onError: gets each line on standard error; nil: `onLine` gets these too
    init(
        _ words: [String], environment: [String: String], onLine: @escaping @Sendable (String) -> Void,
        onError: (@Sendable (String) -> Void)? = nil
    ) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            .merging(Lifeline.marked) { $1 }.merging([ProcessFamily.variable: mark]) { $1 }
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        var outputs = [LineReader(pipe, onLine)]
        if let onError {
            let errors = Pipe()
            process.standardError = errors
            outputs.append(LineReader(errors, onError))
        }
        self.outputs = outputs
        do {
            try process.run()
        } catch {
            throw CannotStart(description: "'\(words.joined(separator: " "))' can't be started: \(error)")
        }
        pid = process.processIdentifier
        self.process = Mutex(process)
        ProcessFamily.add(pid)
    }

    var hasEnded: Bool { process.withLock { !$0.isRunning } }

    /// All that it printed has been handed on. A child that it leaves behind may hold its output open forever.
    var isSilent: Bool { outputs.allSatisfy(\.isAtEnd) }

    /// Its exit status, or 128 and the number of the signal that ended it; nil while it runs.
    var status: Int32? {
        process.withLock { process in
            guard !process.isRunning else { return nil }
            return process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
        }
    }

    /// The same, once all that it printed has been handed on. A child that it leaves behind may hold its output open: then,
    /// five seconds later, it is enough that nothing is left to be read.
    var statusBehindItsLines: Int32? {
        guard let status else { return nil }
        let end = sawEnd.withLock { end in
            end = end ?? .now
            return end ?? .now
        }
        return isSilent || .now - end > .seconds(5) && outputs.allSatisfy(\.isDrained) ? status : nil
    }

    /// To the program and all that it has started.
    func signal(_ number: Int32) { ProcessFamily.send(number, to: pid, isLeaderThere: !hasEnded) }

    /// Ends the program and all that it has started, also what has left its process group.
    func killAll() {
        signal(SIGKILL)
        ProcessFamily.endAll(marked: mark)
        ProcessFamily.remove(pid)
    }
}

extension Collection<RunningProgram> {
    /// Ctrl-C for all; what has not ended two seconds later is killed. Returns when all have ended.
    func interrupt() async {
        for program in self { program.signal(SIGINT) }
        await eventually(.seconds(2)) { allSatisfy(\.hasEnded) }
        for program in self { program.killAll() }
        await eventually(.seconds(2)) { allSatisfy(\.hasEnded) }
    }
}

/// The last lines that programs have printed.
final class PrintedLines: Sendable {
    private let most: Int
    private let kept = Mutex<[String]>([])

    /// - Parameter most: how many lines are kept
    init(most: Int) { self.most = most }

    func add(_ line: String) {
        kept.withLock { kept in
            kept.append(line)
            // Not one by one: a program may print a million.
            if kept.count > 2 * most { kept.removeFirst(kept.count - most) }
        }
    }

    var lines: [String] { kept.withLock { Array($0.suffix(most)) } }
}

/// Makes lines of what comes through a pipe; at the end also of a last one that has no end. Of a line that does not end it
/// keeps the beginning: all is read, so that the program never waits for its output to be taken.
///
/// On a thread of its own, with `read(2)`. Foundation's `readabilityHandler` watches a descriptor that is closed and
/// given out again while it still does: with several programs one after the other, that crashed libdispatch on Linux.
private final class LineReader: Sendable {
    private let hasEnded = Atomic<Bool>(false)
    private let isWaiting = Atomic<Bool>(false)
    private let descriptor: Int32

    init(_ pipe: Pipe, _ onLine: @escaping @Sendable (String) -> Void) {
        // Of our own: the pipe closes its descriptor when it goes.
        descriptor = fcntl(pipe.fileHandleForReading.fileDescriptor, F_DUPFD_CLOEXEC, 0)
        Thread.detachNewThread { [self] in
            readLines(onLine)
            close(descriptor)
            // Only now: every line has been handed on when the end is seen.
            hasEnded.store(true, ordering: .releasing)
        }
    }

    var isAtEnd: Bool { hasEnded.load(ordering: .acquiring) }

    /// What was written up to now has been handed on. In this order: it waits again only when that is done.
    var isDrained: Bool { isAtEnd || !Self.isReadable(descriptor, 0) && isWaiting.load(ordering: .acquiring) }

    /// - Parameter patience: how long to wait for it, in milliseconds; -1: until there is something, or the end
    private static func isReadable(_ descriptor: Int32, _ patience: Int32) -> Bool {
        var asked = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&asked, 1, patience) > 0
    }

    /// Of a longer line only so much is handed on, in octets.
    private static let longest = 8192

    private func readLines(_ onLine: (String) -> Void) {
        var text: [UInt8] = []
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
        defer { chunk.deallocate() }
        func add(_ octets: UnsafeRawBufferPointer) {
            text += UnsafeRawBufferPointer(rebasing: octets[..<min(octets.count, Self.longest - text.count)])
        }
        while true {
            isWaiting.store(true, ordering: .releasing)
            while !Self.isReadable(descriptor, -1), errno == EINTR {}
            isWaiting.store(false, ordering: .releasing)
            let count = read(descriptor, chunk.baseAddress, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            var rest = UnsafeRawBufferPointer(rebasing: chunk[..<count])
            // memchr, for this has to keep up with whatever a program prints.
            while let start = rest.baseAddress, let end = memchr(start, 10, rest.count) {
                let length = start.distance(to: UnsafeRawPointer(end))
                add(UnsafeRawBufferPointer(rebasing: rest[..<length]))
                onLine(String(decoding: text, as: UTF8.self))
                text.removeAll(keepingCapacity: true)
                rest = UnsafeRawBufferPointer(rebasing: rest[(length + 1)...])
            }
            add(rest)
        }
        if !text.isEmpty { onLine(String(decoding: text, as: UTF8.self)) }
    }
}
