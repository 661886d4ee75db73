import AMQPClient
import TutorialKit

/// Prints the messages that have all, or any, of these headers.
func receive(_ match: String, of headers: FieldTable, from broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let logs = try await channel.declareExchange("headers_logs", type: .headers)
    let queue = try await channel.declareQueue(exclusive: true)

    // The binding's arguments say what we want. One of them, x-match, says how to compare: all, or any.
    var arguments = headers
    arguments["x-match"] = .string(match)
    try await queue.bind(to: logs, arguments: arguments)

    let messages = try await queue.consume(noAck: true)
    Console.print(" [*] Waiting for logs. To exit press CTRL+C")

    for try await message in messages {
        Console.print(" [x] '\(line(message.properties.headers))':'\(message.text)'")
    }
    try await connection.close()
}
