import AMQPClient
import TutorialKit

/// Prints the log messages that are emitted while it runs.
func receive(from broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let logs = try await channel.declareExchange("logs", type: .fanout)

    // A queue of our own: the broker makes up its name, and deletes it when this connection closes.
    let queue = try await channel.declareQueue(exclusive: true)
    try await queue.bind(to: logs)

    let messages = try await queue.consume(noAck: true)
    Console.print(" [*] Waiting for logs. To exit press CTRL+C")

    for try await message in messages {
        Console.print(" [x] '\(message.text)'")
    }
    try await connection.close()
}
