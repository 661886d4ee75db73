import AMQPWire

extension Fault {
    static let queueLimits: [Fault] =
        [
            .clock("clock.stands-still") { _ in 0 },
            .clock("clock.half-as-fast") { $0 / 2 },
            .clock("clock.three-times-as-fast") { $0 * 3 },
            .clock("clock.a-quarter-too-fast") { $0 + $0 / 4 },
            .clock("clock.ten-milliseconds-late") { max(0, $0 - 10) },
            .published("ttl.of-messages-means-nothing") { _, content in content.properties.expiration = nil },
            .published("ttl.of-messages-in-seconds") { _, content in
                if let number = content.properties.expiration.flatMap({ Int($0.text) }) {
                    content.properties.expiration = ShortString(truncating: "\(number &* 1000)")
                }
            },
            .published("ttl.any-expiration-does") { _, content in
                if let text = content.properties.expiration?.text, UInt32(text) == nil {
                    content.properties.expiration = nil
                }
            },
            .published("ttl.zero-is-for-ever") { _, content in
                if content.properties.expiration?.text == "0" { content.properties.expiration = nil }
            },
            .request("ttl.zero-is-for-ever-in-queues") { (declare: inout QueueDeclare) in
                if declare.arguments["x-message-ttl"]?.integer == 0 { declare.arguments["x-message-ttl"] = nil }
            },
            .request("ttl.of-queues-before-that-of-messages") { (declare: inout QueueDeclare) in
                declare.arguments = declare.arguments.changing("x-message-ttl") { $0 &* 10 }
            },
            .request("expires.zero-is-taken") { (declare: inout QueueDeclare) in
                if declare.arguments["x-expires"]?.integer == 0 { declare.arguments["x-expires"] = 1000 }
            },
            .request("expires.passive-declare-does-not-count") { (declare: inout QueueDeclare) in
                declare.arguments = declare.arguments.changing("x-expires") { max(1, $0 / 2) }
            },
            .request("max-length.one-too-many") { (declare: inout QueueDeclare) in
                declare.arguments = declare.arguments.changing("x-max-length") { $0 &+ 1 }
            },
            .request("max-length.one-too-few") { (declare: inout QueueDeclare) in
                declare.arguments = declare.arguments.changing("x-max-length") { max(0, $0 &- 1) }
            },
            .request("max-length.zero-is-no-limit") { (declare: inout QueueDeclare) in
                if declare.arguments["x-max-length"]?.integer == 0 { declare.arguments["x-max-length"] = nil }
            },
            .request("max-length.octets-twice") { (declare: inout QueueDeclare) in
                declare.arguments = declare.arguments.changing("x-max-length-bytes") { $0 &* 2 }
            },
            overflow("drop-head", "reject-publish"), overflow("reject-publish", "drop-head"),
            overflow("reject-publish-dlx", "reject-publish"), overflow("reject-publish", "reject-publish-dlx"),
            .request("overflow.any-word-does") { (declare: inout QueueDeclare) in
                if let word = declare.arguments["x-overflow"]?.text,
                    !["drop-head", "reject-publish", "reject-publish-dlx"].contains(word)
                {
                    declare.arguments["x-overflow"] = nil
                }
            },
            .request("overflow.new-message-dropped") { (declare: inout QueueDeclare) in
                if declare.arguments["x-max-length"] != nil || declare.arguments["x-max-length-bytes"] != nil,
                    declare.arguments["x-overflow"] == nil
                {
                    declare.arguments["x-overflow"] = "reject-publish"
                }
            },
            .published("priority.of-messages-means-nothing") { _, content in content.properties.priority = nil },
            .published("priority.upside-down") { _, content in
                content.properties.priority = content.properties.priority.map { 9 - min(9, $0) }
            },
            .published("priority.missing-is-highest") { _, content in
                if content.properties.priority == nil { content.properties.priority = 255 }
            },
            .published("priority.only-two-bands") { _, content in
                content.properties.priority = content.properties.priority.map { $0 > 4 ? 9 : 0 }
            },
            .published("priority.above-the-maximum-is-none") { _, content in
                if let priority = content.properties.priority, priority > 5 { content.properties.priority = 0 }
            },
            .request("priority.every-queue-has-some") { (declare: inout QueueDeclare) in
                if !declare.passive { declare.arguments["x-max-priority"] = 9 }
            },
            .request("consumer-timeout.not-for-consumers") { (consume: inout BasicConsume) in
                if consume.arguments["x-consumer-timeout"] != nil { consume.queue = "missing" }
            },
            .configuration("consumer-timeout.never") { $0.consumerTimeout = 1 << 40 }.asTimeGoesBy,
            .configuration("consumer-timeout.after-a-minute") { $0.consumerTimeout = 60_000 }.asTimeGoesBy,
        ]
        + [
            "x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes", "x-overflow", "x-dead-letter-exchange",
            "x-dead-letter-routing-key", "x-max-priority", "x-single-active-consumer", "x-queue-mode", "x-queue-type",
            "x-queue-master-locator",
        ].map { argument in
            .request("queue.\(argument.dropFirst(2))-means-nothing") { (declare: inout QueueDeclare) in
                declare.arguments.fields.removeAll { $0.name.text == argument }
            }
        }

    private static func overflow(_ word: String, _ other: String) -> Fault {
        .request("overflow.\(word)-is-\(other)") { (declare: inout QueueDeclare) in
            let isDefault = word == "drop-head" && declare.arguments["x-max-length"] != nil
            if declare.arguments["x-overflow"]?.text == word || isDefault && declare.arguments["x-overflow"] == nil {
                declare.arguments["x-overflow"] = .string(other)
            }
        }
    }

    static let deadLetters: [Fault] =
        [
            .request("dead-letter.to-the-default-exchange") { (declare: inout QueueDeclare) in
                if declare.arguments["x-dead-letter-exchange"] != nil {
                    declare.arguments["x-dead-letter-exchange"] = ""
                }
            },
            .published("dead-letter.foreign-entries-stay-apart") { _, content in
                guard let deaths = content.properties.headers?["x-death"]?.array, deaths.count > 2 else { return }
                let apart = deaths.enumerated().map { place, death -> FieldValue in
                    guard place > 0, var entry = death.table else { return death }
                    entry["queue"] = .string("\(entry["queue"]?.text ?? "") \(place)")
                    return .table(entry)
                }
                content.properties.headers?["x-death"] = .array(apart)
            },
            .request("dead-letter.key-is-the-queue") { (declare: inout QueueDeclare) in
                if declare.arguments["x-dead-letter-exchange"] != nil,
                    declare.arguments["x-dead-letter-routing-key"] == nil
                {
                    declare.arguments["x-dead-letter-routing-key"] = .string(declare.queue.text)
                }
            },
            .request("dead-letter.key-without-exchange-taken") { (declare: inout QueueDeclare) in
                if declare.arguments["x-dead-letter-routing-key"] != nil,
                    declare.arguments["x-dead-letter-exchange"] == nil
                {
                    declare.arguments["x-dead-letter-routing-key"] = nil
                }
            },
            .handedOver("dead-letter.without-x-death") { $0.properties.headers?["x-death"] = nil },
            .handedOver("dead-letter.only-x-death") { content in
                content.properties.headers?["x-first-death-queue"] = nil
                content.properties.headers?["x-first-death-exchange"] = nil
                content.properties.headers?["x-first-death-reason"] = nil
            },
            .handedOver("dead-letter.last-death-is-the-first") { content in
                let first = content.properties.headers?["x-first-death-queue"]
                if let first { content.properties.headers?["x-last-death-queue"] = first }
            },
            .handedOver("dead-letter.other-headers-lost") { content in
                if let death = content.properties.headers?["x-death"] {
                    content.properties.headers = ["x-death": death]
                }
            },
            .handedOver("dead-letter.expiration-kept") { content in
                if content.properties.headers?["x-death"] != nil { content.properties.expiration = "60000" }
            },
            .handedOver("dead-letter.deaths-in-other-order") { content in
                if let deaths = content.properties.headers?["x-death"]?.array {
                    content.properties.headers?["x-death"] = .array(deaths.reversed())
                }
            },
            death("reason") { _ in "died" }, death("queue") { _ in "other" }, death("exchange") { _ in "other" },
            death("count") { _ in .int64(7) }, death("time") { _ in nil }, death("routing-keys") { _ in .array([]) },
            death("original-expiration") { _ in nil },
            .request("alternate.means-nothing") { (declare: inout ExchangeDeclare) in
                declare.arguments = declare.arguments.without("alternate-exchange")
            },
            .request("alternate.of-any-type") { (declare: inout ExchangeDeclare) in
                if declare.arguments["alternate-exchange"]?.text == nil {
                    declare.arguments = declare.arguments.without("alternate-exchange")
                }
            },
            .requests("alternate.gets-everything-too", [ExchangeDeclare.id, BasicPublish.id]) { parcel, memory in
                if case .exchangeDeclare(let declare) = parcel.method,
                    let other = declare.arguments["alternate-exchange"]?.text
                {
                    memory.kept.append(parcel)
                    memory.names.insert(other)
                }
                guard case .basicPublish(let publish) = parcel.method else { return [parcel] }
                for kept in memory.kept {
                    guard case .exchangeDeclare(let declare) = kept.method, declare.exchange == publish.exchange,
                        let other = declare.arguments["alternate-exchange"]?.text
                    else { continue }
                    return [
                        parcel,
                        parcel.changing { (publish: inout BasicPublish) in
                            publish.exchange = ShortString(truncating: other)
                        },
                    ]
                }
                return [parcel]
            },
            .replies("alternate.message-says-so", deliveries) { parcel, memory in
                guard let alternate = memory.names.first else { return [parcel] }
                return parcel.changing { (ok: inout BasicGetOk) in ok.exchange = ShortString(truncating: alternate) }
                    .alone
            }.rememberingAlternates(),
            .request("alternate.missing-refused") { (declare: inout ExchangeDeclare) in
                if let name = declare.arguments["alternate-exchange"]?.text, name.hasPrefix("missing") {
                    declare.arguments["alternate-exchange"] = 1
                }
            },
            .published("alternate.mandatory-always-returned") { publish, _ in
                if publish.mandatory { (publish.exchange, publish.routingKey) = ("", "nobody") }
            },
        ]

    /// A field of each death is another; nil: it is missing.
    private static func death(_ field: ShortString, _ change: @escaping @Sendable (FieldValue) -> FieldValue?) -> Fault
    {
        .handedOver("dead-letter.wrong-\(field)") { content in
            guard let deaths = content.properties.headers?["x-death"]?.array else { return }
            content.properties.headers?["x-death"] = .array(
                deaths.map { death in
                    guard var table = death.table, let value = table[field] else { return death }
                    table[field] = change(value)
                    return .table(table)
                })
        }
    }

    private func rememberingAlternates() -> Fault {
        var fault = self
        fault.request = { parcel, memory in
            if case .exchangeDeclare(let declare) = parcel.method,
                let name = declare.arguments["alternate-exchange"]?.text
            {
                memory.names = [name]
            }
            return [parcel]
        }
        return fault
    }
}
