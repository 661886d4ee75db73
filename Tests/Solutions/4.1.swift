import AMQPClient
import TutorialKit

/// 4.1 and 4.2: changes what it listens to while it runs.
///
/// A binding can be made and taken away at any time. It counts for what is published from then on: an exchange keeps
/// nothing that a new binding could bring, and what is in the queue already stays there.
func solution4_1(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let logs = try await channel.declareExchange("direct_logs", type: .direct)
    let queue = try await channel.declareQueue(exclusive: true)
    try await queue.bind(to: logs, routingKey: "info")

    let messages = try await queue.consume(noAck: true)
    Console.print(" [*] Waiting for logs. To exit press CTRL+C")
    for try await message in messages {
        Console.print(" [x] '\(message.routingKey)':'\(message.text)'")
        switch message.text {
        case "more debug": try await queue.bind(to: logs, routingKey: "debug")
        case "less debug": try await queue.unbind(from: logs, routingKey: "debug")
        default: break
        }
    }
    try await connection.close()
}
