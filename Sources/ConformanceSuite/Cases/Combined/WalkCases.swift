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

    @Test(
        "Of several consumers each gets what it should at its turn, however they came, settled and went",
        .proves(
            "walks.consumers",
            [
                "rabbitmq/consumer-priority/higher-first", "rabbitmq/single-active-consumer/first-is-active",
                "basic.qos.prefetch-count/01", "rabbitmq/queue.declare/auto-delete-last-consumer",
            ]))
    func consumers() async throws { try await Walk.check(.consumers) }

    @Test(
        "A message whose time is over dies in its turn, and a queue that nobody uses goes",
        .proves(
            "walks.time",
            [
                "rabbitmq/per-message-ttl/expiration", "rabbitmq/dead-letter/expired",
                "rabbitmq/queue-expires/consumer-holds",
            ], needs: [.slow]))
    func time() async throws { try await Walk.check(.time) }

    @Test(
        "After restarts by chance there is all that is durable and persistent, and nothing else",
        .proves(
            "walks.restarts",
            [
                "queue.bind/durable-exchange", "rabbitmq/restart/settled", "rabbitmq/restart/deleted",
                "rabbitmq/restart/second",
            ], needs: [.restart]))
    func restarts() async throws { try await Walk.check(.restarts) }

    @Test(
        "A message that comes back to a quorum queue is counted, comes first, and dies at its limit",
        .proves(
            "walks.quorum", ["rabbitmq/quorum/delivery-count", "rabbitmq/quorum/delivery-limit"],
            needs: [.quorumQueues]))
    func quorum() async throws { try await Walk.check(.quorum) }
}
