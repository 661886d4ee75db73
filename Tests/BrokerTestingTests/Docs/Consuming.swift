import AMQPClient

/// Works on one message after the other.
func work(on queue: Queue, _ job: (String) async throws -> Void) async throws {
    try await queue.channel.qos(prefetchCount: 1)
    for try await delivery in try await queue.consume() {
        do {
            try await job(delivery.text)
            try await delivery.ack()
        } catch {
            // In a task that is cancelled, an error says nothing about the message.
            try await delivery.nack(requeue: Task.isCancelled)
        }
    }
}

/// Works on up to eight messages at a time. A job that fails twice goes to the queue `failed`.
func workTogether(on channel: Channel, _ job: @escaping @Sendable (String) async throws -> Void) async throws {
    try await channel.declareQueue("failed", durable: true)
    let jobs = try await channel.declareQueue("jobs", durable: true, with: .deadLetter(to: "", key: "failed"))
    try await jobs.process(concurrency: 8, failure: .requeueOnce) { delivery in
        try await job(delivery.text)
    }
}

/// Answers questions.
func answer(on channel: Channel) async throws {
    let prices = try await channel.declareQueue("prices", durable: true)
    try await prices.serve(concurrency: 4) { question in
        Message(question.text == "chair" ? "120" : "unknown")
    }
}

/// Asks one.
func ask(_ product: String, by client: Client) async throws -> String {
    try await client.call(Message(product), to: "prices", timeout: .seconds(5)).text
}
