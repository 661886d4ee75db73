import Foundation

/// Catalogue/rules.tsv: every rule of AMQP 0-9-1 and of RabbitMQ's extensions to it, in our own words.
struct Rule: Sendable {
    enum Observability: String, Sendable {
        /// A client can see whether it holds.
        case yes
        /// A client can see it, once the broker was restarted.
        case restart
        /// Nobody can see it from outside, or only with means that no broker has to have: `noCase` says why.
        case no
    }

    var id: String
    /// The error that the specification names for a breach.
    var onFailure: String
    /// Who has to keep it: server, client or both.
    var binds: String
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

    init(_ text: String) throws {
        rules = []
        for (number, line) in text.split(separator: "\n").enumerated().dropFirst() {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 8, let observable = Rule.Observability(rawValue: fields[4]) else {
                throw Malformed(line: number + 1, fields: fields.count)
            }
            rules.append(
                Rule(
                    id: fields[0], onFailure: fields[1], binds: fields[2], level: fields[3], observable: observable,
                    meaning: fields[5], rabbitmq: fields[6], noCase: fields[7]))
        }
        byID = Dictionary(rules.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    struct Malformed: Error, CustomStringConvertible {
        var line: Int
        var fields: Int
        var description: String {
            "rules.tsv, line \(line): 8 fields separated by tabs are needed (there are \(fields)), "
                + "the fifth being yes, restart or no"
        }
    }
}

/// Where the suite's own files are: beside its sources, so that the data needs no bundle and a ledger can read the cases.
enum Files {
    static let suite = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    static let package = suite.deletingLastPathComponent().deletingLastPathComponent()
}
