import Foundation
import Lifeline

/// A broker in a process of its own.
final class RunningBroker {
    let uri: String
    /// Where it says what it has; nil: nowhere.
    let listings: String?
    private let process = Process()

    struct NotStarted: Error, CustomStringConvertible {
        var description: String
    }

    /// Starts a broker on a free port and waits until it says that it listens.
    ///
    /// - Parameter directory: where it keeps what is durable; nil: nowhere.
    init(_ executable: String, data directory: String?, _ options: [String] = []) throws {
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments =
            ["--port", "0", "--management-port", "off", "--log-level", "error"]
            + (directory.map { ["--data", $0] } ?? []) + options
        process.environment = ProcessInfo.processInfo.environment.merging(Lifeline.marked) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var text = ""
        while !text.contains("\n") {
            let octets = output.fileHandleForReading.availableData
            if octets.isEmpty { throw NotStarted(description: "the broker did not start: \(text)") }
            text += String(decoding: octets, as: UTF8.self)
        }
        guard let address = text.firstRange(of: "amqp://127.0.0.1:"),
            let port = Int(text[address.upperBound...].prefix { $0.isNumber })
        else { throw NotStarted(description: "the broker said: \(text)") }
        let listed = text.firstRange(of: "http://127.0.0.1:").map { text[$0.upperBound...].prefix { $0.isNumber } }
        listings = listed.map { "http://guest:guest@127.0.0.1:\($0)" }
        uri = "amqp://guest:guest@127.0.0.1:\(port)/"
    }

    // A comparison that failed must not leave a broker behind.
    deinit { if process.isRunning { kill() } }

    /// What Linux calls its resident set; 0 elsewhere.
    var residentOctets: Int {
        let status = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 * 1024 } ?? 0
    }

    /// kill -9, and waits for the end.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
