import AMQPClient

func confirmsPublish(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    if fault == "right-declares" || fault == "ignores-return" {
        try await channel.declareQueue("orders", durable: true)
    }
    if fault == "other-channel" { try await trial.connection.openChannel().selectConfirms() }
    let isUnconfirmed = ["no-select", "no-wait", "closes-later", "other-channel"].contains(fault)
    if fault != "no-select", fault != "other-channel" { try await channel.selectConfirms() }
    var isTaken = true
    for number in 1...3 {
        let order = Message("Order \(number)", persistent: true)
        let isMandatory = fault != "not-mandatory"
        if isUnconfirmed {
            try await channel.publish(order, routingKey: "orders", mandatory: isMandatory)
            continue
        }
        do throws(AMQPError) {
            try await channel.publishAndConfirm(order, routingKey: "orders", mandatory: isMandatory)
        } catch {
            if fault == "swallows-cut", error.scope == .connection { return }
            guard error.code == .noRoute || error.kind == .nacked else { throw error }
            if fault == "ignores-nack", error.kind == .nacked { continue }
            if fault == "ignores-return", error.code == .noRoute { continue }
            trial.print(error.kind == .nacked ? "Refused" : "Returned")
            isTaken = false
        }
    }
    if fault == "closes-later" {
        try await Task.sleep(for: .milliseconds(500))
        return try await trial.connection.closeAtOnce()
    }
    try await trial.end()
    if fault == "fails" { throw NoSuchProgram(description: "out of luck") }
    if !isTaken { throw NoSuchProgram(description: "not all orders were taken") }
}

func confirmsReceive(_ trial: Trial) async throws {
    try await trial.channel.declareQueue("orders", durable: true)
    for try await order in try await trial.channel.consume("orders") where trial.fault != "never-acks" {
        try await trial.channel.ack(order.deliveryTag)
    }
}
