import AMQPClient

private func declareTicker(_ trial: Trial) async throws {
    var arguments: FieldTable = ["x-queue-type": "stream", "x-max-age": "7D"]
    if trial.fault == "classic" { arguments = [:] }
    if trial.fault == "unlimited" { arguments["x-max-age"] = nil }
    try await trial.channel.declareQueue("ticker", durable: true, arguments: arguments)
}

func streamPublish(_ trial: Trial) async throws {
    try await declareTicker(trial)
    try await trial.channel.publish(Message("News", persistent: true), routingKey: "ticker")
    try await trial.end()
}

func streamRead(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    try await declareTicker(trial)
    if fault != "no-prefetch" { try await channel.qos(prefetchCount: 5) }
    let offset: FieldValue = trial.words.last.map { .string($0) } ?? "first"
    let news = try await channel.consume(
        "ticker", noAck: fault == "automatic", arguments: fault == "no-offset" ? [:] : ["x-stream-offset": offset])
    for try await item in news where fault != "never-acks" { try await channel.ack(item.deliveryTag) }
}
