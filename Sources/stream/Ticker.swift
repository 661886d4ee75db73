import AMQPClient

/// Declares the stream of this step. Both roles do, since either may start first.
func declareTicker(on channel: Channel) async throws {
    // Reading takes nothing out of a stream, so it needs a limit. Messages older than a week may go, and so may the
    // oldest when there is more than a gigabyte.
    try await channel.declareQueue(
        "ticker", durable: true,
        arguments: ["x-queue-type": "stream", "x-max-age": "7D", "x-max-length-bytes": 1_000_000_000])
}
