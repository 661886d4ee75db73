import AMQPClient

private func declarePayments(on channel: Channel, _ mistake: String) async throws {
    var arguments: FieldTable = ["x-queue-type": "quorum", "x-delivery-limit": 2]
    if mistake.hasPrefix("classic") { arguments = [:] }
    if mistake == "no-limit" { arguments["x-delivery-limit"] = nil }
    if mistake != "no-dead-letters" {
        arguments["x-dead-letter-exchange"] = ""
        arguments["x-dead-letter-routing-key"] = "payments.dead"
    }
    try await channel.declareQueue("payments", durable: true, arguments: arguments)
    try await channel.declareQueue("payments.dead", durable: true, arguments: ["x-queue-type": "quorum"])
}

func quorumNewTask(_ trial: Trial) async throws {
    let (channel, mistake) = (trial.channel, trial.mistake)
    try await declarePayments(on: channel, mistake)
    let payment = Message("A payment", persistent: !mistake.hasSuffix("transient"))
    switch mistake {
    case "no-select": try await channel.publish(payment, routingKey: "payments")
    case "no-wait":
        try await channel.selectConfirms()
        try await channel.publish(payment, routingKey: "payments")
    default:
        do throws(AMQPError) {
            try await channel.publishAndConfirm(payment, routingKey: "payments", mandatory: true)
        } catch {
            guard mistake == "ignores-nack", error.kind == .nacked else { throw error }
        }
    }
    try await trial.end()
}

private struct Crash: Error {}

/// Comes back when its connection is lost. Right or wrong, it ends at a payment that it can't make, and whoever started it starts
/// it again; with `right-restarts` it does that itself.
func quorumWork(_ trial: Trial) async throws {
    var connection = trial.connection
    while true {
        do {
            try await pay(over: connection.openChannel(), trial)
            return
        } catch let error as AMQPError {
            if trial.mistake == "goes" || error.scope != .connection || Task.isCancelled { throw error }
        } catch {
            try await connection.close()
            if trial.mistake != "right-restarts" { throw error }
        }
        connection = try await trial.connectAgain()
    }
}

private func pay(over channel: Channel, _ trial: Trial) async throws {
    try await declarePayments(on: channel, trial.mistake)
    try await channel.qos(prefetchCount: 1)
    for try await payment in try await channel.consume("payments") {
        if trial.mistake == "acks-first" { try await channel.ack(payment.deliveryTag) }
        if payment.text.contains("!") {
            if trial.mistake != "right-requeues" { throw Crash() }
            try await channel.nack(payment.deliveryTag, requeue: true)
        } else if trial.mistake != "acks-first" {
            try await channel.ack(payment.deliveryTag)
        }
    }
}

func quorumDead(_ trial: Trial) async throws {
    try await declarePayments(on: trial.channel, trial.mistake)
    for try await payment in try await trial.channel.consume("payments.dead") {
        trial.print(payment.text)
        try await trial.channel.ack(payment.deliveryTag)
    }
}
