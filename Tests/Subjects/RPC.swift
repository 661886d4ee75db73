import AMQPClient

func rpcServe(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    try await channel.declareQueue("rpc_queue")
    if fault != "no-prefetch" { try await channel.qos(prefetchCount: 1) }
    for try await request in try await channel.consume("rpc_queue", noAck: fault == "automatic") {
        if fault == "acks-first" { try await channel.ack(request.deliveryTag) }
        let properties = request.properties
        if let replyTo = properties.replyTo {
            let reply = Message(
                try answer(to: request.text, crashes: fault == "crashes"),
                properties: BasicProperties(correlationID: fault == "no-correlation" ? nil : properties.correlationID))
            try await channel.publish(reply, routingKey: fault == "fixed-queue" ? "answers" : replyTo.text)
        } else if fault == "needs-reply-to" {
            throw NoSuchProgram(description: "no reply-to")
        }
        if fault != "acks-first", fault != "automatic" { try await channel.ack(request.deliveryTag) }
    }
}

private func answer(to question: String, crashes: Bool) throws -> String {
    guard let n = Int(question), n >= 0 else {
        if crashes { throw NoSuchProgram(description: "'\(question)' is no number") }
        return "error: '\(question)'"
    }
    var (current, next) = (0, 1)
    for _ in 0..<min(n, 90) { (current, next) = (next, current + next) }
    return String(current)
}

func rpcCall(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    let isShared = fault == "shared-queue"
    let replies =
        fault == "right-direct"
        ? "amq.rabbitmq.reply-to"
        : try await channel.declareQueue(isShared ? "replies" : "", exclusive: !isShared).name
    let id = fault == "constant-id" ? "1" : String(UInt64.random(in: 0...UInt64.max), radix: 16)
    let answers = try await channel.consume(replies, noAck: true)
    let question = Message(
        "30", properties: BasicProperties(correlationID: try ShortString(id), replyTo: try ShortString(replies)))
    try await channel.publish(question, routingKey: "rpc_queue")
    if fault != "patient" {
        Task {
            try await Task.sleep(for: trial.timeout)
            trial.print("No answer.")
            trial.breakOff()
        }
    }
    for try await reply in answers {
        if fault != "first-reply", reply.properties.correlationID?.text != id { continue }
        trial.print("Got \(reply.text)")
        break
    }
    try await trial.end()
}
