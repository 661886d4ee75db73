import AMQPClient

func helloSend(_ trial: Trial) async throws {
    if trial.fault != "undeclared" { try await trial.channel.declareQueue("hello") }
    try await trial.channel.publish(Message("Hello"), routingKey: trial.fault == "misspelt" ? "helo" : "hello")
    try await trial.end()
}

func helloReceive(_ trial: Trial) async throws {
    if trial.fault != "undeclared" { try await trial.channel.declareQueue("hello") }
    let messages = try await trial.channel.consume(
        "hello", noAck: ["right", "undeclared", "both-acks"].contains(trial.fault))
    for try await message in messages where trial.fault != "right" && trial.fault != "never-acks" {
        // right-acks once
        try await trial.channel.ack(message.deliveryTag)
        if trial.fault == "acks-twice" { try await trial.channel.ack(message.deliveryTag) }
    }
}
