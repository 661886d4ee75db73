import AMQPClient

/// How often a job was rejected from `jobs`. The broker keeps count in the header `x-death`: it has an entry for each
/// queue that a message died in and each reason.
func rejections(of job: Delivery) -> Int {
    let deaths = job.properties.headers?["x-death"]?.array ?? []
    let death = deaths.compactMap(\.table).first { $0["queue"]?.text == "jobs" && $0["reason"]?.text == "rejected" }
    // Any program can send us this header, with any number in it.
    return Int(min(max(death?["count"]?.integer ?? 0, 0), 1000))
}

/// Puts a job where you can look at it, with the number of attempts and the reason.
func park(_ job: Delivery, on channel: Channel, attempts: Int, reason: String) async throws {
    var message = job.message
    var headers = message.properties.headers ?? [:]
    headers["attempts"] = .int32(Int32(attempts))
    headers["reason"] = .string(reason)
    message.properties.headers = headers
    // First there, then gone from here: if this worker dies in between, the job is in both queues, not in none.
    try await channel.publishAndConfirm(message, routingKey: "jobs.dead", mandatory: true)
    try await job.ack()
}
