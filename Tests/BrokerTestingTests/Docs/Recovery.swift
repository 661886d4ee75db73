import AMQPClient

/// Works on jobs until the task is cancelled, on whichever broker is there.
func serve(hosts: [String], _ job: @escaping @Sendable (String) async throws -> String) async throws {
    let client = Client(hosts: hosts, retry: .exponential(from: .milliseconds(200), upTo: .seconds(30)))
    let publisher = client.publisher(whileDown: .wait(upTo: .seconds(30)), resend: .atLeastOnce)
    try await client.run { session in
        try await session.channel.declareQueue("failed", durable: true)
        let jobs = try await session.channel.declareQueue(
            "jobs", durable: true, with: .deadLetter(to: "", key: "failed"))
        try await session.channel.declareQueue("results", durable: true)
        try await jobs.process(concurrency: 8) { delivery in
            let result = Message(try await job(delivery.text), persistent: true)
            try await publisher.publish(result, key: "results")
        }
    }
    await publisher.close()
}

/// Says what a client is about.
func watch(_ client: Client, _ say: (String) -> Void) async throws {
    for try await state in client.states {
        switch state {
        case .connecting(let host, let attempt): say("attempt \(attempt): \(host)")
        case .connected(let host): say("connected to \(host)")
        case .waiting(let time, let error): say("again in \(time): \(error)")
        case .stopping: say("stopping")
        case .ended(let error): say(error.map { "ended: \($0)" } ?? "ended")
        }
    }
}

/// Connects, and tries again for a while. A plain `catch`, without `as AMQPError where`.
func openPatiently(_ uri: String, attempts: Int) async throws(AMQPError) -> Connection {
    var attempt = 1
    while true {
        do throws(AMQPError) {
            return try await Connection.open(uri)
        } catch {
            if error.kind != .unreachable || attempt == attempts { throw error }
            attempt += 1
        }
    }
}
