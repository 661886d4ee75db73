import AMQPClient
import TutorialKit

/// Prints what comes out of the queue `hello`.
func receive(from broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let queue = try await channel.declareQueue("hello")

    // With noAck a message counts as done the moment it is sent to us. Step 2 shows what that can cost.
    let messages = try await queue.consume(noAck: true)
    Console.print(" [*] Waiting for messages. To exit press CTRL+C")

    // Ctrl-C ends the loop.
    for try await message in messages {
        Console.print(" [x] Received '\(message.text)'")
    }
    try await connection.close()
}
