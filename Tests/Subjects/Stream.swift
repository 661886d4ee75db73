import AMQPClient

private func declareTicker(_ trial: Trial) async throws {
    var arguments: FieldTable = ["x-queue-type": "stream", "x-max-age": "7D"]
    if trial.fault == "classic" { arguments = [:] }
    if trial.fault == "unlimited" { arguments["x-max-age"] = nil }
    try await trial.channel.declareQueue("ticker", durable: true, arguments: arguments)
}

func streamPublish(_ trial: Trial) async throws {
    try await declareTicker(trial)
    let (channel, news) = (trial.channel, Message("News", persistent: true))
    switch trial.fault {
    case "right-confirms", "ignores-nack":
        do throws(AMQPError) {
            try await channel.publishAndConfirm(news, routingKey: "ticker", mandatory: true)
        } catch {
            guard trial.fault == "ignores-nack", error.kind == .nacked else { throw error }
        }
    case "no-wait":
        try await channel.selectConfirms()
        try await channel.publish(news, routingKey: "ticker")
    default: try await channel.publish(news, routingKey: "ticker")
    }
    try await trial.end()
}

func streamRead(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    try await declareTicker(trial)
    if fault != "no-prefetch" { try await channel.qos(prefetchCount: fault == "keeps-credit" ? 2 : 5) }
    var offset: FieldValue = trial.words.last.map { .string($0) } ?? "first"
    if fault == "from-next" { offset = "next" }
    // Behind the last that is done.
    let goesOn = fault == "right-keeps" || fault == "offset-first"
    if goesOn, let last = trial.notes.all.last.flatMap({ Int64($0) }) { offset = .int64(last + 1) }
    let news = try await channel.consume(
        "ticker", noAck: fault == "automatic", arguments: fault == "no-offset" ? [:] : ["x-stream-offset": offset])
    for try await item in news {
        let number = "\(item.properties.headers?["x-stream-offset"]?.integer ?? 0)"
        // It has read that before, and forgets that it was handed out again.
        if fault == "keeps-credit", trial.notes.all.contains(number) { continue }
        if fault == "offset-first" { trial.notes.add(number) }
        try await trial.work(item.text)
        trial.print("\(number): \(item.text)")
        if fault == "right-keeps" || fault == "keeps-credit" { trial.notes.add(number) }
        if fault != "never-acks" { try await channel.ack(item.deliveryTag) }
    }
}
