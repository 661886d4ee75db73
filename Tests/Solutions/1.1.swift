import AMQPClient
import TutorialKit

/// 1.1: the key is misspelt, and the producer is told.
///
/// The exchange knows whether any queue took the message, so the answer comes from there, some time after `publish` has
/// returned. Without `mandatory` the message would be dropped without a word.
func solution1_1(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    try await channel.declareQueue("hello")

    // Before the publish: a return that nobody listens for is gone.
    let returns = channel.returns
    try await channel.publish(Message("Hello World!"), routingKey: "helo", mandatory: true)
    Console.print(" [x] Sent 'Hello World!'")

    for try await returned in returns {
        Console.print(" [!] Returned: \(returned.replyText)")
        break
    }
    try await connection.close()
}
