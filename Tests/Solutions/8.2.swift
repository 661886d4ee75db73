import AMQPClient
import TutorialKit

/// 8.2: a number as a number.
///
/// The exchange compares type and value. A receiver that has bound the text "10" gets nothing of this; both sides must agree
/// on what a size is, as they must on its name.
func solution8_2(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let logs = try await channel.declareExchange("headers_logs", type: .headers)
    try await logs.publish(Message("Hello World!", properties: BasicProperties(headers: ["size": .int64(10)])))
    Console.print(" [x] Sent 'size=10':'Hello World!'")
    try await connection.close()
}
