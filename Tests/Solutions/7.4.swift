import AMQPClient
import TutorialKit

/// 7.4: a shop with room for five orders, and nobody who works on them.
///
/// Without `x-overflow` the oldest order would be dropped to make room, and the producer would never know. With
/// `reject-publish` the broker refuses the new one, and says so instead of a confirm (`basic.nack`).
func solution7_4(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    try await channel.declareQueue(
        "orders", durable: true, arguments: ["x-max-length": 5, "x-overflow": "reject-publish"])
    Console.print(" [*] Room for five orders")
    try await connection.close()
}
