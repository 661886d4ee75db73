import AMQPClient

func workerNewTask(_ trial: Trial) async throws {
    let channel = trial.channel
    try await channel.declareQueue("task_queue", durable: trial.mistake != "not-durable")
    let exchange = trial.mistake == "right-exchange" ? "tasks" : ""
    if !exchange.isEmpty {
        try await channel.declareExchange(exchange, type: .direct, durable: true)
        try await channel.bindQueue("task_queue", to: exchange, routingKey: "task_queue")
    }
    let task = Message("A task.", persistent: trial.mistake != "transient")
    try await channel.publish(task, exchange: exchange, routingKey: "task_queue")
    try await trial.end()
}

func workerWork(_ trial: Trial) async throws {
    let mistake = trial.mistake
    var channel = trial.channel
    if mistake == "right-channels" {
        // Its number is used again, and the tags begin anew.
        try await channel.declareQueue("task_queue", durable: true)
        try await channel.close()
        channel = try await trial.connection.openChannel()
    }
    if mistake == "right-greets" { try await channel.publish(Message("online"), routingKey: "status") }
    try await channel.declareQueue(
        "task_queue", durable: mistake != "not-durable",
        arguments: mistake == "single" ? ["x-single-active-consumer": true] : [:])
    while mistake == "right-gets" {
        if let task = try await channel.get("task_queue") {
            try await trial.work(task.text)
            try await channel.ack(task.deliveryTag)
        } else {
            try await Task.sleep(for: .milliseconds(10))
        }
    }
    let limited = mistake == "other-channel" ? try await trial.connection.openChannel() : channel
    if mistake != "no-prefetch", mistake != "late-prefetch" { try await limited.qos(prefetchCount: 1) }
    let tasks = try await channel.consume(
        "task_queue", noAck: mistake == "automatic", exclusive: mistake == "exclusive")
    if mistake == "late-prefetch" { try await channel.qos(prefetchCount: 1) }
    for try await task in tasks {
        // One that was handed out before is taken for done.
        if mistake == "skips-redelivered", task.redelivered {
            try await channel.ack(task.deliveryTag)
            continue
        }
        if mistake == "acks-first" { try await channel.ack(task.deliveryTag) }
        try await Task.sleep(for: trial.dot * task.text.count { $0 == "." })
        if ["acks-first", "never-acks", "automatic"].contains(mistake) { continue }
        if mistake == "rejects" {
            try await channel.reject(task.deliveryTag, requeue: false)
            continue
        }
        try await channel.ack(task.deliveryTag, multiple: mistake == "right-multiple")
        if mistake == "acks-twice" { try await channel.ack(task.deliveryTag) }
    }
}
