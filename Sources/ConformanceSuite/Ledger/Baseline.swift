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
    /// The version that it is about; empty: any.
    private(set) var version = ""

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

    /// What is known of a broker: by our own record, and by that which the person who runs the suite has given. Where both
    /// have a line for a case, the given one counts.
    static func inForce(for name: String, _ version: String, _ environment: Environment) throws -> Baseline {
        var baseline = try of(name, version)
        guard let path = environment.known else { return baseline }
        let given = try Baseline(String(contentsOfFile: path, encoding: .utf8))
        baseline.entries.merge(given.entries) { $1 }
        return baseline
    }

    /// The record of a broker: of this version, else of any version, else of the version that is nearest to it, else an
    /// empty one.
    static func of(_ name: String, _ version: String) throws -> Baseline {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        guard let stem = stem(for: name, version, among: files) else { return Baseline() }
        var baseline = try Baseline(String(contentsOf: folder.appending(path: "\(stem).tsv"), encoding: .utf8))
        baseline.version = String(stem.dropFirst(fileName(name).count + 1))
        return baseline
    }

    /// Which of the files is a broker's, without its `.tsv`.
    static func stem(for name: String, _ version: String, among files: [String]) -> String? {
        let stems = files.filter { $0.hasSuffix(".tsv") }.map { String($0.dropLast(4)) }
        let name = fileName(name)
        if let exact = [fileName("\(name)-\(version)"), name].first(where: stems.contains) { return exact }
        let known = stems.filter { $0.hasPrefix(name + "-") }.compactMap {
            Release(String($0.dropFirst(name.count + 1)))
        }
        return Release(version)?.nearest(of: known).map { "\(name)-\($0)" }
    }

    /// The name is a broker's own word: only what can be a file's name is used of it.
    private static func fileName(_ text: String) -> String {
        String(text.lowercased().map { $0.isLetter || $0.isNumber || "-._~+".contains($0) ? $0 : "-" })
    }

    struct Malformed: Error, CustomStringConvertible {
        var line: Int
        var description: String { "line \(line): case id, verdict and reason are needed, separated by tabs" }
    }
}
