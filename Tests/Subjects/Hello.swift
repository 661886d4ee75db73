import AMQPClient

func helloSend(_ trial: Trial) async throws {
    let (channel, mistake) = (trial.channel, trial.mistake)
    if mistake != "undeclared" {
        try await channel.declareQueue("hello", durable: mistake == "durable", exclusive: mistake == "exclusive")
    }
    let exchange = mistake == "right-exchange" ? "greetings" : ""
    if !exchange.isEmpty {
        try await channel.declareExchange(exchange, type: .direct)
        try await channel.bindQueue("hello", to: exchange, routingKey: "hello")
    }
    for _ in 0..<(mistake == "right-thousands" ? 20_000 : 1) {
        try await channel.publish(
            Message("Hello"), exchange: exchange, routingKey: mistake == "misspelt" ? "helo" : "hello")
    }
    if mistake == "fails" {
        try await channel.qos(prefetchCount: 0)
        throw NoSuchProgram(description: "out of luck")
    }
    try await trial.end()
}

func helloReceive(_ trial: Trial) async throws {
    let (channel, mistake) = (trial.channel, trial.mistake)
    if mistake != "undeclared" { try await channel.declareQueue("hello", durable: mistake == "durable") }
    while mistake == "right-gets" {
        if let message = try await channel.get("hello") {
            try await channel.ack(message.deliveryTag)
        } else {
            try await Task.sleep(for: .milliseconds(10))
        }
    }
    let without = ["right", "undeclared", "both-acks", "crashes", "durable"]
    for try await message in try await channel.consume("hello", noAck: without.contains(mistake)) {
        switch mistake {
        case "right", "never-acks", "durable": break
        case "crashes": throw NoSuchProgram(description: "no use for '\(message.text)'")
        case "rejects": try await channel.reject(message.deliveryTag, requeue: false)
        case "right-batch" where message.deliveryTag % 5 > 0: break
        case "right-batch": try await channel.ack(message.deliveryTag, multiple: true)
        default: try await channel.ack(message.deliveryTag)  // right-acks once
        }
        if mistake == "acks-twice" { try await channel.ack(message.deliveryTag) }
    }
}
