import AMQPClient
import TutorialKit

/// 1.2: takes one message, and ends.
///
/// `get` asks once, and the broker answers at once: with a message, or that there is none. Whoever asks again and again has
/// built a slow consumer; for one message it is right.
func solution1_2(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let queue = try await channel.declareQueue("hello")

    if let message = try await queue.get(noAck: true) {
        Console.print(" [x] Received '\(message.text)'")
    } else {
        Console.print(" [!] The queue is empty")
    }
    try await connection.close()
}
