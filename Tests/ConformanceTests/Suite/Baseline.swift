import ConformanceReport
import Foundation

/// What is on record for one broker: Baselines/<name>-<version>.tsv, a line for every case that does not conform there.
///
/// A case without a line is expected to conform, or to do as RabbitMQ does where the case itself says what that is.
struct Baseline: Sendable {
    struct Entry: Sendable, Equatable {
        var verdict: Verdict
        var reason: String
    }

    var entries: [String: Entry] = [:]

    init() {}

    init(_ text: String) throws {
        for (number, line) in text.split(separator: "\n").enumerated() where !line.hasPrefix("#") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3, let verdict = Verdict(rawValue: fields[1]), !fields[2].isEmpty else {
                throw Malformed(line: number + 1)
            }
            entries[fields[0]] = Entry(verdict: verdict, reason: fields[2])
        }
    }

    static let folder = Files.suite.appending(path: "Baselines")

    /// The record of a broker: of this version, else of any version, else an empty one.
    static func of(_ name: String, _ version: String) throws -> Baseline {
        let name = name.lowercased()
        for stem in ["\(name)-\(version)", name] {
            let file = folder.appending(path: "\(stem).tsv")
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            return try Baseline(String(contentsOf: file, encoding: .utf8))
        }
        return Baseline()
    }

    struct Malformed: Error, CustomStringConvertible {
        var line: Int
        var description: String { "line \(line): case id, verdict and reason are needed, separated by tabs" }
    }
}
