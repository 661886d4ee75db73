import AMQPClient

func retryNewTask(_ trial: Trial) async throws {
    try await declareJobs(trial)
    let job = Message("A job", persistent: trial.fault != "transient")
    try await trial.channel.publish(job, routingKey: "jobs")
    try await trial.end()
}

/// A failed job waits for a moment only: nobody is to wait for the tests.
private func declareJobs(_ trial: Trial) async throws {
    let toRetry: FieldTable = ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs.retry"]
    try await trial.channel.declareQueue(
        "jobs", durable: trial.fault != "not-durable", arguments: trial.fault == "no-dead-letters" ? [:] : toRetry)
    try await trial.channel.declareQueue(
        "jobs.retry", durable: true,
        arguments: ["x-message-ttl": 20, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs"])
    try await trial.channel.declareQueue("jobs.dead", durable: true)
}

func retryWork(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    try await declareJobs(trial)
    try await channel.qos(prefetchCount: 1)
    for try await job in try await channel.consume("jobs") {
        let deaths = job.properties.headers?["x-death"]?.array?.compactMap(\.table) ?? []
        let rejections = deaths.first { $0["reason"]?.text == "rejected" }?["count"]?.integer ?? 0
        switch fault {
        case _ where !job.text.contains("!") || fault == "drops": try await channel.ack(job.deliveryTag)
        case "requeues": try await channel.nack(job.deliveryTag, requeue: true)
        case _ where fault == "for-ever" || rejections < 2: try await channel.reject(job.deliveryTag, requeue: false)
        default:
            try await channel.publishAndConfirm(job.message, routingKey: "jobs.dead", mandatory: true)
            try await channel.ack(job.deliveryTag)
        }
    }
}
