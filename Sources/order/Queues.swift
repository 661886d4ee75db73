import AMQPClient

/// Declares the exchange and the two queues of this step. Every role does, since any of them may start first.
func declareQueues(on channel: Channel) async throws {
    // This exchange picks one of its queues for each message, by a hash of the routing key. Equal keys have equal
    // hashes, so everything about one account goes to the same queue.
    let accounts = try await channel.declareExchange("accounts", type: "x-consistent-hash", durable: true)

    // Any number of workers may consume from such a queue. One of them is active, and gets all the messages.
    let queues = [
        try await channel.declareQueue("accounts.1", durable: true, arguments: ["x-single-active-consumer": true]),
        try await channel.declareQueue("accounts.2", durable: true, arguments: ["x-single-active-consumer": true]),
    ]

    // Here the binding key is a number, the queue's weight. With 1 and 1, each gets about half of all accounts.
    for queue in queues { try await queue.bind(to: accounts, routingKey: "1") }
}
