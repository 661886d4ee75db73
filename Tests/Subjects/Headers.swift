import AMQPClient

func headersEmit(_ trial: Trial) async throws {
    let (channel, mistake) = (trial.channel, trial.mistake)
    let isToQueue = mistake == "to-queue"
    if !isToQueue {
        try await channel.declareExchange("headers_logs", type: mistake == "wrong-type" ? .direct : .headers)
    }
    let hasHeaders = mistake != "no-headers"
    let words = mistake == "half" ? Array(trial.words.prefix(1)) : trial.words
    let message = Message(
        "Hello", properties: BasicProperties(headers: hasHeaders ? try table(words) : nil))
    try await channel.publish(
        message, exchange: isToQueue ? "" : "headers_logs",
        routingKey: hasHeaders ? "" : trial.words.joined(separator: "."))
    try await trial.end()
}

func headersReceive(_ trial: Trial) async throws {
    let (channel, mistake) = (trial.channel, trial.mistake)
    try await channel.declareExchange("headers_logs", type: mistake == "wrong-type" ? .direct : .headers)
    let isShared = mistake == "shared"
    let queue = try await channel.declareQueue(isShared ? "headers_queue" : "", exclusive: !isShared)
    var arguments = try table(trial.words.dropFirst().prefix(mistake == "half" ? 1 : .max))
    if mistake == "one-more" { arguments["colour"] = "red" }
    if mistake != "no-match" { arguments["x-match"] = .string(mistake == "any-for-all" ? "any" : trial.words[0]) }
    if mistake == "by-key" {
        try await queue.bind(to: channel.exchange("headers_logs"), routingKey: trial.words[1])
    } else {
        try await queue.bind(to: channel.exchange("headers_logs"), arguments: arguments)
    }
    for try await message in try await queue.consume(noAck: true) { trial.print(message.text) }
}

/// Words such as `format=pdf`.
private func table(_ words: some Sequence<String>) throws -> FieldTable {
    var table = FieldTable()
    for word in words {
        let parts = word.split(separator: "=").map(String.init)
        table[try ShortString(parts[0])] = .string(parts.count > 1 ? parts[1] : "")
    }
    return table
}
