import AMQPClient

func rpcServe(_ trial: Trial) async throws {
    let (channel, mistake) = (trial.channel, trial.mistake)
    try await channel.declareQueue("rpc_queue")
    if mistake != "no-prefetch" { try await channel.qos(prefetchCount: mistake == "right-reversed" ? 2 : 1) }
    // Questions may be answered over another connection than they came.
    let other = mistake == "right-two-connections" ? try await trial.connectAgain() : nil
    let answering = try await other?.openChannel() ?? channel
    var waiting: [Delivery] = []
    for try await request in try await channel.consume("rpc_queue", noAck: mistake == "automatic") {
        waiting.append(request)
        // Two at a time, the second first.
        if mistake == "right-reversed", waiting.count < 2 { continue }
        while let request = waiting.popLast() { try await serve(request, trial, answering) }
    }
}

private func serve(_ request: Delivery, _ trial: Trial, _ answering: Channel) async throws {
    let (channel, mistake) = (trial.channel, trial.mistake)
    if mistake == "acks-first" { try await channel.ack(request.deliveryTag) }
    let properties = request.properties
    if let replyTo = properties.replyTo {
        let reply = Message(
            try answer(to: request.text, mistake),
            properties: BasicProperties(correlationID: mistake == "no-correlation" ? nil : properties.correlationID))
        try await answering.publish(reply, routingKey: mistake == "fixed-queue" ? "answers" : replyTo.text)
        // What goes another way must have arrived before the question is done with.
        if mistake == "right-two-connections" { try await answering.qos(prefetchCount: 0) }
    } else if mistake == "needs-reply-to" {
        throw NoSuchProgram(description: "no reply-to")
    }
    if mistake == "rejects" { return try await channel.reject(request.deliveryTag, requeue: false) }
    if mistake != "acks-first", mistake != "automatic" { try await channel.ack(request.deliveryTag) }
}

private func answer(to question: String, _ mistake: String) throws -> String {
    guard let n = Int(question), n >= 0 else {
        if mistake == "crashes" { throw NoSuchProgram(description: "'\(question)' is no number") }
        return "error: '\(question)'"
    }
    var (current, next) = (0, 1)
    for _ in 0..<min(n, 90) { (current, next) = (next, current + next) }
    return String(mistake == "wrong-answer" ? current + 1 : current)
}

func rpcCall(_ trial: Trial) async throws {
    let (channel, mistake) = (trial.channel, trial.mistake)
    let replies =
        switch mistake {
        case "right-direct": "amq.rabbitmq.reply-to"
        case "right-auto-delete": try await channel.declareQueue(autoDelete: true).name
        case "shared-queue": try await channel.declareQueue("replies").name
        default: try await channel.declareQueue(exclusive: true).name
        }
    let id = mistake == "constant-id" ? "1" : String(UInt64.random(in: 0...UInt64.max), radix: 16)
    let answers = try await channel.consume(replies, noAck: true)
    let question = Message(
        "30", properties: BasicProperties(correlationID: try ShortString(id), replyTo: try ShortString(replies)))
    for _ in 0..<(mistake == "right-again" ? 2 : 1) { try await channel.publish(question, routingKey: "rpc_queue") }
    if mistake == "right-several" {
        let more = Message(
            "31",
            properties: BasicProperties(correlationID: try ShortString(id + "-2"), replyTo: try ShortString(replies)))
        try await channel.publish(more, routingKey: "rpc_queue")
    }
    if mistake != "patient" {
        Task {
            try await Task.sleep(for: trial.timeout)
            trial.print("No answer.")
            if ["right-fails", "right-several", "first-reply"].contains(mistake) { trial.fail() }
            trial.breakOff()
        }
    }
    var open = mistake == "right-several" ? [id, id + "-2"] : []
    for try await reply in answers {
        if mistake == "right-several" {
            guard let at = open.firstIndex(of: reply.properties.correlationID?.text ?? "") else { continue }
            open.remove(at: at)
            trial.print("Got \(reply.text)")
            if open.isEmpty { break } else { continue }
        }
        if mistake != "first-reply", reply.properties.correlationID?.text != id { continue }
        trial.print("Got \(reply.text)")
        break
    }
    try await trial.end()
}
