import AMQPClient
import TutorialKit

/// Does the tasks of `task_queue`, one after the other. A dot in a task stands for an amount of work.
func work(from broker: BrokerAddress, prefetch: Int, dot: Duration) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let queue = try await channel.declareQueue("task_queue", durable: true)

    // How many unacknowledged tasks this worker may have. With 1, a task goes to a worker that has nothing to do. With
    // no limit (0), the workers take turns, and one may sit on long tasks while another is idle.
    try await channel.qos(prefetchCount: prefetch)

    let tasks = try await queue.consume()
    Console.print(" [*] Waiting for messages. To exit press CTRL+C")

    for try await task in tasks {
        Console.print(" [x] Received '\(task.text)'")
        let dots = task.text.count { $0 == "." }
        try await Task.sleep(for: dot * dots)
        Console.print(" [x] Done")
        // Only now: if this worker dies before this line, the broker gives the task to another.
        try await task.ack()
    }
    try await connection.close()
}
