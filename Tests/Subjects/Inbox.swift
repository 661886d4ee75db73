import AMQPClient

func inboxOrder(_ trial: Trial) async throws {
    let (channel, mistake) = (trial.channel, trial.mistake)
    try await channel.declareQueue("shipments", durable: true)
    if mistake != "no-select" { try await channel.selectConfirms() }
    let id = mistake == "same-id" ? "order" : "\(UInt64.random(in: 0 ... .max))"
    if mistake != "no-outbox" { trial.notes.add(id) }
    for id in mistake == "no-outbox" ? [id] : trial.notes.all {
        let shown = mistake == "new-id" ? "\(UInt64.random(in: 0 ... .max))" : id
        let properties = BasicProperties(messageID: mistake == "no-id" ? nil : try ShortString(shown))
        let message = Message("An order", persistent: mistake != "transient", properties: properties)
        if mistake == "crosses-first" { trial.notes.remove(id) }
        if mistake == "no-select" {
            try await channel.publish(message, routingKey: "shipments")
        } else {
            do throws(AMQPError) {
                try await channel.publishAndConfirm(message, routingKey: "shipments")
            } catch {
                guard mistake == "ignores-nack", error.kind == .nacked else { throw error }
            }
        }
        trial.notes.remove(id)
    }
    try await trial.end()
}

func inboxShip(_ trial: Trial) async throws {
    let (channel, mistake) = (trial.channel, trial.mistake)
    try await channel.declareQueue("shipments", durable: mistake != "not-durable")
    try await channel.qos(prefetchCount: 1)
    var known: [String] = []
    for try await order in try await channel.consume("shipments") {
        let id = order.properties.messageID?.text ?? ""
        let isDone =
            switch mistake {
            case "no-inbox": false
            case "by-mark": order.redelivered
            case "memory": known.contains(id)
            default: trial.notes.all.contains(id)
            }
        trial.print("Got an order")
        if mistake == "acks-first" { try await channel.ack(order.deliveryTag) }
        if !isDone {
            if mistake == "notes-first" { trial.notes.add(id) }
            if mistake != "late-note" { try await trial.work(order.text) }
            trial.print("Shipped \(order.text)")
            if mistake == "late-note" { try await trial.work(order.text) }
            known.append(id)
            if mistake != "notes-first" { trial.notes.add(id) }
        }
        if mistake != "never-acks", mistake != "acks-first" { try await channel.ack(order.deliveryTag) }
    }
}
