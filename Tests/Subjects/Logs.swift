import AMQPClient

// Steps 3, 4 and 5: the same programs but for the type of the exchange and the keys.

func pubsubEmit(_ trial: Trial) async throws {
    try await emit(trial, "logs", trial.mistake == "wrong-type" ? .direct : .fanout, key: "", "info: Hello")
}

func routingEmit(_ trial: Trial) async throws {
    let severity = trial.words.first ?? "info"
    let key =
        switch trial.mistake {
        case "no-key": ""
        case "fixed": "info"
        case "whole-text": "\(severity): Hello"
        default: severity
        }
    try await emit(trial, "direct_logs", trial.mistake == "wrong-type" ? .fanout : .direct, key: key, "Hello")
}

func topicEmit(_ trial: Trial) async throws {
    let words = trial.words.first ?? "anonymous.info"
    let key =
        switch trial.mistake {
        case "no-key": ""
        case "fixed": "anonymous.info"
        case "slashes": words.split(separator: ".").joined(separator: "/")
        default: words
        }
    try await emit(trial, "topic_logs", trial.mistake == "wrong-type" ? .direct : .topic, key: key, "Hello")
}

private func emit(_ trial: Trial, _ name: String, _ type: ExchangeType, key: String, _ text: String) async throws {
    let isToQueue = trial.mistake == "to-queue"
    if trial.mistake != "undeclared", !isToQueue {
        try await trial.channel.declareExchange(name, type: type, durable: trial.mistake == "durable")
    }
    try await trial.channel.publish(Message(text), exchange: isToQueue ? "" : name, routingKey: isToQueue ? name : key)
    try await trial.end()
}

func pubsubReceive(_ trial: Trial) async throws {
    try await receive(trial, "logs", trial.mistake == "wrong-type" ? .direct : .fanout, keys: [""])
}

func routingReceive(_ trial: Trial) async throws {
    let type: ExchangeType = trial.mistake == "filters" ? .topic : trial.mistake == "wrong-type" ? .fanout : .direct
    let keys =
        switch trial.mistake {
        case "joined": [trial.words.joined(separator: " ")]
        case "first-only": Array(trial.words.prefix(1))
        case "last-only": Array(trial.words.suffix(1))
        case "one-more": trial.words + ["critical"]
        case "no-key": [""]
        case "filters": ["#"]
        default: trial.words
        }
    try await receive(trial, "direct_logs", type, keys: keys)
}

func topicReceive(_ trial: Trial) async throws {
    let keys =
        switch trial.mistake {
        case "first-only": Array(trial.words.prefix(1))
        case "filters": ["#"]
        default: trial.words
        }
    try await receive(trial, "topic_logs", trial.mistake == "wrong-type" ? .direct : .topic, keys: keys)
}

private func declare(_ channel: Channel, _ name: String, _ mistake: String) async throws -> Queue {
    switch mistake {
    case "right-expires":
        try await channel.declareQueue(
            "\(name)-\(UInt64.random(in: .min ... .max))", arguments: ["x-expires": .int32(60_000)])
    case "right-auto-delete": try await channel.declareQueue(autoDelete: true)
    case "shared": try await channel.declareQueue("\(name)_queue")
    default: try await channel.declareQueue(exclusive: mistake != "lasting")
    }
}

private func receive(_ trial: Trial, _ name: String, _ type: ExchangeType, keys: [String]) async throws {
    let (channel, mistake) = (trial.channel, trial.mistake)
    try await channel.declareExchange(name, type: type)
    var queues: [String] = []
    for key in keys {
        if queues.isEmpty || mistake == "queue-each" {
            queues.append(try await declare(channel, name, mistake).name)
        }
        if mistake == "unbound" || mistake == "late" { continue }
        try await channel.bindQueue(queues[queues.count - 1], to: name, routingKey: key)
    }
    try await withThrowingTaskGroup { group in
        for queue in queues {
            let messages = try await channel.consume(queue, noAck: true)
            group.addTask { for try await message in messages { trial.print(message.text) } }
        }
        if mistake == "late" { for key in keys { try await channel.bindQueue(queues[0], to: name, routingKey: key) } }
        try await group.waitForAll()
    }
}
