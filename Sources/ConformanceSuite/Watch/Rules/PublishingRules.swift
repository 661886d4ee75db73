import AMQPWire

/// Publishes with their properties, confirms, transactions.
extension ClientRule {
    static let publishing: [ClientRule] = publishes + properties + confirms + transactions

    private static let publishes: [ClientRule] =
        [
            exercised("basic.publish.exchange/default-exchange", by: BasicPublish.self) { publish, _ in
                publish.exchange.isEmpty
            },
            exercised("basic.publish.mandatory/01", by: BasicPublish.self) { publish, _ in publish.mandatory },
            exercised("basic.publish.immediate/01", by: BasicPublish.self) { publish, _ in publish.immediate },
            exercised("spec/3.1.1/body-untouched", by: BasicPublish.self),
            exercised("spec/4.7/ordering", by: BasicPublish.self) { _, moment in (moment.channel?.published ?? 0) > 0 },
            ofType("fanout", "spec/3.1.3.2/fanout-ignores-key"),
            ofType("direct", "queue.bind.routing-key/direct-exchange-key-matching"),
            ofType("topic", "spec/3.1.3.3/topic-key-words"),
            ofType("headers", "spec/3.1.3.4/key-ignored"),
            ofType("x-consistent-hash", "rabbitmq/consistent-hash/one-destination"),
            ofType("x-local-random", "rabbitmq/local-random/one-queue"),
            ofType("x-modulus-hash", "rabbitmq/modulus-hash/one-destination"),
            sends("rabbitmq/firehose/exchange-internal", BasicPublish.self) { publish, _ in
                publish.exchange == "amq.rabbitmq.trace" ? .broken("basic.publish to \(publish.exchange)") : nil
            },
        ]
        + refused("basic.publish.exchange/must-exist", BasicPublish.self, .notFound) { !$0.exchange.isEmpty }
        + refused("basic.publish.exchange/02", BasicPublish.self, .accessRefused, saying: "internal")
        + refused("rabbitmq/exchange.declare/internal-publish", BasicPublish.self, .accessRefused, saying: "internal")
        + refused("rabbitmq/permissions/write", BasicPublish.self, .accessRefused, saying: "access to")
        + refused("rabbitmq/limits/message-size", BasicPublish.self, .preconditionFailed, saying: "size")

    private static let properties: [ClientRule] =
        [
            exercised("spec/4.2.6.1/properties", by: BasicPublish.self) { _, moment in
                moment.properties.map { $0 != BasicProperties() } == true
            },
            exercised("spec/4.2.5.5/field-types", by: BasicPublish.self) { _, moment in
                moment.properties?.headers?.isEmpty == false
            },
            exercised("basic/01", by: BasicPublish.self) { _, moment in moment.properties?.isPersistent == true },
            exercised("basic/07", by: BasicPublish.self) { _, moment in moment.properties?.priority != nil },
            sends("rabbitmq/per-message-ttl/invalid", BasicPublish.self) { _, moment in
                moment.properties?.expiration.map { expiration in
                    .unless(
                        !expiration.isEmpty && expiration.octets.allSatisfy { (48...57).contains($0) },
                        "an expiration of '\(expiration)'")
                }
            },
            exercised("rabbitmq/per-message-ttl/expiration", by: BasicPublish.self) { _, moment in
                moment.properties?.expiration != nil
            },
            sends("rabbitmq/sender-selected/not-array", BasicPublish.self) { _, moment in
                let values = [moment.properties?.headers?["CC"], moment.properties?.headers?["BCC"]].compactMap { $0 }
                guard !values.isEmpty else { return nil }
                return .unless(values.allSatisfy { $0.array != nil }, "CC or BCC is not an array")
            },
            exercised("rabbitmq/sender-selected/cc", by: BasicPublish.self) { _, moment in
                moment.properties?.headers?["CC"] != nil
            },
            exercised("rabbitmq/sender-selected/bcc", by: BasicPublish.self) { _, moment in
                moment.properties?.headers?["BCC"] != nil
            },
            exercised("rabbitmq/sender-selected/case", by: BasicPublish.self) { _, moment in
                moment.properties?.headers?["cc"] != nil
            },
            exercised("rabbitmq/validated-user-id/absent", by: BasicPublish.self) { _, moment in
                moment.properties.map { $0.userID == nil } == true
            },
            sends("rabbitmq/direct-reply-to/consume-first", BasicPublish.self) { _, moment in
                guard moment.properties?.replyTo == replyTo else { return nil }
                return .unless(
                    moment.session.channels.values.contains(where: hasReplyConsumer), "no consumer of \(replyTo) yet")
            },
            sends("rabbitmq/direct-reply-to/same-channel", BasicPublish.self) { _, moment in
                guard moment.properties?.replyTo == replyTo, let channel = moment.channel else { return nil }
                return .unless(hasReplyConsumer(channel), "the consumer of \(replyTo) is not on this channel")
            },
            sends("rabbitmq/direct-reply-to/no-ack-only", BasicConsume.self) { consume, _ in
                consume.queue == replyTo ? .unless(consume.noAck, "\(replyTo) is consumed with acknowledgements") : nil
            },
            sends("rabbitmq/direct-reply-to/one-consumer", BasicConsume.self) { consume, moment in
                guard consume.queue == replyTo, let channel = moment.channel else { return nil }
                return .unless(!hasReplyConsumer(channel), "a second consumer of \(replyTo) on the channel")
            },
            exercised("rabbitmq/direct-reply-to/round-trip", by: BasicPublish.self) { publish, _ in
                publish.exchange.isEmpty && publish.routingKey.hasPrefix("amq.rabbitmq.reply-to.")
            },
        ]
        + refused("rabbitmq/validated-user-id/mismatch", BasicPublish.self, .preconditionFailed, saying: "user_id")

    private static let confirms: [ClientRule] = [
        exercised("rabbitmq/publisher-confirms/select-ok", by: ConfirmSelect.self) { select, _ in !select.noWait },
        exercised("rabbitmq/publisher-confirms/select-nowait", by: ConfirmSelect.self) { select, _ in select.noWait },
        sends("rabbitmq/publisher-confirms/select-idempotent", ConfirmSelect.self) { _, moment in
            moment.channel?.confirms == true ? .exercised : nil
        },
        sends("rabbitmq/publisher-confirms/tx-then-confirm", ConfirmSelect.self) { _, moment in
            moment.channel.map { .unless(!$0.isTransactional, "confirm.select on a transactional channel") }
        },
        sends("rabbitmq/publisher-confirms/confirm-then-tx", TxSelect.self) { _, moment in
            moment.channel.map { .unless(!$0.confirms, "tx.select on a confirming channel") }
        },
        ofConfirms("confirm/all-messages-acknowledged"), ofConfirms("rabbitmq/publisher-confirms/numbering"),
        ofConfirms("rabbitmq/publisher-confirms/exactly-one-answer"),
        ofConfirms("rabbitmq/publisher-confirms/order-not-promised"),
        ofConfirms("rabbitmq/publisher-confirms/persistent-after-disk") { $1.properties?.isPersistent == true },
        ofConfirms("rabbitmq/publisher-confirms/transient-acked") { $1.properties?.isPersistent == false },
        ofConfirms("rabbitmq/publisher-confirms/mandatory-return-before-ack") { publish, _ in publish.mandatory },
        exercised("rabbitmq/publisher-confirms/channel-scoped", by: ConfirmSelect.self) { _, moment in
            moment.session.channels.contains { $0.key != moment.number && $0.value.confirms }
        },
        exercised("rabbitmq/publisher-confirms/multiple-ack", whenReceiving: BasicAck.self) { ack, _ in ack.multiple },
        exercised("basic.nack/04", whenReceiving: BasicNack.self),
        exercised("confirm/unroutable-messages", whenReceiving: BasicReturn.self) { _, moment in
            moment.channel?.confirms == true
        },
    ]

    private static let transactions: [ClientRule] = [
        sends("tx.commit/transacted", TxCommit.self) { _, moment in
            moment.channel.map { .unless($0.isTransactional, "tx.commit without tx.select") }
        },
        sends("tx.rollback/transacted", TxRollback.self) { _, moment in
            moment.channel.map { .unless($0.isTransactional, "tx.rollback without tx.select") }
        },
        exercised("rabbitmq/tx/publish-on-commit", by: TxCommit.self),
        exercised("rabbitmq/tx/rollback-publish", by: TxRollback.self),
        exercised("rabbitmq/tx/new-tx-implicit", by: TxCommit.self),
        sends("tx/not-mandatory", BasicPublish.self) { publish, moment in
            moment.channel?.isTransactional == true
                ? .unless(!publish.mandatory, "a mandatory publish in a transaction") : nil
        },
        sends("tx/not-immediate", BasicPublish.self) { publish, moment in
            moment.channel?.isTransactional == true
                ? .unless(!publish.immediate, "an immediate publish in a transaction") : nil
        },
    ]

    private static let replyTo: ShortString = "amq.rabbitmq.reply-to"

    private static func hasReplyConsumer(_ channel: WatchedChannel) -> Bool {
        channel.consumers.values.contains { $0.queue == replyTo }
    }

    /// Exercised by a publish to an exchange of that type.
    private static func ofType(_ type: String, _ id: String) -> ClientRule {
        exercised(id, by: BasicPublish.self) { publish, moment in
            moment.session.exchangeTypes[publish.exchange] == type
        }
    }

    /// Exercised by a publish that is to be confirmed.
    private static func ofConfirms(
        _ id: String, _ holds: @escaping @Sendable (BasicPublish, Moment) -> Bool = { _, _ in true }
    ) -> ClientRule {
        exercised(id, by: BasicPublish.self) { publish, moment in
            moment.channel?.confirms == true && holds(publish, moment)
        }
    }
}
