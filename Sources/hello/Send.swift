import AMQPClient
import TutorialKit

/// Puts messages into the queue `hello`.
func send(_ messages: some Sequence<String>, to broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()

    // Both sides declare the queue: the first one creates it. A message to a queue that doesn't exist is dropped.
    try await channel.declareQueue("hello")

    for text in messages {
        // No exchange is named, so this is the default exchange: the routing key is the name of a queue.
        try await channel.publish(Message(text), routingKey: "hello")
        Console.print(" [x] Sent '\(text)'")
    }

    // Returns when the broker has answered. By then the broker has everything that was sent before.
    try await connection.close()
}
