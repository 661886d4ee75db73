import AMQPClient

func confirmsPublish(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    if fault != "no-select" { try await channel.selectConfirms() }
    var isTaken = true
    for number in 1...3 {
        let order = Message("Order \(number)", persistent: true)
        let isMandatory = fault != "not-mandatory"
        if fault == "no-select" || fault == "no-wait" {
            try await channel.publish(order, routingKey: "orders", mandatory: isMandatory)
            continue
        }
        do throws(AMQPError) {
            try await channel.publishAndConfirm(order, routingKey: "orders", mandatory: isMandatory)
        } catch {
            if fault == "swallows-cut", error.scope == .connection { return }
            guard error.code == .noRoute || error.kind == .nacked else { throw error }
            if fault == "ignores-nack", error.kind == .nacked { continue }
            trial.print(error.kind == .nacked ? "Refused" : "Returned")
            isTaken = false
        }
    }
    try await trial.end()
    if !isTaken { throw NoSuchProgram(description: "not all orders were taken") }
}

func confirmsReceive(_ trial: Trial) async throws {
    try await trial.channel.declareQueue("orders", durable: true)
    for try await order in try await trial.channel.consume("orders") where trial.fault != "never-acks" {
        try await trial.channel.ack(order.deliveryTag)
    }
}
