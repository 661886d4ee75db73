import AMQPClient

func orderEmit(_ trial: Trial) async throws {
    let (channel, mistake, account) = (trial.channel, trial.mistake, trial.words[0])
    let isHeader = mistake == "right-header"
    if mistake != "to-queue" {
        try await channel.declareExchange(
            "accounts", type: mistake == "wrong-type" ? .direct : "x-consistent-hash", durable: true,
            arguments: isHeader ? ["hash-header": "account"] : [:])
    }
    let key =
        switch mistake {
        case "no-key": ""
        case "random-key": "\(UInt64.random(in: 0 ... .max))"
        case "right-header": "deposit"
        case "to-queue": "accounts.1"
        default: account
        }
    let headers: FieldTable? = isHeader ? ["account": .string(account)] : nil
    let exchange = mistake == "to-queue" ? "" : "accounts"
    if mistake == "resends-last" || mistake == "right-resends" {
        try await emitThree(trial, key)
    } else {
        let properties = BasicProperties(headers: headers)
        try await channel.publish(
            Message("Hello", persistent: mistake != "transient", properties: properties), exchange: exchange,
            routingKey: key)
    }
    try await trial.end()
}

/// What the broker refuses is sent again: at once, or when all the others are sent.
private func emitThree(_ trial: Trial, _ account: String) async throws {
    try await trial.channel.selectConfirms()
    var texts = (1...3).map { "Hello \($0)" }
    while !texts.isEmpty {
        let text = texts.removeFirst()
        do throws(AMQPError) {
            let message = Message(text, persistent: true)
            try await trial.channel.publishAndConfirm(message, exchange: "accounts", routingKey: account)
        } catch {
            guard error.kind == .nacked else { throw error }
            texts.insert(text, at: trial.mistake == "resends-last" ? texts.count : 0)
        }
    }
}

func orderWork(_ trial: Trial) async throws {
    let (channel, mistake) = (trial.channel, trial.mistake)
    let accounts = try await channel.declareExchange("accounts", type: "x-consistent-hash", durable: true)
    let queue = try await channel.declareQueue(
        "accounts.1", durable: true, exclusive: mistake == "exclusive",
        arguments: ["shared", "right-exclusive", "right-standby"].contains(mistake)
            ? [:] : ["x-single-active-consumer": true])
    try await queue.bind(to: accounts, routingKey: "1")
    if mistake == "right-standby" { return try await standBy(trial) }
    try await channel.qos(prefetchCount: mistake == "right-prefetch" ? 50 : 1)
    for try await message in try await queue.consume(exclusive: mistake == "right-exclusive") {
        // One that was handed out before is taken for done, or is to hold up nobody.
        if message.redelivered, mistake == "skips-redelivered" || mistake == "requeues-behind" {
            if mistake == "requeues-behind" { try await channel.publish(message.message, routingKey: "accounts.1") }
            try await channel.ack(message.deliveryTag)
            continue
        }
        if mistake == "acks-first" { try await channel.ack(message.deliveryTag) }
        try await trial.work(message.text)
        trial.print(message.text)
        if mistake != "never-acks", mistake != "acks-first" { try await channel.ack(message.deliveryTag) }
    }
}

/// Tries again and again to be the only one.
private func standBy(_ trial: Trial) async throws {
    while true {
        let channel = try await trial.connection.openChannel()
        do {
            try await channel.qos(prefetchCount: 1)
            for try await message in try await channel.consume("accounts.1", exclusive: true) {
                try await trial.work(message.text)
                try await channel.ack(message.deliveryTag)
            }
        } catch let error as AMQPError where error.code == .accessRefused {
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
