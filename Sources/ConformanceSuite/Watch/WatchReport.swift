import Foundation

/// What a watch says at its end.
public struct WatchReport: Sendable {
    private struct Row: Encodable {
        var id: String
        var level: String
        var meaning: String
        var exercised: Int
        var broken: Int
        var accounts: [String]
        var remarks: [String]
    }

    private struct Document: Encodable {
        var clients: [String]
        var connections: Int
        var methods: Int
        var rules: Int
        var exercised: Int
        var broken: Int
        var results: [Row]
    }

    private let findings: WatchFindings
    /// All rules that a client can exercise, in the order of the tables.
    private let rows: [Row]

    init(_ findings: WatchFindings, _ catalogue: Catalogue) {
        self.findings = findings
        rows = ClientRule.ids.map { id in
            let found = findings.rules[id] ?? WatchedRule()
            let own = ClientRule.own[id]
            return Row(
                id: id, level: catalogue[id]?.level ?? own?.level ?? "",
                meaning: catalogue[id]?.meaning ?? own?.meaning ?? "",
                exercised: found.exercised, broken: found.broken, accounts: found.accounts, remarks: found.remarks)
        }
    }

    /// 0 the client broke no rule, 1 it broke one, 2 there was no client.
    public var status: Int32 { findings.connections == 0 ? 2 : rows.contains { $0.broken > 0 } ? 1 : 0 }

    /// For people.
    public var text: String {
        let exercised = rows.filter { $0.exercised > 0 }
        let broken = rows.filter { $0.broken > 0 }
        func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
        var lines = [
            "\(count(findings.connections, "connection")), \(count(findings.methods, "method")) from "
                + (findings.clients.isEmpty ? "the client." : findings.clients.joined(separator: ", ") + "."),
            "It exercised \(exercised.count) of the \(rows.count) rules that a client can exercise, and broke "
                + (broken.isEmpty ? "none." : "\(broken.count)."),
        ]
        for row in broken {
            lines += ["", "broken, \(count(row.broken, "time")): \(row.id)", "    \(row.level) \(row.meaning)"]
            lines += row.accounts.map { "    \($0)" }
        }
        let remarks = rows.flatMap { row in row.remarks.map { "    \($0) [\(row.id)]" } }
        if !remarks.isEmpty { lines += ["", "worth knowing:"] + remarks }
        if !exercised.isEmpty { lines += ["", "exercised:"] + exercised.map { "    \($0.id) \($0.exercised)x" } }
        return lines.map { $0 + "\n" }.joined()
    }

    /// For programs: every rule, those too that were not exercised.
    public var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let document = Document(
                clients: findings.clients, connections: findings.connections, methods: findings.methods,
                rules: rows.count,
                exercised: rows.count { $0.exercised > 0 }, broken: rows.count { $0.broken > 0 }, results: rows)
            return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
        }
    }
}
