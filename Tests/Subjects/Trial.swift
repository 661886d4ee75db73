import AMQPClient

/// What a program of the check's tests gets: a connection, the words behind its name, and the ways out.
struct Trial: Sendable {
    let connection: Connection
    /// Opens another connection to the same broker.
    let connectAgain: @Sendable () async throws -> Connection
    let channel: Channel
    /// What is wrong with it; `right` when nothing is.
    let mistake: String
    let words: [String]
    /// The work for a dot of a task.
    let dot: Duration
    /// How long a client waits for its answer.
    let timeout: Duration
    let print: @Sendable (String) -> Void
    /// What outlives the program, in place of a file.
    let notes: Notes
    /// Ends the program at once, with nothing said to the broker.
    let breakOff: @Sendable () -> Void
    /// The same with a status that is not 0.
    var fail: @Sendable () -> Void = {}

    /// The work for a text, by the dots in it.
    func work(_ text: String) async throws { try await Task.sleep(for: dot * text.count { $0 == "." }) }

    /// Closes the connection, or breaks off.
    func end() async throws {
        // Whatever comes of it.
        if mistake == "careless" { return (try? await connection.close()) ?? () }
        // As libraries do that don't wait for confirms by themselves.
        if mistake == "no-wait" { return try await connection.closeAtOnce() }
        guard mistake == "unclosed" else { return try await connection.close() }
        // What was published has arrived; this is about the good-bye alone.
        try await channel.qos(prefetchCount: 0)
        breakOff()
    }
}

struct NoSuchProgram: Error, CustomStringConvertible {
    let description: String
}

/// Plays a program: a step, a role, and what is wrong with it.
func play(_ step: String, _ role: String, _ trial: Trial) async throws {
    switch (step, role) {
    case ("hello", "send"): try await helloSend(trial)
    case ("hello", "receive"): try await helloReceive(trial)
    case ("worker", "new-task"): try await workerNewTask(trial)
    case ("worker", "work"): try await workerWork(trial)
    case ("pubsub", "emit"): try await pubsubEmit(trial)
    case ("pubsub", "receive"): try await pubsubReceive(trial)
    case ("routing", "emit"): try await routingEmit(trial)
    case ("routing", "receive"): try await routingReceive(trial)
    case ("topic", "emit"): try await topicEmit(trial)
    case ("topic", "receive"): try await topicReceive(trial)
    case ("rpc", "serve"): try await rpcServe(trial)
    case ("rpc", "call"): try await rpcCall(trial)
    case ("confirms", "publish"): try await confirmsPublish(trial)
    case ("confirms", "receive"): try await confirmsReceive(trial)
    case ("headers", "emit"): try await headersEmit(trial)
    case ("headers", "receive"): try await headersReceive(trial)
    case ("retry", "new-task"): try await retryNewTask(trial)
    case ("retry", "work"): try await retryWork(trial)
    case ("retry", "dead"): try await retryDead(trial)
    case ("quorum", "new-task"): try await quorumNewTask(trial)
    case ("quorum", "work"): try await quorumWork(trial)
    case ("quorum", "dead"): try await quorumDead(trial)
    case ("stream", "publish"): try await streamPublish(trial)
    case ("stream", "read"): try await streamRead(trial)
    case ("order", "emit"): try await orderEmit(trial)
    case ("order", "work"): try await orderWork(trial)
    case ("inbox", "order"): try await inboxOrder(trial)
    case ("inbox", "ship"): try await inboxShip(trial)
    default: throw NoSuchProgram(description: "there is no program '\(step) \(role)'")
    }
}
