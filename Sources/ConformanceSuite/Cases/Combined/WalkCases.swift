import Testing

/// What no case thought of: steps by chance, and what a plain model says of them. A walk that goes wrong is told in the
/// fewest steps that still do. `CONFORMANCE_WALKS` takes more of them, `CONFORMANCE_SEED` others.
@Suite("Random walks, compared with a model") struct WalkCases {
    @Test(
        "A message reaches the queues that bindings lead to, once, however exchanges, queues and bindings came and went",
        .proves(
            "walks.routing",
            [
                "spec/3.1.3.1/direct-and-default", "spec/3.1.3.2/fanout-ignores-key", "spec/3.1.3.3/topic-key-words",
                "rabbitmq/exchange-to-exchange/direction", "rabbitmq/alternate-exchange/unroutable-goes-there",
            ]))
    func routing() async throws { try await Walk.check(.routing) }

    @Test(
        "Each queue has what it should have after any publishing, fetching, consuming, settling, dropping and dead-lettering",
        .proves(
            "walks.queues",
            [
                "rabbitmq/max-length/drop-head", "rabbitmq/dead-letter/rejected",
                "rabbitmq/basic.nack/original-position", "queue.purge/02",
            ]))
    func queues() async throws { try await Walk.check(.queues) }

    @Test(
        "After commits and rollbacks by chance, what was committed has happened, and nothing else",
        .proves(
            "walks.transactions",
            ["rabbitmq/tx/publish-on-commit", "rabbitmq/tx/acks-on-commit", "rabbitmq/tx/rollback-acks"]))
    func transactions() async throws { try await Walk.check(.transactions) }
}
