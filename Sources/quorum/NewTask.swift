import AMQPClient
import TutorialKit

/// Hands out payments through the queue `payments`.
func newTask(_ payments: some Sequence<String>, to broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    try await declareQueues(on: channel)

    for payment in payments {
        let message = Message(payment, persistent: true)
        // The confirm of a quorum queue comes when most of its machines have the message on disk. Before that, the machine
        // that took it may die, and the message with it.
        try await channel.publishAndConfirm(message, routingKey: "payments", mandatory: true)
        Console.print(" [x] Confirmed '\(payment)'")
    }
    try await connection.close()
}
