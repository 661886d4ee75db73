import AMQPClient
import TutorialKit

/// 3.3: emits to one exchange; another passes it on to the receivers.
///
/// A binding leads from an exchange to a queue, or to another exchange. Receivers of `logs` need not know that there is
/// something in front of it.
func solution3_3(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    try await channel.declareExchange("logs", type: .fanout)
    let allLogs = try await channel.declareExchange("all_logs", type: .fanout)
    try await channel.bindExchange("logs", to: "all_logs")

    try await allLogs.publish(Message("info: Hello World!"))
    Console.print(" [x] Sent 'info: Hello World!'")
    try await connection.close()
}
