import AMQPWire
import Foundation
import Platform

/// Catalogue/rules.tsv: every rule of AMQP 0-9-1 and of RabbitMQ's extensions to it, in our own words.
struct Rule: Sendable {
    enum Observability: String, Sendable, CaseIterable {
        /// A client can see whether it holds.
        case yes
        /// A client can see it, once the broker was restarted.
        case restart
        /// Nobody can see it from outside, or only with means that no broker has to have: `noCase` says why.
        case no
    }

    var id: String
    /// `MUST`, `SHOULD` or `MAY`.
    var level: String
    var observable: Observability
    var meaning: String
    /// Where RabbitMQ is known to differ.
    var rabbitmq: String
    /// Why a rule that isn't observable has no case.
    var noCase: String
}

struct Catalogue: Sendable {
    var rules: [Rule]
    private var byID: [String: Rule]

    subscript(id: String) -> Rule? { byID[id] }

    /// The catalogue of this checkout.
    static let current = Result { try Catalogue(String(contentsOf: file, encoding: .utf8)) }
    static let file = Files.suite.appending(path: "Catalogue/rules.tsv")

    /// Throws ``Malformed`` with the line, for a column too many or too few and for a value that its column does not take.
    init(_ text: String) throws {
        rules = []
        for (number, line) in text.split(separator: "\n").enumerated() {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == Column.all.count, number > 0 || fields == Column.all.map(\.name) else {
                let names = Column.all.map(\.name).joined(separator: ", ")
                throw Malformed(line: number + 1, reason: "the columns, separated by tabs, are \(names)")
            }
            if number == 0 { continue }
            for (column, value) in zip(Column.all, fields) where !column.takes(value) {
                throw Malformed(line: number + 1, reason: "\(column.name) is '\(value)'; it takes \(column.kind)")
            }
            guard let observable = Rule.Observability(rawValue: fields[4]) else { continue }
            rules.append(
                Rule(
                    id: fields[0], level: fields[3], observable: observable, meaning: fields[5], rabbitmq: fields[6],
                    noCase: fields[7]))
        }
        byID = Dictionary(rules.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    struct Malformed: Error, CustomStringConvertible {
        var line: Int
        var reason: String
        var description: String { "rules.tsv, line \(line): \(reason)" }
    }
}

/// A column of the catalogue, and what it takes; README.md explains the values.
private struct Column: Sendable {
    var name: String
    /// The values, in words.
    var kind: String
    var takes: @Sendable (String) -> Bool

    init(_ name: String, _ kind: String = "anything", takes: @escaping @Sendable (String) -> Bool = { _ in true }) {
        (self.name, self.kind, self.takes) = (name, kind, takes)
    }

    init(_ name: String, oneOf values: [String]) {
        self.init(name, values.map { $0.isEmpty ? "nothing" : $0 }.joined(separator: ", ")) { values.contains($0) }
    }

    /// The error codes as the specification spells them: `not-found`.
    private static let errors = ReplyCode.all.filter { $0.scope != nil }.compactMap(\.name).map {
        $0.lowercased().replacing("_", with: "-")
    }

    static let all = [
        Column("id", "words, a slash and words: basic.ack.multiple/exists") {
            $0.wholeMatch(of: /[a-z][a-z0-9.-]*(\/[a-z0-9_.-]+)+/) != nil
        },
        Column("on-failure", oneOf: [""] + errors), Column("binds", oneOf: ["server", "client", "both"]),
        Column("level", oneOf: ["MUST", "SHOULD", "MAY"]),
        Column("observable", oneOf: Rule.Observability.allCases.map(\.rawValue)),
        Column("meaning", "a sentence") { !$0.isEmpty }, Column("rabbitmq"), Column("no-case"),
    ]
}

/// Where the suite's own files are: beside its sources, so that the data needs no bundle and a ledger can read the cases.
enum Files {
    static let package = URL(filePath: SourceTree.top)
    static let suite = package.appending(path: "Sources/ConformanceSuite")
}
