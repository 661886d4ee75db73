import AMQPClient
import TutorialKit

/// 9.2: brings the jobs of `jobs.dead` back, for another three attempts.
///
/// The broker keeps the `x-death` that it finds in a message, so a job that still has it would be at its fourth attempt.
/// First there, then gone from here: whoever dies in between has the job twice, not never.
func solution9_2(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    while let job = try await channel.get("jobs.dead") {
        var message = job.message
        message.properties.headers?["x-death"] = nil
        try await channel.publishAndConfirm(message, routingKey: "jobs", mandatory: true)
        Console.print(" [x] Brought back '\(job.text)'")
        try await job.ack()
    }
    try await connection.close()
}
