import AMQPClient

func confirmsPublish(_ trial: Trial) async throws {
    let (channel, mistake) = (trial.channel, trial.mistake)
    if mistake == "right-declares" || mistake == "ignores-return" {
        try await channel.declareQueue("orders", durable: true)
    }
    if mistake == "other-channel" { try await trial.connection.openChannel().selectConfirms() }
    let isUnconfirmed = ["no-select", "no-wait", "closes-later", "other-channel"].contains(mistake)
    if mistake != "no-select", mistake != "other-channel" { try await channel.selectConfirms() }
    var isTaken = true
    for number in 1...3 {
        let order = Message("Order \(number)", persistent: true)
        let isMandatory = mistake != "not-mandatory"
        if isUnconfirmed {
            try await channel.publish(order, routingKey: "orders", mandatory: isMandatory)
            continue
        }
        do throws(AMQPError) {
            try await channel.publishAndConfirm(order, routingKey: "orders", mandatory: isMandatory)
        } catch {
            if mistake == "swallows-cut", error.scope == .connection { return }
            guard error.code == .noRoute || error.kind == .nacked else { throw error }
            if mistake == "ignores-nack", error.kind == .nacked { continue }
            if mistake == "ignores-return", error.code == .noRoute { continue }
            trial.print(error.kind == .nacked ? "Refused" : "Returned")
            isTaken = false
        }
    }
    if mistake == "closes-later" {
        try await Task.sleep(for: .milliseconds(500))
        return try await trial.connection.closeAtOnce()
    }
    try await trial.end()
    if mistake == "fails" { throw NoSuchProgram(description: "out of luck") }
    if !isTaken { throw NoSuchProgram(description: "not all orders were taken") }
}

func confirmsReceive(_ trial: Trial) async throws {
    try await trial.channel.declareQueue("orders", durable: true)
    for try await order in try await trial.channel.consume("orders") where trial.mistake != "never-acks" {
        try await trial.channel.ack(order.deliveryTag)
    }
}
