import AMQPClient
import TutorialKit

/// 8.1: every message that has a format, whichever.
///
/// A binding's argument without a value (`void` in a field table) asks for the header to be there, and no more.
func solution8_1(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let logs = try await channel.declareExchange("headers_logs", type: .headers)
    let queue = try await channel.declareQueue(exclusive: true)
    try await queue.bind(to: logs, arguments: ["x-match": "all", "format": .void])

    let messages = try await queue.consume(noAck: true)
    Console.print(" [*] Waiting for logs. To exit press CTRL+C")
    for try await message in messages {
        Console.print(" [x] '\(message.text)'")
    }
    try await connection.close()
}
