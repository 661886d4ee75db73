import AMQPWire
import Testing

@testable import BrokerCore

/// What is said of declarations that are refused, as RabbitMQ 3.10.8, 4.0.5 and 4.3.6 said it of the same ones.
@Suite("Refusals of queue declarations have RabbitMQ's words") struct QuorumWordsTests {
    /// A declaration of a durable queue `q`, perhaps one after another, and what is said of it; nil: it is taken.
    struct Refusal: Sendable {
        var name: ShortString = "q"
        var durable = true
        var exclusive = false
        var autoDelete = false
        var first: FieldTable
        var second: FieldTable?
        var words: [Dialect: String] = [:]

        /// By all releases; or by some, and taken by the others.
        func says(_ text: String?, in dialects: Dialect...) -> Refusal {
            var refusal = self
            for dialect in dialects.isEmpty ? Dialect.allCases : dialects { refusal.words[dialect] = text }
            return refusal
        }
    }

    @Test(arguments: refusals, Dialect.allCases) func words(_ refusal: Refusal, _ dialect: Dialect) throws {
        let rig = Rig { $0.dialect = dialect }
        let client = try rig.open()
        for arguments in [refusal.first, refusal.second].compactMap({ $0 }) {
            #expect(client.takeClose() == nil)
            client.send(
                QueueDeclare(
                    queue: refusal.name, durable: refusal.durable, exclusive: refusal.exclusive,
                    autoDelete: refusal.autoDelete, arguments: arguments))
        }
        withExtendedLifetime(rig) {
            #expect(client.takeClose()?.text == refusal.words[dialect].map { "PRECONDITION_FAILED - \($0)" })
        }
    }
}

private let quorum: FieldTable = ["x-queue-type": "quorum"]

private func quorum(_ name: ShortString, _ value: FieldValue) -> FieldTable {
    ["x-queue-type": "quorum", name: value]
}

private func invalid(_ argument: String, _ reason: String) -> String {
    "invalid arg '\(argument)' for queue 'q' in vhost '/'\(reason)"
}

private let refusals: [QuorumWordsTests.Refusal] = [
    .init(durable: false, first: quorum)
        .says("invalid property 'non-durable' for queue 'q' in vhost '/'"),
    .init(exclusive: true, first: quorum)
        .says("invalid property 'exclusive-owner' for queue 'q' in vhost '/'"),
    .init(autoDelete: true, first: quorum)
        .says("invalid property 'auto-delete' for queue 'q' in vhost '/'"),
    .init(name: "", first: quorum)
        .says("Cannot declare a server-named queue for type rabbit_quorum_queue"),
    .init(first: quorum("x-max-priority", 5))
        .says(invalid("x-max-priority", " of queue type rabbit_quorum_queue")),
    .init(first: quorum("x-queue-mode", "lazy"))
        .says(invalid("x-queue-mode", " of queue type rabbit_quorum_queue")),
    .init(first: quorum("x-queue-version", 2))
        .says(invalid("x-queue-version", " of queue type rabbit_quorum_queue")),
    .init(first: quorum("x-queue-master-locator", "random"))
        .says(invalid("x-queue-master-locator", " of queue type rabbit_quorum_queue")),
    .init(first: quorum("x-max-age", "1h"))
        .says(invalid("x-max-age", " of queue type rabbit_quorum_queue")),
    .init(first: quorum("x-stream-max-segment-size-bytes", 1000))
        .says(invalid("x-stream-max-segment-size-bytes", " of queue type rabbit_quorum_queue")),
    .init(first: quorum("x-initial-cluster-size", 1))
        .says(invalid("x-initial-cluster-size", " of queue type rabbit_quorum_queue")),
    .init(first: quorum("x-stream-filter-size-bytes", 16))
        .says(invalid("x-stream-filter-size-bytes", " of queue type rabbit_quorum_queue"), in: .v4_3),
    .init(first: ["x-queue-type": "classic", "x-delivery-limit": 5])
        .says(invalid("x-delivery-limit", " of queue type rabbit_classic_queue")),
    .init(first: ["x-queue-type": "classic", "x-dead-letter-strategy": 5])
        .says(invalid("x-dead-letter-strategy", " of queue type rabbit_classic_queue")),
    .init(first: ["x-queue-type": "classic", "x-max-in-memory-length": 5])
        .says(invalid("x-max-in-memory-length", " of queue type rabbit_classic_queue")),
    .init(first: ["x-queue-type": "classic", "x-max-in-memory-bytes": 5])
        .says(invalid("x-max-in-memory-bytes", " of queue type rabbit_classic_queue")),
    .init(first: ["x-queue-type": "classic", "x-quorum-initial-group-size": 5])
        .says(invalid("x-quorum-initial-group-size", " of queue type rabbit_classic_queue")),
    .init(first: ["x-queue-type": "classic", "x-queue-leader-locator": "random"])
        .says(invalid("x-queue-leader-locator", " of queue type rabbit_classic_queue"), in: .v3_10),
    .init(first: ["x-queue-type": "classic", "x-consumer-timeout": 5])
        .says(invalid("x-consumer-timeout", " of queue type rabbit_classic_queue"), in: .v4_3),
    .init(first: ["x-queue-type": "classic", "x-consumer-disconnected-timeout": 5])
        .says(invalid("x-consumer-disconnected-timeout", " of queue type rabbit_classic_queue"), in: .v4_3),
    .init(first: ["x-queue-type": "classic", "x-delayed-retry-type": 5])
        .says(invalid("x-delayed-retry-type", " of queue type rabbit_classic_queue"), in: .v4_3),
    .init(first: ["x-queue-type": "classic", "x-delayed-retry-min": 5])
        .says(invalid("x-delayed-retry-min", " of queue type rabbit_classic_queue"), in: .v4_3),
    .init(first: ["x-queue-type": "classic", "x-delayed-retry-max": 5])
        .says(invalid("x-delayed-retry-max", " of queue type rabbit_classic_queue"), in: .v4_3),
    .init(first: quorum("x-max-in-memory-length", "a"))
        .says(invalid("x-max-in-memory-length", #": "expected integer, got longstr""#)),
    .init(first: quorum("x-max-in-memory-length", -1))
        .says(invalid("x-max-in-memory-length", ": {value_negative,-1}")),
    .init(first: quorum("x-max-in-memory-length", 0)),
    .init(first: quorum("x-max-in-memory-bytes", "a"))
        .says(invalid("x-max-in-memory-bytes", #": "expected integer, got longstr""#)),
    .init(first: quorum("x-max-in-memory-bytes", -1))
        .says(invalid("x-max-in-memory-bytes", ": {value_negative,-1}")),
    .init(first: quorum("x-max-in-memory-bytes", 0)),
    .init(first: quorum("x-quorum-initial-group-size", "a"))
        .says(invalid("x-quorum-initial-group-size", #": "expected integer, got longstr""#)),
    .init(first: quorum("x-quorum-initial-group-size", -1))
        .says(invalid("x-quorum-initial-group-size", ": {value_negative,-1}")),
    .init(first: quorum("x-quorum-initial-group-size", 0))
        .says(invalid("x-quorum-initial-group-size", ": {value_zero,0}")),
    .init(first: quorum("x-max-length", "a"))
        .says(invalid("x-max-length", #": "expected integer, got longstr""#)),
    .init(first: quorum("x-max-length", -1))
        .says(invalid("x-max-length", ": {value_negative,-1}")),
    .init(first: quorum("x-max-length", 0)),
    .init(first: quorum("x-message-ttl", "a"))
        .says(invalid("x-message-ttl", #": "expected integer, got longstr""#)),
    .init(first: quorum("x-message-ttl", -1))
        .says(invalid("x-message-ttl", ": {value_negative,-1}")),
    .init(first: quorum("x-message-ttl", 0)),
    .init(first: quorum("x-expires", "a"))
        .says(invalid("x-expires", #": "expected integer, got longstr""#)),
    .init(first: quorum("x-expires", -1))
        .says(invalid("x-expires", ": {value_negative,-1}")),
    .init(first: quorum("x-expires", 0))
        .says(invalid("x-expires", ": {value_zero,0}")),
    .init(first: quorum("x-consumer-timeout", "a"))
        .says(invalid("x-consumer-timeout", #": "expected integer, got longstr""#), in: .v4_3),
    .init(first: quorum("x-consumer-timeout", -1))
        .says(invalid("x-consumer-timeout", ": {value_negative,-1}"), in: .v4_3),
    .init(first: quorum("x-consumer-timeout", 0)),
    .init(first: quorum("x-consumer-disconnected-timeout", "a"))
        .says(invalid("x-consumer-disconnected-timeout", #": "expected integer, got longstr""#), in: .v4_3),
    .init(first: quorum("x-consumer-disconnected-timeout", -1))
        .says(invalid("x-consumer-disconnected-timeout", ": {value_negative,-1}"), in: .v4_3),
    .init(first: quorum("x-consumer-disconnected-timeout", 0)),
    .init(first: quorum("x-delayed-retry-min", "a")),
    .init(first: quorum("x-delayed-retry-min", -1)),
    .init(first: quorum("x-delayed-retry-min", 0)),
    .init(first: quorum("x-dead-letter-strategy", "sometimes"))
        .says(invalid("x-dead-letter-strategy", ": invalid_dlx_strategy")),
    .init(first: quorum("x-dead-letter-strategy", 5))
        .says(invalid("x-dead-letter-strategy", ": {unacceptable_type,signedint}")),
    .init(first: quorum("x-queue-leader-locator", "nearby"))
        .says(invalid("x-queue-leader-locator", ": invalid_queue_locator_arg")),
    .init(first: quorum("x-queue-leader-locator", 5))
        .says(invalid("x-queue-leader-locator", ": {unacceptable_type,signedint}")),
    .init(first: quorum("x-overflow", "drop-tail"))
        .says(invalid("x-overflow", ": invalid_overflow")),
    .init(first: quorum("x-overflow", 5))
        .says(invalid("x-overflow", ": {unacceptable_type,signedint}")),
    .init(first: quorum("x-single-active-consumer", "yes"))
        .says(invalid("x-single-active-consumer", ": {unacceptable_type,longstr}")),
    .init(first: quorum("x-dead-letter-routing-key", "k"))
        .says(invalid("x-dead-letter-routing-key", ": routing_key_but_no_dlx_defined")),
    .init(first: ["x-queue-type": "majority"])
        .says(invalid("x-queue-type", #": "unsupported queue type 'majority'""#)),
    .init(first: ["x-queue-type": 5])
        .says(invalid("x-queue-type", ": {unacceptable_type,signedint}")),
    .init(first: ["x-queue-type": ""])
        .says(invalid("x-queue-type", #": "unsupported queue type ''""#), in: .v3_10, .v4_0),
    .init(first: quorum("x-delivery-limit", 3), second: quorum("x-delivery-limit", 4))
        .says("inequivalent arg 'x-delivery-limit' for queue 'q' in vhost '/': received '4' but current is '3'"),
    .init(first: quorum("x-delivery-limit", 3), second: quorum)
        .says(
            "inequivalent arg 'x-delivery-limit' for queue 'q' in vhost '/': received none but current is the value '3' of type 'signedint'"
        ),
    .init(first: quorum, second: quorum("x-dead-letter-strategy", "at-least-once"))
        .says(
            "inequivalent arg 'x-dead-letter-strategy' for queue 'q' in vhost '/': received the value 'at-least-once' of type 'longstr' but current is none"
        ),
    .init(first: quorum("x-max-length", 1), second: quorum)
        .says(
            "inequivalent arg 'x-max-length' for queue 'q' in vhost '/': received none but current is the value '1' of type 'signedint'"
        ),
    .init(first: [:], second: quorum)
        .says(
            "inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received the value 'quorum' of type 'longstr' but current is none",
            in: .v3_10
        )
        .says(
            "inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received 'quorum' but current is 'classic'",
            in: .v4_0, .v4_3),
    .init(first: ["x-queue-type": "classic"], second: quorum)
        .says("inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received 'quorum' but current is 'classic'"),
    .init(first: quorum, second: ["x-queue-type": "classic"])
        .says("inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received 'classic' but current is 'quorum'"),
    .init(first: quorum, second: [:])
        .says(
            "inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received none but current is the value 'quorum' of type 'longstr'",
            in: .v3_10
        )
        .says(
            "inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received 'classic' but current is 'quorum'",
            in: .v4_0, .v4_3),
    .init(first: quorum, second: ["x-queue-type": "stream"])
        .says("inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received 'stream' but current is 'quorum'"),
]
