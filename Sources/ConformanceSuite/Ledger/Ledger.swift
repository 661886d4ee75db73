import Foundation

/// All cases, read from the suite's own source text.
///
/// Swift Testing keeps no list of tests that a test could ask, and a list kept by hand would go stale; the source cannot.
/// That is why id and rules of `.proves(` have to be literals.
struct Ledger: Sendable {
    struct Entry: Sendable {
        var id: String
        var rules: [String]
        var place: String
    }

    var entries: [Entry]

    static let current = Result { try Ledger(folder: Files.suite.appending(path: "Cases")) }

    init(entries: [Entry]) { self.entries = entries }

    init(folder: URL) throws {
        entries = []
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            entries += Self.entries(of: try String(contentsOf: file, encoding: .utf8), in: file.lastPathComponent)
        }
    }

    /// The `.proves("id", ["rule", "rule"]…)` of one file.
    static func entries(of source: String, in file: String) -> [Entry] {
        let proves = /\.proves\(\s*"(?<id>[^"]*)"\s*,\s*\[(?<rules>[^\]]*)\]/
        return source.matches(of: proves).map { match in
            let line = source[..<match.range.lowerBound].count(where: \.isNewline) + 1
            let rules = match.output.rules.matches(of: /"([^"]*)"/).map { String($0.output.1) }
            return Entry(id: String(match.output.id), rules: rules, place: "\(file):\(line)")
        }
    }

    /// The observable rules that no case claims to prove.
    func unproven(of catalogue: Catalogue) -> [Rule] {
        let proven = Set(entries.flatMap(\.rules))
        return catalogue.rules.filter { $0.observable != .no && !proven.contains($0.id) }
    }

    /// Everything that is out of order, a line each.
    func complaints(about catalogue: Catalogue) -> [String] {
        var complaints: [String] = []
        var places: [String: String] = [:]
        for entry in entries {
            if let other = places.updateValue(entry.place, forKey: entry.id) {
                complaints.append("\(entry.place): the case id \(entry.id) is also at \(other)")
            }
            if entry.id.wholeMatch(of: /[a-z0-9-]+(\.[a-z0-9-]+)+/) == nil {
                complaints.append("\(entry.place): a case id is area.words-with-hyphens, not \(entry.id)")
            }
            if entry.rules.isEmpty { complaints.append("\(entry.place): \(entry.id) names no rule") }
            for rule in entry.rules where catalogue[rule] == nil {
                complaints.append("\(entry.place): no rule is called \(rule)")
            }
        }
        var ids: Set<String> = []
        for rule in catalogue.rules {
            if !ids.insert(rule.id).inserted { complaints.append("rules.tsv: \(rule.id) is there twice") }
            if rule.observable == .no, rule.noCase.isEmpty {
                complaints.append("rules.tsv: \(rule.id) is not observable, and nothing says why")
            }
            if rule.observable != .no, !rule.noCase.isEmpty {
                complaints.append("rules.tsv: \(rule.id) is observable, yet has a reason for having no case")
            }
        }
        return complaints
    }
}
