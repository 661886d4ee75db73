import Foundation
import Synchronization

/// A program to be watched: how to start it, so that it talks to a broker.
struct Subject: Sendable {
    /// One run of it.
    struct Run: Sendable {
        /// Ends it at once, with no chance to say good-bye.
        var kill: @Sendable () -> Void
        var hasEnded: @Sendable () -> Bool
        /// The last lines that it printed.
        var lastLines: @Sendable () -> [String]
    }

    /// Starts it with `AMQP_URL` set to this.
    var start: @Sendable (_ url: String) async throws -> Run

    /// A command, as one would type it.
    ///
    /// - Parameter environment: besides `AMQP_URL`
    static func command(_ words: [String], environment: [String: String] = [:]) -> Subject {
        Subject { url in
            let shared = LastLines()
            let program = try RunningProgram(words, environment: environment.merging(["AMQP_URL": url]) { $1 }) {
                shared.add($0)
            }
            return Run(
                kill: { program.signal(SIGKILL) }, hasEnded: { program.hasEnded }, lastLines: { shared.lines })
        }
    }
}

private final class LastLines: Sendable {
    private let kept = Mutex<[String]>([])

    func add(_ line: String) { kept.withLock { $0 = ($0 + [line]).suffix(5) } }
    var lines: [String] { kept.withLock { $0 } }
}

/// A command that runs as a process of its own, and what it prints, line by line.
final class RunningProgram: Sendable {
    struct CannotStart: Error, CustomStringConvertible { let description: String }

    // Foundation's `Process` is not `Sendable`; the lock guards it.
    private let process: Mutex<Process>
    private let pid: Int32

    /// - Parameter onLine: gets each line that it prints, also on standard error, on a thread of its own
    init(_ words: [String], environment: [String: String], onLine: @escaping @Sendable (String) -> Void) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        let buffered = Mutex(Data())
        pipe.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            let lines = buffered.withLock { text -> [String] in
                text += data
                var lines: [String] = []
                while let end = text.firstIndex(of: UInt8(ascii: "\n")) {
                    lines.append(String(decoding: text[text.startIndex..<end], as: UTF8.self))
                    text = Data(text[(end + 1)...])
                }
                return lines
            }
            for line in lines { onLine(line) }
        }
        do {
            try process.run()
        } catch {
            throw CannotStart(description: "'\(words.joined(separator: " "))' can't be started: \(error)")
        }
        pid = process.processIdentifier
        self.process = Mutex(process)
    }

    var hasEnded: Bool { process.withLock { !$0.isRunning } }

    func signal(_ number: Int32) { if !hasEnded { kill(pid, number) } }
}
