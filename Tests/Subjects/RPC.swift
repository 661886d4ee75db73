import AMQPClient

func rpcServe(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    try await channel.declareQueue("rpc_queue")
    if fault != "no-prefetch" { try await channel.qos(prefetchCount: fault == "right-reversed" ? 2 : 1) }
    // Questions may be answered over another connection than they came.
    let other = fault == "right-two-connections" ? try await trial.connectAgain() : nil
    let answering = try await other?.openChannel() ?? channel
    var waiting: [Delivery] = []
    for try await request in try await channel.consume("rpc_queue", noAck: fault == "automatic") {
        waiting.append(request)
        // Two at a time, the second first.
        if fault == "right-reversed", waiting.count < 2 { continue }
        while let request = waiting.popLast() { try await serve(request, trial, answering) }
    }
}

private func serve(_ request: Delivery, _ trial: Trial, _ answering: Channel) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    if fault == "acks-first" { try await channel.ack(request.deliveryTag) }
    let properties = request.properties
    if let replyTo = properties.replyTo {
        let reply = Message(
            try answer(to: request.text, fault),
            properties: BasicProperties(correlationID: fault == "no-correlation" ? nil : properties.correlationID))
        try await answering.publish(reply, routingKey: fault == "fixed-queue" ? "answers" : replyTo.text)
        // What goes another way must have arrived before the question is done with.
        if fault == "right-two-connections" { try await answering.qos(prefetchCount: 0) }
    } else if fault == "needs-reply-to" {
        throw NoSuchProgram(description: "no reply-to")
    }
    if fault == "rejects" { return try await channel.reject(request.deliveryTag, requeue: false) }
    if fault != "acks-first", fault != "automatic" { try await channel.ack(request.deliveryTag) }
}

private func answer(to question: String, _ fault: String) throws -> String {
    guard let n = Int(question), n >= 0 else {
        if fault == "crashes" { throw NoSuchProgram(description: "'\(question)' is no number") }
        return "error: '\(question)'"
    }
    var (current, next) = (0, 1)
    for _ in 0..<min(n, 90) { (current, next) = (next, current + next) }
    return String(fault == "wrong-answer" ? current + 1 : current)
}

func rpcCall(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    let replies =
        switch fault {
        case "right-direct": "amq.rabbitmq.reply-to"
        case "right-auto-delete": try await channel.declareQueue(autoDelete: true).name
        case "shared-queue": try await channel.declareQueue("replies").name
        default: try await channel.declareQueue(exclusive: true).name
        }
    let id = fault == "constant-id" ? "1" : String(UInt64.random(in: 0...UInt64.max), radix: 16)
    let answers = try await channel.consume(replies, noAck: true)
    let question = Message(
        "30", properties: BasicProperties(correlationID: try ShortString(id), replyTo: try ShortString(replies)))
    for _ in 0..<(fault == "right-again" ? 2 : 1) { try await channel.publish(question, routingKey: "rpc_queue") }
    if fault == "right-several" {
        let more = Message(
            "31",
            properties: BasicProperties(correlationID: try ShortString(id + "-2"), replyTo: try ShortString(replies)))
        try await channel.publish(more, routingKey: "rpc_queue")
    }
    if fault != "patient" {
        Task {
            try await Task.sleep(for: trial.timeout)
            trial.print("No answer.")
            if ["right-fails", "right-several", "first-reply"].contains(fault) { trial.fail() }
            trial.breakOff()
        }
    }
    var open = fault == "right-several" ? [id, id + "-2"] : []
    for try await reply in answers {
        if fault == "right-several" {
            guard let at = open.firstIndex(of: reply.properties.correlationID?.text ?? "") else { continue }
            open.remove(at: at)
            trial.print("Got \(reply.text)")
            if open.isEmpty { break } else { continue }
        }
        if fault != "first-reply", reply.properties.correlationID?.text != id { continue }
        trial.print("Got \(reply.text)")
        break
    }
    try await trial.end()
}
