import AMQPClient

func inboxOrder(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    try await channel.declareQueue("shipments", durable: true)
    if fault != "no-select" { try await channel.selectConfirms() }
    let id = fault == "same-id" ? "order" : "\(UInt64.random(in: 0 ... .max))"
    if fault != "no-outbox" { trial.notes.add(id) }
    for id in fault == "no-outbox" ? [id] : trial.notes.all {
        let shown = fault == "new-id" ? "\(UInt64.random(in: 0 ... .max))" : id
        let properties = BasicProperties(messageID: fault == "no-id" ? nil : try ShortString(shown))
        let message = Message("An order", persistent: fault != "transient", properties: properties)
        if fault == "crosses-first" { trial.notes.remove(id) }
        if fault == "no-select" {
            try await channel.publish(message, routingKey: "shipments")
        } else {
            do throws(AMQPError) {
                try await channel.publishAndConfirm(message, routingKey: "shipments")
            } catch {
                guard fault == "ignores-nack", error.kind == .nacked else { throw error }
            }
        }
        trial.notes.remove(id)
    }
    try await trial.end()
}

func inboxShip(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    try await channel.declareQueue("shipments", durable: fault != "not-durable")
    try await channel.qos(prefetchCount: 1)
    var known: [String] = []
    for try await order in try await channel.consume("shipments") {
        let id = order.properties.messageID?.text ?? ""
        let isDone =
            switch fault {
            case "no-inbox": false
            case "by-mark": order.redelivered
            case "memory": known.contains(id)
            default: trial.notes.all.contains(id)
            }
        trial.print("Got an order")
        if fault == "acks-first" { try await channel.ack(order.deliveryTag) }
        if !isDone {
            if fault == "notes-first" { trial.notes.add(id) }
            if fault != "late-note" { try await trial.work(order.text) }
            trial.print("Shipped \(order.text)")
            if fault == "late-note" { try await trial.work(order.text) }
            known.append(id)
            if fault != "notes-first" { trial.notes.add(id) }
        }
        if fault != "never-acks", fault != "acks-first" { try await channel.ack(order.deliveryTag) }
    }
}
