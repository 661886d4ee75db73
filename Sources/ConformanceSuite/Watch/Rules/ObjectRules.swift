import AMQPWire

/// Exchanges, queues and bindings: what must be there, and as declared.
extension ClientRule {
    static let objects: [ClientRule] = existence + equivalence + kinds

    private static let existence: [ClientRule] = [
        refused("exchange.delete.exchange/exists", ExchangeDelete.self, .notFound),
        refused("exchange.bind.destination/exchange-existence", ExchangeBind.self, .notFound),
        refused("exchange.bind.source/exchange-existence", ExchangeBind.self, .notFound),
        refused("rabbitmq/exchange-to-exchange/missing", ExchangeBind.self, .notFound),
        refused("rabbitmq/exchange-to-exchange/default-refused", ExchangeBind.self, .accessRefused),
        refused("exchange.unbind.destination/must-exist", ExchangeUnbind.self, .notFound),
        refused("exchange.unbind.source/must-exist", ExchangeUnbind.self, .notFound),
        refused("queue.bind.queue/must-exist", QueueBind.self, .notFound, saying: "no queue"),
        refused("queue.bind.exchange/exchange-existence", QueueBind.self, .notFound, saying: "no exchange"),
        refused("queue.unbind.queue/must-exist", QueueUnbind.self, .notFound, saying: "no queue"),
        refused("queue.unbind.exchange/must-exist", QueueUnbind.self, .notFound, saying: "no exchange"),
        refused("queue.purge.queue/must-exist", QueuePurge.self, .notFound),
        refused("queue.delete.queue/must-exist", QueueDelete.self, .notFound),
        refused("queue.declare.exclusive/exclusive", QueueDeclare.self, .resourceLocked),
        refused("queue.declare.exclusive/exclusive", BasicConsume.self, .resourceLocked),
        refused("basic.consume.exclusive/01", BasicConsume.self, .accessRefused, saying: "exclusive") { $0.exclusive },
        refused(
            "rabbitmq/single-active-consumer/no-exclusive", BasicConsume.self, .accessRefused, saying: "single active"
        ) {
            $0.exclusive
        },
        refused("rabbitmq/exchange.delete/predeclared", ExchangeDelete.self, .accessRefused) {
            isReserved($0.exchange)
        },
        refused("rabbitmq/permissions/configure", QueueDeclare.self, .accessRefused, saying: "access to"),
        refused("rabbitmq/permissions/read", BasicConsume.self, .accessRefused, saying: "access to"),
        refused("exchange.declare.type/support", ExchangeDeclare.self, .commandInvalid),
    ].flatMap { $0 }

    private static let equivalence: [ClientRule] = [
        refused("exchange.declare.type/typed", ExchangeDeclare.self, .preconditionFailed, saying: "'type'"),
        refused("exchange.declare.type/typed", ExchangeDeclare.self, .notAllowed),
        refused(
            "exchange.declare.passive/equivalent", ExchangeDeclare.self, .preconditionFailed, saying: "inequivalent"
        ) {
            !$0.passive
        },
        refused("queue.declare.passive/equivalent", QueueDeclare.self, .preconditionFailed, saying: "inequivalent") {
            !$0.passive
        },
        refused(
            "rabbitmq/alternate-exchange/equivalence", ExchangeDeclare.self, .preconditionFailed,
            saying: "alternate-exchange"
        ) {
            $0.arguments["alternate-exchange"] != nil
        },
        refused(
            "rabbitmq/exchange.declare/internal-equivalence", ExchangeDeclare.self, .preconditionFailed,
            saying: "'internal'"
        ) {
            $0.internal
        },
        unequal("rabbitmq/dead-letter/equivalence", "x-dead-letter-exchange"),
        unequal("rabbitmq/message-ttl/equivalence", "x-message-ttl"),
        unequal("rabbitmq/priority-queue/equivalence", "x-max-priority"),
    ].flatMap { $0 }

    private static let kinds: [ClientRule] = [
        exercised("exchange/required-types", by: ExchangeDeclare.self) { declare, _ in
            ["direct", "fanout"].contains(declare.type)
        },
        exercised("exchange/recommended-types", by: ExchangeDeclare.self) { declare, _ in
            ["topic", "headers"].contains(declare.type)
        },
        exercised("exchange.declare.durable/support", by: ExchangeDeclare.self) { declare, _ in !declare.passive },
        exercised("exchange.declare.passive/not-found", by: ExchangeDeclare.self) { declare, _ in declare.passive },
        exercised("exchange.declare.auto-delete/amq_exchange_02", by: ExchangeDeclare.self) { declare, _ in
            declare.autoDelete && !declare.passive
        },
        exercised("exchange.delete.if-unused/in-use", by: ExchangeDelete.self) { delete, _ in delete.ifUnused },
        exercised("rabbitmq/exchange-to-exchange/routes-through", by: ExchangeBind.self),
        exercised("rabbitmq/exchange-to-exchange/unbind", by: ExchangeUnbind.self),
        exercised("queue.declare/default-binding", by: BasicPublish.self) { publish, moment in
            publish.exchange.isEmpty && moment.session.queueArguments[publish.routingKey] != nil
        },
        exercised("queue.declare.passive/passive", by: QueueDeclare.self) { declare, _ in declare.passive },
        exercised("rabbitmq/passive-declare/counts", by: QueueDeclare.self) { declare, _ in declare.passive },
        exercised("rabbitmq/passive-declare/nowait", by: QueueDeclare.self) { declare, _ in
            declare.passive && declare.noWait
        },
        exercised("queue.declare.durable/types", by: QueueDeclare.self) { declare, _ in !declare.passive },
        exercised("queue.declare.durable/persistence", by: QueueDeclare.self) { declare, _ in
            declare.durable && !declare.passive
        },
        exercised("queue.declare.exclusive/types", by: QueueDeclare.self) { declare, _ in declare.exclusive },
        exercised("rabbitmq/queue.declare/auto-delete-last-consumer", by: QueueDeclare.self) { declare, _ in
            declare.autoDelete && !declare.passive
        },
        exercised("rabbitmq/queue.declare/counts", whenReceiving: QueueDeclareOk.self),
        exercised("queue.declare.auto-delete/pre-existence", by: QueueDeclare.self) { declare, moment in
            declare.autoDelete && moment.session.queueArguments[declare.queue] != nil
        },
        exercised("queue.bind/unique", by: QueueBind.self),
        exercised("spec/3.1.3.3/star-is-one-word", by: QueueBind.self) { bind, moment in
            moment.session.exchangeTypes[bind.exchange] == "topic" && bind.routingKey.octets.contains(UInt8(ascii: "*"))
        },
        exercised("spec/3.1.3.3/hash-is-any-words", by: QueueBind.self) { bind, moment in
            moment.session.exchangeTypes[bind.exchange] == "topic" && bind.routingKey.octets.contains(UInt8(ascii: "#"))
        },
        exercised("queue.unbind/01", by: QueueUnbind.self),
        exercised("queue.purge/02", by: QueuePurge.self),
        exercised("queue.delete.if-unused/in-use", by: QueueDelete.self) { delete, _ in delete.ifUnused },
        exercised("queue.delete.if-empty/not-empty", by: QueueDelete.self) { delete, _ in delete.ifEmpty },
    ]

    /// Rules about combinations that a client's program makes by what it declares.
    static let features: [ClientRule] = [
        exercised("rabbitmq/dead-letter/rejected", by: BasicReject.self) { reject, moment in
            !reject.requeue && moment.session.hasDeadLetters
        },
        exercised("rabbitmq/dead-letter/rejected", by: BasicNack.self) { nack, moment in
            !nack.requeue && moment.session.hasDeadLetters
        },
        exercised("rabbitmq/dead-letter/expired", by: QueueDeclare.self) { declare, _ in
            declare.arguments["x-dead-letter-exchange"] != nil && declare.arguments["x-message-ttl"] != nil
        },
        exercised("rabbitmq/dead-letter/maxlen", by: QueueDeclare.self) { declare, _ in
            declare.arguments["x-dead-letter-exchange"] != nil && declare.arguments["x-max-length"] != nil
        },
        exercised("rabbitmq/dead-letter/x-death-entry", whenReceiving: BasicDeliver.self) { _, moment in
            moment.properties?.headers?["x-death"]?.array != nil
        },
        exercised("rabbitmq/priority-queue/default-zero", by: BasicPublish.self) { publish, moment in
            moment.properties?.priority == nil
                && moment.session.queueArguments[publish.routingKey]?["x-max-priority"] != nil
        },
        exercised("rabbitmq/priority-queue/fifo-within", by: BasicPublish.self) { publish, moment in
            moment.properties?.priority != nil
                && moment.session.queueArguments[publish.routingKey]?["x-max-priority"] != nil
        },
    ]

    /// A queue that is declared once more with another value of an argument.
    private static func unequal(_ id: String, _ argument: ShortString) -> [ClientRule] {
        refused(id, QueueDeclare.self, .preconditionFailed, saying: argument.text) { $0.arguments[argument] != nil }
    }
}

extension WatchedSession {
    /// Whether a queue of the session's has a dead-letter exchange.
    fileprivate var hasDeadLetters: Bool {
        queueArguments.values.contains { $0["x-dead-letter-exchange"] != nil }
    }
}
