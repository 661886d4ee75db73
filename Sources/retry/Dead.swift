import AMQPClient
import TutorialKit

/// Prints the jobs that were parked in `jobs.dead`, and why.
func dead(from broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    try await declareQueues(on: channel)
    let jobs = try await channel.consume("jobs.dead")
    Console.print(" [*] Waiting for dead jobs. To exit press CTRL+C")

    for try await job in jobs {
        let headers = job.properties.headers ?? [:]
        let (attempts, reason) = (headers["attempts"]?.integer ?? 0, headers["reason"]?.text ?? "nobody says why")
        Console.print(" [x] Dead after \(attempts) attempts: '\(job.text)' (\(reason))")
        try await job.ack()
    }
    try await connection.close()
}
