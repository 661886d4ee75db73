import AMQPClient
import TutorialKit

/// Prints the log messages whose key matches one of the patterns.
func receive(_ patterns: [String], from broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let logs = try await channel.declareExchange("topic_logs", type: .topic)
    let queue = try await channel.declareQueue(exclusive: true)

    // In a pattern, * stands for exactly one word, # for any number of words, including none.
    for pattern in patterns {
        try await queue.bind(to: logs, routingKey: pattern)
    }

    // A message that matches two of the patterns still comes once: it is the same queue.
    let messages = try await queue.consume(noAck: true)
    Console.print(" [*] Waiting for logs. To exit press CTRL+C")

    for try await message in messages {
        Console.print(" [x] '\(message.routingKey)':'\(message.text)'")
    }
    try await connection.close()
}
