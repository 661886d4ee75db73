import AMQPClient
import TutorialKit

/// Hands out tasks through the queue `task_queue`.
func newTask(_ tasks: some Sequence<String>, to broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()

    // Two things together let a task outlive a restart of the broker: a durable queue, and persistent messages in it.
    try await channel.declareQueue("task_queue", durable: true)

    for task in tasks {
        try await channel.publish(Message(task, persistent: true), routingKey: "task_queue")
        Console.print(" [x] Sent '\(task)'")
    }
    try await connection.close()
}
