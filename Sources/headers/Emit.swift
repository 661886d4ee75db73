import AMQPClient
import TutorialKit

/// Sends messages that carry these headers.
func emit(_ messages: some Sequence<String>, headers: FieldTable, to broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()

    // A headers exchange doesn't look at the routing key. It compares fields, by their names.
    let logs = try await channel.declareExchange("headers_logs", type: .headers)

    for text in messages {
        try await logs.publish(Message(text, properties: BasicProperties(headers: headers)))
        Console.print(" [x] Sent '\(line(headers))':'\(text)'")
    }
    try await connection.close()
}
