import AMQPClient

/// Declares the three queues of this step. Every role does, since any of them may start first.
func declareQueues(on channel: Channel) async throws {
    // A job that is rejected from `jobs` goes to the default exchange, as if published with the key `jobs.retry`.
    try await channel.declareQueue(
        "jobs", durable: true,
        arguments: ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs.retry"])

    // No program reads this queue. A job waits here for a second, expires, and goes back to `jobs` the same way.
    try await channel.declareQueue(
        "jobs.retry", durable: true,
        arguments: ["x-message-ttl": 1000, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs"])

    // The jobs that no worker retries end up here.
    try await channel.declareQueue("jobs.dead", durable: true)
}
