import AMQPClient
import Synchronization

/// A message with properties. A literal is a `ShortString`; any other text is made one, and may be too long.
func invoice(_ number: Int, for customer: String) throws -> Message {
    var message = Message("invoice \(number)", persistent: true)
    message.properties.messageID = try ShortString("invoice-\(number)")
    message.properties.type = "invoice"
    message.properties.expiration = "60000"
    message.properties.headers = ["customer": .string(customer), "number": .int64(Int64(number))]
    return message
}

/// Publishes invoices from as many tasks as there are: they share a connection, and at most 64 are on their way.
func publishInvoices(_ customers: [Int: String], by client: Client) async throws {
    let publisher = client.publisher(window: 64, resend: .atLeastOnce)
    try await withThrowingTaskGroup(of: Void.self) { group in
        for (number, customer) in customers {
            group.addTask {
                try await publisher.publish(invoice(number, for: customer), key: "invoices", mandatory: true)
            }
        }
        try await group.waitForAll()
    }
    await publisher.close()
}

/// Works on jobs. One that fails is tried again half a minute later; after the third time it goes to `jobs.failed`.
func workWithRetries(by client: Client, _ job: @escaping @Sendable (String) async throws -> Void) async throws {
    let publisher = client.publisher(resend: .atLeastOnce)
    try await client.run { session in
        let channel = session.channel
        try await channel.declareQueue("jobs.failed", durable: true)
        try await channel.declareQueue(
            "jobs.later", durable: true, with: .messageTTL(.seconds(30)), .deadLetter(to: "", key: "jobs"))
        let jobs = try await channel.declareQueue("jobs", durable: true, with: .deadLetter(to: "", key: "jobs.later"))
        try await jobs.process(concurrency: 8, failure: .reject) { delivery in
            do {
                try await job(delivery.text)
            } catch {
                if Task.isCancelled || rejections(of: delivery, from: jobs) < 2 { throw error }
                try await publisher.publish(delivery.message, key: "jobs.failed")
            }
        }
    }
    await publisher.close()
}

/// How often a delivery was rejected before, by the header that dead-lettering adds.
func rejections(of delivery: Delivery, from queue: Queue) -> Int64 {
    let deaths = delivery.properties.headers?["x-death"]?.array?.compactMap(\.table) ?? []
    let death = deaths.first { $0["queue"]?.text == queue.name && $0["reason"]?.text == "rejected" }
    return death?["count"]?.integer ?? 0
}

/// Keeps a ledger. Of all programs that run this, one gets the messages, in their order. If it ends, another does.
func keepLedger(by client: Client, _ enter: @escaping @Sendable (String) async throws -> Void) async throws {
    try await client.run { session in
        let ledger = try await session.channel.declareQueue("ledger", durable: true, with: .singleActiveConsumer)
        try await ledger.process(failure: .stop) { try await enter($0.text) }
    }
}

/// Reads a stream from an offset on. After a loss it goes on behind the last event that was shown.
func readEvents(
    by client: Client, from first: Int64, _ show: @escaping @Sendable (Int64, String) async throws -> Void
) async throws {
    let next = Atomic(first)
    try await client.run { session in
        let events = try await session.channel.declareQueue(
            "events", durable: true, with: .stream(maxOctets: 1 << 30, maxAge: .seconds(86_400)))
        try await session.channel.qos(prefetchCount: 100)
        let offset = FieldValue.int64(next.load(ordering: .relaxed))
        for try await event in try await events.consume(arguments: ["x-stream-offset": offset]) {
            guard let place = event.properties.headers?["x-stream-offset"]?.integer else { continue }
            try await show(place, event.text)
            next.store(place + 1, ordering: .relaxed)
            try await event.ack()
        }
    }
}
