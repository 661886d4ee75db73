import AMQPClient

func orderEmit(_ trial: Trial) async throws {
    let (channel, fault, account) = (trial.channel, trial.fault, trial.words[0])
    let isHeader = fault == "right-header"
    if fault != "to-queue" {
        try await channel.declareExchange(
            "accounts", type: fault == "wrong-type" ? .direct : "x-consistent-hash", durable: true,
            arguments: isHeader ? ["hash-header": "account"] : [:])
    }
    let key =
        switch fault {
        case "no-key": ""
        case "random-key": "\(UInt64.random(in: 0 ... .max))"
        case "right-header": "deposit"
        case "to-queue": "accounts.1"
        default: account
        }
    let headers: FieldTable? = isHeader ? ["account": .string(account)] : nil
    try await channel.publish(
        Message("Hello", persistent: true, properties: BasicProperties(headers: headers)),
        exchange: fault == "to-queue" ? "" : "accounts", routingKey: key)
    try await trial.end()
}

func orderWork(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    let accounts = try await channel.declareExchange("accounts", type: "x-consistent-hash", durable: true)
    let queue = try await channel.declareQueue(
        "accounts.1", durable: true, exclusive: fault == "exclusive",
        arguments: fault == "shared" ? [:] : ["x-single-active-consumer": true])
    try await queue.bind(to: accounts, routingKey: "1")
    try await channel.qos(prefetchCount: fault == "right-prefetch" ? 50 : 1)
    for try await message in try await queue.consume() {
        trial.print(message.text)
        if fault != "never-acks" { try await channel.ack(message.deliveryTag) }
    }
}
