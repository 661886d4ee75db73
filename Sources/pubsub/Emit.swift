import AMQPClient
import TutorialKit

/// Sends log messages to every receiver.
func emit(_ messages: some Sequence<String>, to broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()

    // A fanout exchange copies each message into every queue that is bound to it. No queue, no copy: the message is gone.
    let logs = try await channel.declareExchange("logs", type: .fanout)

    for text in messages {
        try await logs.publish(Message(text))
        Console.print(" [x] Sent '\(text)'")
    }
    try await connection.close()
}
