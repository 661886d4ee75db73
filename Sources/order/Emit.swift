import AMQPClient
import TutorialKit

/// Sends messages about an account.
func emit(_ messages: some Sequence<String>, account: String, to broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    try await declareQueues(on: channel)
    let accounts = channel.exchange("accounts")

    for text in messages {
        // The routing key says what must stay in order: the account, not the kind of message.
        try await accounts.publish(Message(text, persistent: true), routingKey: account)
        Console.print(" [x] Sent '\(account)':'\(text)'")
    }
    try await connection.close()
}
