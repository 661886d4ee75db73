import AMQPWire

/// What a client refers to: names, and arguments with their values.
extension ClientRule {
    static let names: [ClientRule] =
        [
            sends("exchange.declare.exchange/syntax", ExchangeDeclare.self) { declare, _ in
                .unless(
                    !declare.exchange.isEmpty && hasPlainLetters(declare.exchange),
                    "an exchange called '\(declare.exchange)'")
            },
            sends("queue.declare.queue/syntax", QueueDeclare.self) { declare, _ in
                .unless(hasPlainLetters(declare.queue), "a queue called '\(declare.queue)'")
            },
            exercised("queue.declare.queue/default-name", by: QueueDeclare.self) { declare, _ in declare.queue.isEmpty
            },
            exercised("rabbitmq/queue.declare/name-length", by: QueueDeclare.self) { declare, _ in
                declare.queue.count > 127
            },
            sends("rabbitmq/passive-declare/without-name", QueueDeclare.self) { declare, _ in
                declare.passive ? .unless(!declare.queue.isEmpty, "a passive queue.declare without a name") : nil
            },
            sends("queue.bind.queue/queue-known", QueueBind.self) { known($0.queue, $1) },
            sends("queue.unbind.queue/queue-known", QueueUnbind.self) { known($0.queue, $1) },
            sends("queue.purge.queue/queue-known", QueuePurge.self) { known($0.queue, $1) },
            sends("queue.delete.queue/queue-known", QueueDelete.self) { known($0.queue, $1) },
            exercised("rabbitmq/queue.declare/last-declared-shortcut", by: BasicConsume.self) { consume, _ in
                consume.queue.isEmpty
            },
            sends("spec/4.2.5.5/field-name-start", BasicPublish.self) { _, moment in
                moment.properties?.headers.flatMap(fieldNames)
            },
            sends("spec/4.2.5.5/field-name-start", QueueDeclare.self) { declare, _ in fieldNames(declare.arguments) },
            sends("spec/4.2.5.5/field-name-start", ExchangeDeclare.self) { declare, _ in fieldNames(declare.arguments)
            },
            sends("spec/4.2.5.5/field-name-start", QueueBind.self) { bind, _ in fieldNames(bind.arguments) },
            sends("spec/4.2.5.5/field-name-start", ConnectionStartOk.self) { ok, _ in fieldNames(ok.clientProperties) },
            exercised("rabbitmq/names/line-breaks", by: QueueDeclare.self) { declare, _ in
                declare.queue.octets.contains { $0 == 10 || $0 == 13 }
            },
        ]
        + refused("exchange.declare.exchange/reserved", ExchangeDeclare.self, .accessRefused, saying: "reserved") {
            isReserved($0.exchange)
        }
        + refused("queue.declare.queue/reserved", QueueDeclare.self, .accessRefused, saying: "reserved") {
            isReserved($0.queue)
        }
        + refused("spec/3.1.10/naming-conventions", ExchangeDeclare.self, .accessRefused, saying: "reserved")
        + refused("spec/3.1.10/naming-conventions", QueueDeclare.self, .accessRefused, saying: "reserved")

    static let arguments: [ClientRule] = queueArguments + otherArguments

    private static let queueArguments: [ClientRule] = [
        argument("rabbitmq/message-ttl/negative", "x-message-ttl", "a whole number from 0") { isAtLeast(0, $0) },
        argument("rabbitmq/message-ttl/queue-argument", "x-message-ttl") { _ in true },
        argument("rabbitmq/message-ttl/integer-widths", "x-message-ttl", "", isTrue, when: { isAtLeast(0, $0) }),
        argument("rabbitmq/message-ttl/zero", "x-message-ttl") { _ in
            true
        } when: {
            $0.integer == 0
        },
        argument("rabbitmq/queue-expires/zero", "x-expires", "a whole number from 1") { isAtLeast(1, $0) },
        argument("rabbitmq/queue-expires/unused", "x-expires") { _ in true },
        argument("rabbitmq/max-length/invalid", "x-max-length", "a whole number from 0") { isAtLeast(0, $0) },
        argument("rabbitmq/max-length/invalid", "x-max-length-bytes", "a whole number from 0") { isAtLeast(0, $0) },
        argument("rabbitmq/max-length/invalid", "x-overflow", "drop-head, reject-publish or reject-publish-dlx") {
            ["drop-head", "reject-publish", "reject-publish-dlx"].contains($0.text)
        },
        argument("rabbitmq/max-length/drop-head", "x-max-length") { _ in true },
        argument("rabbitmq/max-length/bytes", "x-max-length-bytes") { _ in true },
        argument("rabbitmq/max-length/reject-publish-nack", "x-overflow") { _ in
            true
        } when: {
            $0.text == "reject-publish"
        },
        argument("rabbitmq/max-length/reject-publish-dlx", "x-overflow") { _ in
            true
        } when: {
            $0.text == "reject-publish-dlx"
        },
        argument("rabbitmq/priority-queue/range", "x-max-priority", "a whole number from 0 to 255") {
            $0.integer.map { (0...255).contains($0) } == true
        },
        argument("rabbitmq/priority-queue/order", "x-max-priority") { _ in true },
        argument("rabbitmq/dead-letter/bad-type", "x-dead-letter-exchange", "text") { $0.text != nil },
        argument("rabbitmq/dead-letter/bad-type", "x-dead-letter-routing-key", "text") { $0.text != nil },
        argument("rabbitmq/dead-letter/override-key", "x-dead-letter-routing-key") { _ in true },
        argument("rabbitmq/dead-letter/default-exchange", "x-dead-letter-exchange") { _ in
            true
        } when: {
            $0.text == ""
        },
        argument("rabbitmq/single-active-consumer/equivalence", "x-single-active-consumer", "true or false") {
            $0.bool != nil
        },
        argument("rabbitmq/single-active-consumer/one-at-a-time", "x-single-active-consumer") { _ in true },
        argument("rabbitmq/queue.declare/queue-mode", "x-queue-mode", "default or lazy") {
            ["default", "lazy"].contains($0.text)
        },
        argument("rabbitmq/queue.declare/queue-version", "x-queue-version", "1 or 2") {
            $0.integer.map { (1...2).contains($0) } ?? false
        },
        argument("rabbitmq/limits/longest-time", "x-message-ttl", "ten years at most") { isAtMostTenYears($0) },
        argument("rabbitmq/limits/longest-time", "x-expires", "ten years at most") { isAtMostTenYears($0) },
        argument("rabbitmq/queue.declare/queue-type", "x-queue-type", "classic, quorum or stream") {
            ["classic", "quorum", "stream"].contains($0.text)
        },
        argument("rabbitmq/queue.declare/queue-master-locator", "x-queue-master-locator", "text") { $0.text != nil },
        argument("rabbitmq/consumer-timeout/queue-argument", "x-consumer-timeout") { _ in true },
        sends("rabbitmq/dead-letter/key-without-exchange", QueueDeclare.self) { declare, _ in
            guard declare.arguments["x-dead-letter-routing-key"] != nil else { return nil }
            return .unless(
                declare.arguments["x-dead-letter-exchange"] != nil, "a dead-letter key without a dead-letter exchange")
        },
        sends("rabbitmq/queue.declare/arguments-of-other-types", QueueDeclare.self) { declare, _ in
            let type = declare.arguments["x-queue-type"]?.text ?? "classic"
            let strange = [
                "x-quorum-initial-group-size", "x-delivery-limit", "x-max-age", "x-stream-max-segment-size-bytes",
            ]
            .filter { declare.arguments[ShortString(truncating: $0)] != nil }
            guard !strange.isEmpty else { return nil }
            return .unless(type != "classic", "\(enumeration(strange)) on a classic queue")
        },
        exercised("rabbitmq/queue.declare/unknown-x-argument", by: QueueDeclare.self) { declare, _ in
            declare.arguments.names.contains { $0.hasPrefix("x-") && !knownArguments.contains($0) }
        },
    ]

    private static let otherArguments: [ClientRule] = [
        sends("rabbitmq/alternate-exchange/bad-type", ExchangeDeclare.self) { declare, _ in
            declare.arguments["alternate-exchange"].map { .unless($0.text != nil, "alternate-exchange is \($0)") }
        },
        exercised("rabbitmq/alternate-exchange/unroutable-goes-there", by: ExchangeDeclare.self) { declare, _ in
            declare.arguments["alternate-exchange"] != nil
        },
        sends("rabbitmq/consumer-priority/integer-only", BasicConsume.self) { consume, _ in
            consume.arguments["x-priority"].map { .unless($0.integer != nil, "x-priority is \($0)") }
        },
        exercised("rabbitmq/consumer-priority/higher-first", by: BasicConsume.self) { consume, _ in
            consume.arguments["x-priority"] != nil
        },
        sends("rabbitmq/limits/argument-type", QueueDeclare.self) { declare, _ in
            let wrong = declare.arguments.fields.filter { field in
                numbers.contains(field.name) && field.value.integer == nil
                    || texts.contains(field.name) && field.value.text == nil
            }
            guard !declare.arguments.isEmpty else { return nil }
            return .unless(wrong.isEmpty, "\(enumeration(wrong.map { "\($0.name): \($0.value)" })) has the wrong type")
        },
        sends("rabbitmq/headers-exchange/bad-x-match", QueueBind.self) { bind, _ in
            guard let match = bind.arguments["x-match"] else { return nil }
            return .unless(["all", "any", "all-with-x", "any-with-x"].contains(match.text), "x-match is \(match)")
        },
        exercised("spec/3.1.3.4/match-all", by: QueueBind.self) { bind, _ in bind.arguments["x-match"]?.text == "all" },
        exercised("spec/3.1.3.4/match-any", by: QueueBind.self) { bind, _ in bind.arguments["x-match"]?.text == "any" },
        sends("rabbitmq/consistent-hash/bad-weight", QueueBind.self) { bind, moment in
            guard moment.session.exchangeTypes[bind.exchange] == "x-consistent-hash" else { return nil }
            return .unless(
                Int(bind.routingKey.text).map { $0 > 0 } == true, "a weight of '\(bind.routingKey)'")
        },
        sends("rabbitmq/consistent-hash/bad-arguments", ExchangeDeclare.self) { declare, _ in
            guard declare.type == "x-consistent-hash", !declare.arguments.isEmpty else { return nil }
            let (header, property) = (declare.arguments["hash-header"], declare.arguments["hash-property"])
            let isKnown = property.map { ["message_id", "correlation_id", "timestamp"].contains($0.text) } ?? true
            return .unless(isKnown && (header == nil || property == nil), "arguments \(declare.arguments)")
        },
    ]

    private static func isAtMostTenYears(_ value: FieldValue) -> Bool { value.integer ?? 0 <= 315_360_000_000 }

    private static let numbers: Set<ShortString> = [
        "x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes", "x-max-priority",
    ]
    private static let texts: Set<ShortString> = [
        "x-dead-letter-exchange", "x-dead-letter-routing-key", "x-overflow", "x-queue-mode", "x-queue-type",
        "x-queue-master-locator",
    ]
    /// Those that mean something to some type of queue, in some release.
    static let knownArguments = numbers.union(texts).union([
        "x-single-active-consumer", "x-consumer-timeout", "x-consumer-disconnected-timeout", "x-queue-version",
        "x-queue-leader-locator", "x-delivery-limit", "x-dead-letter-strategy", "x-max-in-memory-length",
        "x-max-in-memory-bytes", "x-quorum-initial-group-size", "x-delayed-retry-type", "x-delayed-retry-min",
        "x-delayed-retry-max", "x-max-age", "x-stream-max-segment-size-bytes", "x-stream-filter-size-bytes",
        "x-initial-cluster-size",
    ])

    /// Of a queue's argument that is there: kept, if its value is as it has to be.
    private static func argument(
        _ id: String, _ name: ShortString, _ wanted: String = "",
        _ isKept: @escaping @Sendable (FieldValue) -> Bool,
        when concerns: @escaping @Sendable (FieldValue) -> Bool = { _ in true }
    ) -> ClientRule {
        sends(id, QueueDeclare.self) { declare, _ in
            guard !declare.passive, let value = declare.arguments[name], concerns(value) else { return nil }
            return .unless(isKept(value), "\(name) is \(value), and takes \(wanted)")
        }
    }

    private static let isTrue: @Sendable (FieldValue) -> Bool = { _ in true }

    private static func isAtLeast(_ least: Int64, _ value: FieldValue) -> Bool {
        value.integer.map { $0 >= least } == true
    }

    /// Letters, digits, hyphen, underscore, period, colon (`queue-name` and `exchange-name` of the specification).
    private static func hasPlainLetters(_ name: ShortString) -> Bool {
        name.octets.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_.:".utf8.contains(octet)
            }
        }
    }

    static func isReserved(_ name: ShortString) -> Bool { name.hasPrefix("amq.") }

    private static func known(_ queue: ShortString, _ moment: Moment) -> Judgement? {
        guard queue.isEmpty, let channel = moment.channel else { return nil }
        return .unless(channel.hasDeclaredQueue, "no queue name, and none was declared on the channel")
    }

    private static func fieldNames(_ table: FieldTable) -> Judgement? {
        guard !table.isEmpty else { return nil }
        let strange = table.names.filter { name in
            guard let first = name.octets.first else { return true }
            let isLetter = (65...90).contains(first) || (97...122).contains(first)
            return !isLetter && first != UInt8(ascii: "$") && first != UInt8(ascii: "#")
        }
        return .unless(strange.isEmpty, "a field called \(enumeration(strange.map { "'\($0)'" }))")
    }
}
