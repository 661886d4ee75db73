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

    struct CannotStart: Error, CustomStringConvertible { let description: String }

    /// A command, as one would type it.
    ///
    /// - Parameter environment: besides `AMQP_URL`
    static func command(_ words: [String], environment: [String: String] = [:]) -> Subject {
        Subject { url in
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = words
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
                .merging(["AMQP_URL": url]) { $1 }
            process.standardInput = FileHandle.nullDevice
            let pipe = Pipe()
            process.standardOutput = pipe
            process.standardError = pipe
            let printed = Printed()
            pipe.fileHandleForReading.readabilityHandler = { handle in
                let data = handle.availableData
                if data.isEmpty { handle.readabilityHandler = nil } else { printed.add(data) }
            }
            do { try process.run() } catch { throw CannotStart(description: "\(words[0]) can't be started: \(error)") }
            let running = Running(process)
            return Run(kill: { running.kill() }, hasEnded: { running.hasEnded }, lastLines: { printed.lastLines })
        }
    }
}

private final class Printed: Sendable {
    private let text = Mutex("")

    func add(_ data: Data) { text.withLock { $0 = String(($0 + String(decoding: data, as: UTF8.self)).suffix(2000)) } }

    var lastLines: [String] { text.withLock { Array($0.split(separator: "\n").suffix(5).map(String.init)) } }
}

/// Foundation's `Process` is not `Sendable`; here one lock guards it.
private final class Running: Sendable {
    private let process: Mutex<Process>
    private let pid: Int32

    init(_ process: sending Process) {
        pid = process.processIdentifier
        self.process = Mutex(process)
    }

    func kill() { if !hasEnded { Foundation.kill(pid, SIGKILL) } }

    var hasEnded: Bool { process.withLock { !$0.isRunning } }
}
