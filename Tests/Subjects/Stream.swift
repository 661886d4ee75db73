import AMQPClient

private func declareTicker(_ trial: Trial) async throws {
    var arguments: FieldTable = ["x-queue-type": "stream", "x-max-age": "7D"]
    if trial.mistake == "classic" { arguments = [:] }
    if trial.mistake == "unlimited" { arguments["x-max-age"] = nil }
    try await trial.channel.declareQueue("ticker", durable: true, arguments: arguments)
}

func streamPublish(_ trial: Trial) async throws {
    try await declareTicker(trial)
    let (channel, news) = (trial.channel, Message("News", persistent: true))
    switch trial.mistake {
    case "right-confirms", "ignores-nack":
        do throws(AMQPError) {
            try await channel.publishAndConfirm(news, routingKey: "ticker", mandatory: true)
        } catch {
            guard trial.mistake == "ignores-nack", error.kind == .nacked else { throw error }
        }
    case "no-wait":
        try await channel.selectConfirms()
        try await channel.publish(news, routingKey: "ticker")
    default: try await channel.publish(news, routingKey: "ticker")
    }
    try await trial.end()
}

func streamRead(_ trial: Trial) async throws {
    let (channel, mistake) = (trial.channel, trial.mistake)
    try await declareTicker(trial)
    if mistake != "no-prefetch" { try await channel.qos(prefetchCount: mistake == "keeps-credit" ? 2 : 5) }
    var offset: FieldValue = trial.words.last.map { .string($0) } ?? "first"
    if mistake == "from-next" { offset = "next" }
    // Behind the last that is done.
    let goesOn = mistake == "right-keeps" || mistake == "offset-first"
    if goesOn, let last = trial.notes.all.last.flatMap({ Int64($0) }) { offset = .int64(last + 1) }
    let news = try await channel.consume(
        "ticker", noAck: mistake == "automatic", arguments: mistake == "no-offset" ? [:] : ["x-stream-offset": offset])
    for try await item in news {
        let number = "\(item.properties.headers?["x-stream-offset"]?.integer ?? 0)"
        // It has read that before, and forgets that it was handed out again.
        if mistake == "keeps-credit", trial.notes.all.contains(number) { continue }
        if mistake == "offset-first" { trial.notes.add(number) }
        try await trial.work(item.text)
        trial.print("\(number): \(item.text)")
        if mistake == "right-keeps" || mistake == "keeps-credit" { trial.notes.add(number) }
        if mistake != "never-acks" { try await channel.ack(item.deliveryTag) }
    }
}
