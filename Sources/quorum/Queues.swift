import AMQPClient

/// Declares the two queues of this step. Every role does, since any of them may start first.
func declareQueues(on channel: Channel) async throws {
    // Where the broker is a cluster, several machines have a copy of a quorum queue. The limit: a payment that comes back
    // for the third time is not handed out again. It dies, and goes to `payments.dead`.
    try await channel.declareQueue(
        "payments", durable: true,
        arguments: [
            "x-queue-type": "quorum", "x-delivery-limit": 2,
            "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "payments.dead",
        ])

    // A payment that the broker puts aside is just as valuable, so this is a quorum queue too.
    try await channel.declareQueue("payments.dead", durable: true, arguments: ["x-queue-type": "quorum"])
}
