import AMQPClient
import TutorialKit

/// 2.3: refuses a task for good, or puts it back.
///
/// What is rejected without requeueing is gone. What is put back goes to its old place, so with one worker it comes back at
/// once: a loop as fast as the machine. Chapter 9 has the cure.
func solution2_3(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let queue = try await channel.declareQueue("task_queue", durable: true)
    try await channel.qos(prefetchCount: 1)
    let tasks = try await queue.consume()
    Console.print(" [*] Waiting for messages. To exit press CTRL+C")

    for try await task in tasks {
        Console.print(" [x] Received '\(task.text)'")
        if task.text.contains("bad") {
            try await task.reject(requeue: false)
        } else if task.text.contains("later") {
            try await task.nack(requeue: true)
        } else {
            try await Task.sleep(for: .seconds(1) * task.text.count { $0 == "." })
            Console.print(" [x] Done")
            try await task.ack()
        }
    }
    try await connection.close()
}
