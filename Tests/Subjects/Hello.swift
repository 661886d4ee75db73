import AMQPClient

func helloSend(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    if fault != "undeclared" {
        try await channel.declareQueue("hello", durable: fault == "durable", exclusive: fault == "exclusive")
    }
    let exchange = fault == "right-exchange" ? "greetings" : ""
    if !exchange.isEmpty {
        try await channel.declareExchange(exchange, type: .direct)
        try await channel.bindQueue("hello", to: exchange, routingKey: "hello")
    }
    for _ in 0..<(fault == "right-thousands" ? 20_000 : 1) {
        try await channel.publish(
            Message("Hello"), exchange: exchange, routingKey: fault == "misspelt" ? "helo" : "hello")
    }
    if fault == "fails" {
        try await channel.qos(prefetchCount: 0)
        throw NoSuchProgram(description: "out of luck")
    }
    try await trial.end()
}

func helloReceive(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    if fault != "undeclared" { try await channel.declareQueue("hello", durable: fault == "durable") }
    while fault == "right-gets" {
        if let message = try await channel.get("hello") {
            try await channel.ack(message.deliveryTag)
        } else {
            try await Task.sleep(for: .milliseconds(10))
        }
    }
    let without = ["right", "undeclared", "both-acks", "crashes", "durable"]
    for try await message in try await channel.consume("hello", noAck: without.contains(fault)) {
        switch fault {
        case "right", "never-acks", "durable": break
        case "crashes": throw NoSuchProgram(description: "no use for '\(message.text)'")
        case "rejects": try await channel.reject(message.deliveryTag, requeue: false)
        default: try await channel.ack(message.deliveryTag)  // right-acks once
        }
        if fault == "acks-twice" { try await channel.ack(message.deliveryTag) }
    }
}
