import AMQPClient

func retryNewTask(_ trial: Trial) async throws {
    try await declareJobs(trial)
    let job = Message("A job", persistent: trial.mistake != "transient")
    try await trial.channel.publish(job, routingKey: "jobs")
    try await trial.end()
}

/// A failed job waits for a moment only: nobody is to wait for the tests. Or for long, which is not waited for either.
private func declareJobs(_ trial: Trial) async throws {
    let (channel, mistake) = (trial.channel, trial.mistake)
    let toRetry: FieldTable = ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs.retry"]
    let isWithout = ["no-dead-letters", "right-back-off", "at-once"].contains(mistake)
    try await channel.declareQueue("jobs", durable: mistake != "not-durable", arguments: isWithout ? [:] : toRetry)
    func declareRoom(_ name: String, _ milliseconds: Int32) async throws {
        try await channel.declareQueue(
            name, durable: true,
            arguments: [
                "x-message-ttl": .int32(milliseconds), "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": "jobs",
            ])
    }
    try await declareRoom("jobs.retry", mistake == "right-hour" ? 3_600_000 : 20)
    if mistake == "right-back-off" {
        for seconds in rooms { try await declareRoom("jobs.wait.\(seconds)", seconds * 1000) }
    }
    let week: FieldTable = ["x-message-ttl": .int32(7 * 86_400_000)]
    try await channel.declareQueue("jobs.dead", durable: true, arguments: mistake == "right-dead-ttl" ? week : [:])
}

/// Seconds that a job waits after the first attempt, and after the second.
private let rooms: [Int32] = [10, 60]

func retryWork(_ trial: Trial) async throws {
    let (channel, mistake) = (trial.channel, trial.mistake)
    try await declareJobs(trial)
    try await channel.qos(prefetchCount: mistake == "keeps" ? 2 : 1)
    for try await job in try await channel.consume("jobs") {
        let before = attempts(before: job)
        switch mistake {
        case "parks-all" where !job.text.contains("!"): try await send(job, to: "jobs.dead", trial)
        case "keeps" where !job.text.contains("!"): break
        case _ where !job.text.contains("!") || mistake == "drops": try await channel.ack(job.deliveryTag)
        case "requeues": try await channel.nack(job.deliveryTag, requeue: true)
        case "for-ever": try await channel.reject(job.deliveryTag, requeue: false)
        case _ where before >= 2 || mistake == "parks": try await send(job, to: "jobs.dead", trial)
        case "at-once": try await send(job, to: "jobs", trial)
        case "right-back-off": try await send(job, to: "jobs.wait.\(rooms[before])", trial)
        default: try await channel.reject(job.deliveryTag, requeue: false)
        }
    }
}

private func attempts(before job: Delivery) -> Int {
    let headers = job.properties.headers
    let deaths = headers?["x-death"]?.array?.compactMap(\.table) ?? []
    let rejections = deaths.first { $0["reason"]?.text == "rejected" }?["count"]?.integer ?? 0
    return Int(headers?["attempts"]?.integer ?? rejections)
}

private func send(_ job: Delivery, to queue: String, _ trial: Trial) async throws {
    var message = job.message
    if trial.mistake == "mangles" { message.body = Array("a job".utf8) }
    var headers = message.properties.headers ?? [:]
    headers["attempts"] = .int32(Int32(attempts(before: job) + 1))
    message.properties.headers = headers
    if trial.mistake == "acks-first" {
        try await trial.channel.ack(job.deliveryTag)
        return try await trial.channel.publish(message, routingKey: queue)
    }
    if trial.mistake.contains("other-connection") {
        let other = try await trial.connectAgain()
        let channel = try await other.openChannel()
        if trial.mistake == "right-other-connection" {
            try await channel.publishAndConfirm(message, routingKey: queue, mandatory: true)
        } else {
            try await channel.publish(message, routingKey: queue)
        }
        try await trial.channel.ack(job.deliveryTag)
        return try await other.close()
    }
    try await trial.channel.publishAndConfirm(message, routingKey: queue, mandatory: true)
    try await trial.channel.ack(job.deliveryTag)
}

func retryDead(_ trial: Trial) async throws {
    try await declareJobs(trial)
    for try await job in try await trial.channel.consume("jobs.dead") {
        trial.print(job.text)
        try await trial.channel.ack(job.deliveryTag)
    }
}
