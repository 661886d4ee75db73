import AMQPClient
import TutorialKit

/// 3.2: copies of this program share the messages; every other receiver still gets all of them.
///
/// A queue is a reader's own copy of everything; consumers of *one* queue share what is in it. So the copies need a queue
/// that they all know by name.
func solution3_2(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let logs = try await channel.declareExchange("logs", type: .fanout)
    let queue = try await channel.declareQueue("shared_logs", autoDelete: true)
    try await queue.bind(to: logs)

    let messages = try await queue.consume(noAck: true)
    Console.print(" [*] Waiting for logs. To exit press CTRL+C")
    for try await message in messages {
        Console.print(" [x] '\(message.text)'")
    }
    try await connection.close()
}
