import AMQPClient
import TutorialKit

/// Hands out jobs through the queue `jobs`.
func newTask(_ jobs: some Sequence<String>, to broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    try await declareQueues(on: channel)

    for job in jobs {
        try await channel.publish(Message(job, persistent: true), routingKey: "jobs")
        Console.print(" [x] Sent '\(job)'")
    }
    try await connection.close()
}
