import AMQPClient
import TutorialKit

/// Handles the messages of one queue, in their order.
///
/// - Parameter last: leaves at this message, with the work not done; nil: stays.
func work(on queue: Int, leavingAt last: Int? = nil, from broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    try await declareQueues(on: channel)
    try await channel.qos(prefetchCount: 1)

    // If another worker is active on this queue, we get nothing until it has gone. The broker doesn't tell us which.
    let messages = try await channel.consume("accounts.\(queue)")
    Console.print(" [*] Waiting for messages. To exit press CTRL+C")

    var count = 0
    for try await message in messages {
        count += 1
        // Redelivered: a worker before us had it, and may have done half of it.
        let again = message.redelivered ? " again" : ""
        Console.print(" [x] Received\(again) '\(message.routingKey)':'\(message.text)'")
        if count == last {
            Console.print(" [!] Left before it was done")
            // As after a crash, the broker takes back what is not acknowledged, and then the next worker has its turn.
            return try await connection.close()
        }
        // The work goes here. The next message comes only when this one is acknowledged, so none overtakes another.
        try await message.ack()
        Console.print(" [x] Done")
    }
    try await connection.close()
}
