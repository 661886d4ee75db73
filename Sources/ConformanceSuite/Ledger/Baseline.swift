import ConformanceReport
import Foundation

/// What is on record for one broker: Baselines/<name>-<version>.tsv, a line for every case that does not conform there.
///
/// A case without a line is expected to conform, or to do as RabbitMQ does where the case itself says what that is.
/// A broker that does now this and now that has several verdicts in its line, `failed or conforms`: any is on record.
struct Baseline: Sendable {
    struct Entry: Sendable, Equatable {
        /// At least one, the usual one first.
        var verdicts: [Verdict]
        var reason: String

        init(verdict: Verdict, reason: String) { (verdicts, self.reason) = ([verdict], reason) }

        init?(verdicts text: String, reason: String) {
            let verdicts = text.components(separatedBy: " or ").map(Verdict.init(rawValue:))
            self.verdicts = verdicts.compactMap { $0 }
            self.reason = reason
            guard self.verdicts.count == verdicts.count, !reason.isEmpty else { return nil }
        }

        /// As ``init(verdicts:reason:)`` takes it.
        var verdictsText: String { verdicts.map(\.rawValue).joined(separator: " or ") }
    }

    var entries: [String: Entry] = [:]

    init() {}

    init(_ text: String) throws {
        for (number, line) in text.split(separator: "\n").enumerated() where !line.hasPrefix("#") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3, let entry = Entry(verdicts: fields[1], reason: fields[2]) else {
                throw Malformed(line: number + 1)
            }
            entries[fields[0]] = entry
        }
    }

    static let folder = Files.suite.appending(path: "Baselines")

    /// The record of a broker: of this version, else of any version, else an empty one.
    ///
    /// The name is a broker's own word: only what can be a file's name is used of it.
    static func of(_ name: String, _ version: String) throws -> Baseline {
        for stem in ["\(name)-\(version)", name] {
            let stem = String(stem.lowercased().map { $0.isLetter || $0.isNumber || "-._~+".contains($0) ? $0 : "-" })
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
