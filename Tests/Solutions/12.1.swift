import AMQPClient
import TutorialKit

/// 12.1: the exchange hashes a header, and the routing key says what has happened.
///
/// An exchange's arguments are fixed when it is created, so this one has a name of its own.
func solution12_1(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let events = try await channel.declareExchange(
        "account_events", type: "x-consistent-hash", durable: true, arguments: ["hash-header": "account"])
    let properties = BasicProperties(headers: ["account": "ann"])
    try await events.publish(Message("10", persistent: true, properties: properties), routingKey: "deposit")
    Console.print(" [x] Sent 'ann':'10'")
    try await connection.close()
}
