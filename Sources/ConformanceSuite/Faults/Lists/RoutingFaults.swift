import AMQPWire

extension Fault {
    static let routing: [Fault] =
        [
            keys("topic.hash-needs-a-word") { $0.replacing("#", with: "*.#") },
            keys("topic.hash-is-one-word") { $0.replacing("#", with: "*") },
            keys("topic.hash-is-no-wildcard") { $0.replacing("#", with: "hash") },
            keys("topic.hash-only-at-the-end") { key in
                let words = key.split(separator: ".", omittingEmptySubsequences: false)
                guard let hash = words.firstIndex(of: "#"), hash > 0 else { return key }
                return words[...hash].joined(separator: ".")
            },
            keys("topic.first-hash-ignored") { $0.hasPrefix("#.") ? String($0.dropFirst(2)) : $0 },
            keys("topic.two-hashes-match-nothing") { $0.count { $0 == "#" } > 1 ? "no" : $0 },
            keys("topic.star-is-any-words") { $0.replacing("*", with: "#") },
            keys("topic.star-is-no-wildcard") { $0.replacing("*", with: "star") },
            keys("topic.star-only-at-the-end") { key in
                key.split(separator: ".", omittingEmptySubsequences: false).enumerated()
                    .map {
                        $0.element == "*" && $0.offset + 1 < key.split(separator: ".").count ? "star" : "\($0.element)"
                    }
                    .joined(separator: ".")
            },
            keys("topic.wildcards-within-words") { key in
                key.split(separator: ".", omittingEmptySubsequences: false)
                    .map { $0.contains("*") ? "*" : $0.contains("#") ? "#" : String($0) }.joined(separator: ".")
            },
            keys("topic.plain-patterns-are-prefixes") {
                $0.contains { "*#".contains($0) } || $0.isEmpty ? $0 : $0 + ".#"
            },
            keys("topic.empty-pattern-matches-all") { $0.isEmpty ? "#" : $0 },
            keys("topic.empty-words-dropped") { $0.split(separator: ".").joined(separator: ".") },
            .published("topic.empty-words-of-keys-dropped") { publish, _ in
                publish.routingKey = publish.routingKey.changed { $0.split(separator: ".").joined(separator: ".") }
            },
            .published("topic.empty-key-matches-nothing") { publish, _ in
                if !publish.exchange.isEmpty, publish.routingKey.isEmpty {
                    (publish.exchange, publish.routingKey) = ("", "no")
                }
            },
            .published("topic.empty-key-is-no-word") { publish, _ in
                if !publish.exchange.isEmpty, publish.routingKey.isEmpty { publish.routingKey = "word" }
            },
            .published("topic.wildcards-in-keys-match") { publish, _ in
                if publish.routingKey.contains("*") || publish.routingKey.contains("#") {
                    publish.routingKey = publish.routingKey.changed {
                        $0.replacing("*", with: "b").replacing("#", with: "b")
                    }
                }
            },
            .published("routing.keys-cut-at-127") { publish, _ in
                publish.routingKey = publish.routingKey.changed { String($0.prefix(127)) }
            },
            .published("routing.keys-of-many-words-cut") { publish, _ in
                let words = publish.routingKey.text.split(separator: ".")
                if words.count > 10 { publish.routingKey = publish.routingKey.changed { String($0.prefix(10)) } }
            },
            .published("routing.keys-lower-case") { publish, _ in
                if !publish.exchange.isEmpty { publish.routingKey = publish.routingKey.changed { $0.lowercased() } }
            },
            .requests("routing.case-means-nothing", [QueueBind.id, BasicPublish.id]) { parcel, _ in
                parcel.changing { (bind: inout QueueBind) in
                    bind.routingKey = bind.routingKey.changed { $0.lowercased() }
                }
                .changing { (publish: inout BasicPublish) in
                    if !publish.exchange.isEmpty { publish.routingKey = publish.routingKey.changed { $0.lowercased() } }
                }.alone
            },
            .published("routing.keys-beyond-ascii-spoilt") { publish, _ in
                publish.routingKey = publish.routingKey.changed { String($0.map { $0.isASCII ? $0 : "?" }) }
            },
            keys("routing.empty-key-means-nothing") { $0.isEmpty ? "-" : $0 },
            .published("routing.queue-name-is-a-key-everywhere") { publish, _ in
                if publish.routingKey.text.hasPrefix("queue-") { publish.exchange = "" }
            },
            .requests("routing.default-exchange-reaches-two-queues", [QueueDeclare.id, BasicPublish.id]) {
                parcel, memory in
                if case .queueDeclare(let declare) = parcel.method, !declare.passive, !declare.queue.isEmpty {
                    memory.kept.append(parcel)
                }
                guard case .basicPublish(let publish) = parcel.method, publish.exchange.isEmpty else { return [parcel] }
                var names: Set<ShortString> = []
                for kept in memory.kept {
                    if case .queueDeclare(let declare) = kept.method { names.insert(declare.queue) }
                }
                guard names.remove(publish.routingKey) != nil else { return [parcel] }
                return [parcel]
                    + names.sorted().map { name in
                        parcel.changing { (publish: inout BasicPublish) in publish.routingKey = name }
                    }
            },
            becomes("fanout", "direct"), becomes("fanout", "topic"), becomes("direct", "fanout"),
            becomes("direct", "topic"), becomes("topic", "direct"), becomes("topic", "fanout"),
            becomes("headers", "fanout"), becomes("headers", "direct"),
            predeclared("amq.direct", "amq.fanout"), predeclared("amq.fanout", "amq.direct"),
            predeclared("amq.topic", "amq.direct"), predeclared("amq.headers", "amq.direct"),
            predeclared("amq.match", "amq.fanout"),
        ]

    /// The broker takes a binding key for another.
    private static func keys(_ name: String, _ change: @escaping @Sendable (String) -> String) -> Fault {
        .request(name) { (bind: inout QueueBind) in bind.routingKey = bind.routingKey.changed(change) }
    }

    /// Exchanges of a type work as those of another.
    private static func becomes(_ type: String, _ other: ShortString) -> Fault {
        .request("routing.\(type)-is-\(other)") { (declare: inout ExchangeDeclare) in
            if declare.type.text == type { declare.type = other }
        }
    }

    private static func predeclared(_ name: String, _ other: ShortString) -> Fault {
        .requests("routing.\(name)-is-\(other)", [QueueBind.id, BasicPublish.id]) { parcel, _ in
            parcel.changing { (bind: inout QueueBind) in if bind.exchange.text == name { bind.exchange = other } }
                .changing { (publish: inout BasicPublish) in
                    if publish.exchange.text == name { publish.exchange = other }
                }
                .alone
        }
    }

    static let headersExchange: [Fault] = [
        match("headers.all-is-any") { $0 == "all" ? "any" : $0 },
        match("headers.any-is-all") { $0 == "any" ? "all" : $0 },
        match("headers.all-with-x-is-all") { $0 == "all-with-x" ? "all" : $0 },
        match("headers.any-with-x-is-any") { $0 == "any-with-x" ? "any" : $0 },
        match("headers.x-counts-always") { $0.hasSuffix("with-x") ? $0 : $0 + "-with-x" },
        match("headers.unknown-word-is-all") { ["all", "any", "all-with-x", "any-with-x"].contains($0) ? $0 : "all" },
        arguments("headers.default-is-any") { if $0["x-match"] == nil { $0["x-match"] = "any" } },
        arguments("headers.x-match-of-any-type") { if $0["x-match"]?.text == nil { $0["x-match"] = nil } },
        arguments("headers.one-header-only") { $0.fields = Array($0.fields.prefix(2)) },
        arguments("headers.void-matches-nothing") { table in
            for (index, field) in table.fields.enumerated() where field.value == .void { table.fields[index].value = 0 }
        },
        arguments("headers.void-is-left-out") { $0.fields.removeAll { $0.value == .void } },
        arguments("headers.nothing-asked-matches-nothing") { table in
            if !table.names.contains(where: { $0.text != "x-match" }) { table["impossible"] = 1 }
        },
        arguments("headers.nothing-asked-with-any-matches") { table in
            if table.names.map(\.text) == ["x-match"] { table["x-match"] = "all" }
        },
        .requests("headers.types-mean-nothing", [QueueBind.id, BasicPublish.id]) { parcel, _ in
            parcel.changing { (bind: inout QueueBind) in bind.arguments = bind.arguments.asText }
                .changingHeaders { $0.asText }.alone
        },
        .requests("headers.case-means-nothing", [QueueBind.id, BasicPublish.id]) { parcel, _ in
            parcel.changing { (bind: inout QueueBind) in bind.arguments = bind.arguments.lowercased }
                .changingHeaders { $0.lowercased }.alone
        },
        .requests("headers.width-of-integers-matters", [BasicPublish.id]) { parcel, _ in
            parcel.changingHeaders { table in
                var table = table
                for (index, field) in table.fields.enumerated() {
                    if case .int32 = field.value { continue }
                    if let number = field.value.integer { table.fields[index].value = .string("\(number)") }
                }
                return table
            }.alone
        },
        .requests("headers.byte-arrays-are-no-text", [BasicPublish.id]) { parcel, _ in
            parcel.changingHeaders { table in
                FieldTable(
                    table.fields.map { field in
                        if case .bytes = field.value { .init(field.name, true) } else { field }
                    })
            }.alone
        },
        .requests("headers.order-means-nothing-within", [QueueBind.id, BasicPublish.id]) { parcel, _ in
            parcel.changing { (bind: inout QueueBind) in bind.arguments = bind.arguments.sortedWithin }
                .changingHeaders { $0.sortedWithin }.alone
        },
        .requests("headers.those-of-the-first-message", [BasicPublish.id]) { parcel, memory in
            guard parcel.content?.properties.headers != nil else { return [parcel] }
            memory.kept.append(parcel)
            let first = memory.kept.first?.content?.properties.headers ?? [:]
            return parcel.changingHeaders { _ in first }.alone
        },
        .requests("headers.no-more-than-asked-for", [BasicPublish.id]) { parcel, _ in
            parcel.changingHeaders { $0.count > 1 ? [:] : $0 }.alone
        },
        .requests("headers.tables-never-match", [BasicPublish.id]) { parcel, _ in
            parcel.changingHeaders { FieldTable($0.fields.filter { $0.value.table == nil }) }.alone
        },
        .requests("headers.void-in-messages-dropped", [BasicPublish.id]) { parcel, _ in
            parcel.changingHeaders { FieldTable($0.fields.filter { $0.value != .void }) }.alone
        },
        .requests("headers.void-in-messages-is-zero", [BasicPublish.id]) { parcel, _ in
            parcel.changingHeaders { table in
                FieldTable(table.fields.map { .init($0.name, $0.value == .void ? 1 : $0.value) })
            }.alone
        },
    ]

    private static func arguments(_ name: String, _ change: @escaping @Sendable (inout FieldTable) -> Void) -> Fault {
        .request(name) { (bind: inout QueueBind) in
            if !bind.arguments.isEmpty || name.contains("nothing") { change(&bind.arguments) }
        }
    }

    private static func match(_ name: String, _ change: @escaping @Sendable (String) -> String) -> Fault {
        arguments(name) { if let word = $0["x-match"]?.text { $0["x-match"] = .string(change(word)) } }
    }
}

extension Parcel {
    /// With other headers in its content, if it has some.
    func changingHeaders(_ change: (FieldTable) -> FieldTable) -> Parcel {
        var parcel = self
        if let headers = content?.properties.headers { parcel.content?.properties.headers = change(headers) }
        return parcel
    }
}

extension FieldTable {
    fileprivate var asText: FieldTable {
        FieldTable(fields.map { Field($0.name, $0.value.text == nil ? .string($0.value.description) : $0.value) })
    }

    /// With the fields of the tables in it by name.
    fileprivate var sortedWithin: FieldTable {
        FieldTable(
            fields.map { field in
                guard let table = field.value.table else { return field }
                return Field(field.name, .table(FieldTable(table.fields.sorted { $0.name < $1.name })))
            })
    }

    fileprivate var lowercased: FieldTable {
        FieldTable(
            fields.map {
                Field($0.name.changed { $0.lowercased() }, $0.value.text.map { .string($0.lowercased()) } ?? $0.value)
            })
    }
}
