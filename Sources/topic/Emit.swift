import AMQPClient
import TutorialKit

/// Sends log messages under a key of several words, such as `kern.critical`: where it comes from, how bad it is.
func emit(_ messages: some Sequence<String>, key: String, to broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()

    // A topic exchange compares word by word; the words are divided by dots.
    let logs = try await channel.declareExchange("topic_logs", type: .topic)

    for text in messages {
        try await logs.publish(Message(text), routingKey: key)
        Console.print(" [x] Sent '\(key)':'\(text)'")
    }
    try await connection.close()
}
