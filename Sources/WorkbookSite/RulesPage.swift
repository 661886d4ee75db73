import Foundation

/// The catalogue of rules as a page, so that a rule's name in a chapter leads to what it says.
struct RulesPage {
    static let path = "rules.html"

    private struct Rule {
        var id: String
        var binds: String
        var level: String
        var meaning: String
        var rabbitmq: String
    }

    private let rules: [Rule]
    private let ids: Set<String>

    /// Throws when the catalogue can't be read.
    init(root: URL) throws {
        let file = root.appending(path: "Sources/ConformanceSuite/Catalogue/rules.tsv")
        let lines = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
        let names = lines.first?.components(separatedBy: "\t") ?? []
        rules = lines.dropFirst().compactMap { line in
            let fields = Dictionary(zip(names, line.components(separatedBy: "\t"))) { first, _ in first }
            guard let id = fields["id"], !id.isEmpty else { return nil }
            return Rule(
                id: id, binds: fields["binds"] ?? "", level: fields["level"] ?? "", meaning: fields["meaning"] ?? "",
                rabbitmq: fields["rabbitmq"] ?? "")
        }
        ids = Set(rules.map(\.id))
    }

    func has(_ id: String) -> Bool { ids.contains(id) }

    /// For the search.
    var entries: [SearchIndex.Entry] {
        rules.map { rule in
            let difference = rule.rabbitmq.isEmpty ? "" : " RabbitMQ: \(rule.rabbitmq)"
            return SearchIndex.Entry(
                way: "\(Self.path)#\(rule.id)", place: "The rules", title: rule.id, text: rule.meaning + difference)
        }
    }

    var html: String {
        let entries = rules.map { rule in
            let difference = rule.rabbitmq.isEmpty ? "" : "<p>RabbitMQ: \(escaped(rule.rabbitmq))</p>"
            return """
                <section class="entry" id="\(escaped(rule.id))"><h2><code>\(escaped(rule.id))</code></h2>
                <p>\(escaped(rule.meaning))</p>\(difference)
                <p class="small">Binds the \(escaped(rule.binds)); \(escaped(rule.level)).</p></section>
                """
        }
        return """
            <h1>The rules</h1>
            <p>Every rule of AMQP 0-9-1 and of RabbitMQ's extensions that the conformance suite knows, \(rules.count) of
            them, by their names in the specification or in RabbitMQ's documentation, in our own words.</p>
            \(entries.joined(separator: "\n"))
            """
    }
}
