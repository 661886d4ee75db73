import AMQPClient
import TutorialKit

/// 3.1: gets what was emitted while it was away.
///
/// The queue has a name of its own and belongs to no connection, so it is there, and bound, while the program is not. The
/// price: nobody deletes it when the program never comes back. A limit keeps it from filling the broker.
func solution3_1(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let logs = try await channel.declareExchange("logs", type: .fanout)
    let queue = try await channel.declareQueue("my_logs", durable: true, arguments: ["x-max-length": 1000])
    try await queue.bind(to: logs)

    let messages = try await queue.consume(noAck: true)
    Console.print(" [*] Waiting for logs. To exit press CTRL+C")
    for try await message in messages {
        Console.print(" [x] '\(message.text)'")
    }
    try await connection.close()
}
