import AMQPClient
import TutorialKit

/// Sends log messages of one severity.
func emit(_ messages: some Sequence<String>, severity: String, to broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()

    // A direct exchange compares: a queue gets the message if it is bound with exactly this routing key.
    let logs = try await channel.declareExchange("direct_logs", type: .direct)

    for text in messages {
        try await logs.publish(Message(text), routingKey: severity)
        Console.print(" [x] Sent '\(severity)':'\(text)'")
    }
    try await connection.close()
}
