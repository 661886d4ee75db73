import AMQPClient

func workerNewTask(_ trial: Trial) async throws {
    try await trial.channel.declareQueue("task_queue", durable: trial.fault != "not-durable")
    let task = Message("A task.", persistent: trial.fault != "transient")
    try await trial.channel.publish(task, routingKey: "task_queue")
    try await trial.end()
}

func workerWork(_ trial: Trial) async throws {
    let (channel, fault) = (trial.channel, trial.fault)
    try await channel.declareQueue("task_queue", durable: fault != "not-durable")
    if fault != "no-prefetch", fault != "late-prefetch" { try await channel.qos(prefetchCount: 1) }
    let tasks = try await channel.consume("task_queue", noAck: fault == "automatic")
    if fault == "late-prefetch" { try await channel.qos(prefetchCount: 1) }
    for try await task in tasks {
        if fault == "acks-first" { try await channel.ack(task.deliveryTag) }
        try await Task.sleep(for: trial.dot * task.text.count { $0 == "." })
        if ["acks-first", "never-acks", "automatic"].contains(fault) { continue }
        try await channel.ack(task.deliveryTag)
        if fault == "acks-twice" { try await channel.ack(task.deliveryTag) }
    }
}
