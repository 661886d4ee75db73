import AMQPClient
import TutorialKit

/// 2.2: says when a task may have been begun before.
///
/// `redelivered` is the broker's word for "I handed this out already, and it came back". It does not say whether any work
/// was done: the first worker may have died before or after it.
func solution2_2(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let queue = try await channel.declareQueue("task_queue", durable: true)
    try await channel.qos(prefetchCount: 1)
    let tasks = try await queue.consume()
    Console.print(" [*] Waiting for messages. To exit press CTRL+C")

    for try await task in tasks {
        if task.redelivered { Console.print(" [x] Again") }
        Console.print(" [x] Received '\(task.text)'")
        try await Task.sleep(for: .seconds(1) * task.text.count { $0 == "." })
        Console.print(" [x] Done")
        try await task.ack()
    }
    try await connection.close()
}
