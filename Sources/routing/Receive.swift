import AMQPClient
import TutorialKit

/// Prints the log messages of some severities.
func receive(_ severities: [String], from broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let logs = try await channel.declareExchange("direct_logs", type: .direct)
    let queue = try await channel.declareQueue(exclusive: true)

    // One binding for each severity, all to the same queue.
    for severity in severities {
        try await queue.bind(to: logs, routingKey: severity)
    }

    let messages = try await queue.consume(noAck: true)
    Console.print(" [*] Waiting for logs. To exit press CTRL+C")

    for try await message in messages {
        Console.print(" [x] '\(message.routingKey)':'\(message.text)'")
    }
    try await connection.close()
}
