import AMQPClient
import TutorialKit

/// Does the jobs of the queue `jobs`. One with a `!` in it fails, each time.
func work(from broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    try await declareQueues(on: channel)
    try await channel.qos(prefetchCount: 1)
    let jobs = try await channel.consume("jobs")
    Console.print(" [*] Waiting for jobs. To exit press CTRL+C")

    for try await job in jobs {
        let attempt = rejections(of: job) + 1
        Console.print(" [x] Received '\(job.text)'")
        if !job.text.contains("!") {
            Console.print(" [x] Done")
            try await job.ack()
        } else if attempt < 3 {
            Console.print(" [!] Attempt \(attempt) failed")
            // If we requeued it, we would get it again at once. Rejected, it dies and takes the way round.
            try await job.reject(requeue: false)
        } else {
            try await park(job, on: channel, attempts: attempt, reason: "there is a '!' in it")
            Console.print(" [!] Attempt \(attempt) failed: parked")
        }
    }
    try await connection.close()
}
